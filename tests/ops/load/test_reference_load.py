"""What containers took while a load went on."""

import json

import pytest

from contravento_ops.load.reference_load import Sample, read, uses

SERVICES = {"0123456789ab": "backend", "ba9876543210": "postgres"}


def line(whole: str, memory: str, cores: str) -> str:
    return json.dumps({"ID": whole, "MemPerc": memory, "CPUPerc": cores})


def test_docker_stats_is_read_by_service() -> None:
    said = "\n".join(
        (
            line("0123456789abcdef", "41.5%", "120.0%"),
            line("ffff", "1%", "1%"),
            "not a line",
            line("ba9876543210ffff", "--", "--"),
        )
    )

    assert read(said, SERVICES) == [Sample("backend", 41.5, 1.2)]


def test_memory_counts_at_its_worst_and_processors_on_average() -> None:
    samples = [Sample("backend", 40, 1.5), Sample("backend", 60, 0.5), Sample("postgres", 10, 0.2)]

    found = uses(samples, {"backend": 2.0, "postgres": 0.0}, cores=2)

    assert found["backend"].memory == pytest.approx(0.6)
    assert found["backend"].processors == pytest.approx(0.5)
    assert found["postgres"].processors == pytest.approx(0.1)  # of the host: it has no limit


def test_a_limit_above_what_the_host_has_is_none() -> None:
    found = uses([Sample("backend", 1, 1.8)], {"backend": 4.0}, cores=2)

    assert found["backend"].processors == pytest.approx(0.9)
