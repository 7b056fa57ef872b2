"""The arithmetic of processes and connections."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from contravento_ops.load.sizing import Advice, Now, advise, needed, sentences

HOST = Now(
    processors=2, memory_bytes=4_000_000_000, replicas=1, processes=1, pool=20, max_connections=100
)


def test_connections_are_counted_with_the_backend_that_is_being_replaced() -> None:
    assert needed(1, 1, 20) == 60
    assert needed(3, 2, 1) == 88
    assert HOST.usable == 90


@pytest.mark.parametrize(
    ("now", "advice"),
    [
        (HOST, Advice(1, 2, 12)),
        (replace(HOST, processors=1), Advice(1, 1, 20)),
        (replace(HOST, processors=16), Advice(1, 3, 5)),  # more would leave too small pools
        (replace(HOST, memory_bytes=600_000_000), Advice(1, 1, 20)),
        (replace(HOST, replicas=3), Advice(3, 1, 12)),
    ],
)
def test_a_host_gets_what_it_carries(now: Now, advice: Advice) -> None:
    assert advise(now) == advice


@given(
    processors=st.integers(1, 128),
    memory=st.integers(1, 512),
    replicas=st.integers(1, 6),
    connections=st.integers(100, 2000),
)
def test_what_is_advised_always_fits(
    processors: int, memory: int, replicas: int, connections: int
) -> None:
    now = Now(processors, memory * 10**9, replicas, 1, 20, connections)
    advice = advise(now)

    assert needed(advice.replicas, advice.processes, advice.pool) <= now.usable


@pytest.mark.parametrize(
    ("processors", "replicas", "asks"),
    [(2, 1, False), (2, 3, False), (4, 1, True), (8, 3, True), (16, 3, True)],
)
def test_pgbouncer_is_asked_for_where_processes_would_be_few_for_want_of_connections(
    processors: int, replicas: int, asks: bool
) -> None:
    now = replace(HOST, processors=processors, replicas=replicas, memory_bytes=32_000_000_000)
    assert any("PgBouncer is asked for" in sentence for sentence in sentences(now)) == asks


def test_behind_pgbouncer_every_processor_has_its_process() -> None:
    behind = replace(
        HOST, processors=16, replicas=3, memory_bytes=32_000_000_000, max_connections=1000
    )
    assert advise(behind) == Advice(3, 5, 20)
    assert not any("PgBouncer is asked for" in sentence for sentence in sentences(behind))


def test_what_does_not_fit_is_said() -> None:
    crowded = replace(HOST, processes=2)

    assert any(
        "= 120; 90 can be used: that does not fit" in sentence for sentence in sentences(crowded)
    )
