"""`make bench` stands beside other programs: it takes no port of theirs, and says that they ran."""

from pathlib import Path

import pytest
from benchmarks import product
from benchmarks.__main__ import tell_load


def test_where_the_product_itself_listens_is_nothing_to_a_benchmark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOST", "::1")
    monkeypatch.setenv("PORT", "8000")
    monkeypatch.setenv("LANG", "C.UTF-8")

    environment = product.environment_of(tmp_path, "postgresql://somewhere", METRICS="false")

    assert {"HOST", "PORT"} & environment.keys() == set()
    assert (environment["LANG"], environment["METRICS"]) == ("C.UTF-8", "false")


def test_a_busy_machine_is_told_of_and_refused_nothing() -> None:
    quiet, busy = tell_load(0.2, 2.1, 2), tell_load(1.4, 3.0, 2)

    assert quiet == "load average 0.2 before and 2.1 after, on 2 cores"
    assert busy.startswith("load average 1.4 before and 3.0 after, on 2 cores: ")
