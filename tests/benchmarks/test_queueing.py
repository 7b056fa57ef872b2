"""The simulation says what the closed forms say, where there are any."""

import math

import pytest
from benchmarks.queueing import (
    Answers,
    Clock,
    Cores,
    Done,
    Process,
    Server,
    arrive,
    erlang_c,
    fit_scaling,
    mean_answer,
    repeat,
    scaled,
)

WANTED = 200_000
SERVICE_SECONDS = 0.1


def simulate(
    *, servers: int, per_second: float, seed: int = 3, by_process: bool = False
) -> Answers:
    """Exponential service by so many servers, which M/M/c is about."""
    clock, answers = Clock(3), Answers(leave_out=2_000, wanted=WANTED)
    server: Server = Cores(clock, servers)
    if by_process:
        server = Process(server)

    def visit(done: Done) -> None:
        server.take(clock.dice.expovariate(1 / SERVICE_SECONDS), done)

    arrive(clock, visit, answers, per_second=per_second)
    return answers


@pytest.mark.parametrize("share", [0.3, 0.6, 0.8])
def test_one_server_takes_as_long_as_the_textbook_says(share: float) -> None:
    """M/M/1: the mean answer takes 1 / (service rate - arrival rate)."""
    found = simulate(servers=1, per_second=share / SERVICE_SECONDS)

    assert found.mean == pytest.approx(SERVICE_SECONDS / (1 - share), rel=0.06)
    assert found.p95 == pytest.approx(found.mean * math.log(20), rel=0.06), "it is exponential"


@pytest.mark.parametrize(("servers", "share"), [(2, 0.5), (2, 0.85), (8, 0.7), (8, 0.9)])
def test_several_servers_take_as_long_as_erlang_says(servers: int, share: float) -> None:
    rate = servers * share / SERVICE_SECONDS
    found = simulate(servers=servers, per_second=rate)

    assert found.mean == pytest.approx(mean_answer(servers, rate, SERVICE_SECONDS), rel=0.06)
    assert found.per_second == pytest.approx(rate, rel=0.02)


def test_a_process_on_many_cores_is_one_server() -> None:
    alone = simulate(servers=1, per_second=7.0)
    on_many = simulate(servers=8, per_second=7.0, by_process=True)

    assert on_many.mean == pytest.approx(alone.mean, rel=1e-9)


def test_more_processes_than_cores_do_no_more_than_the_cores() -> None:
    clock, answers = Clock(3), Answers(leave_out=100, wanted=20_000)
    cores = Cores(clock, 2)
    processes = [Process(cores) for _ in range(5)]

    def visit(done: Done) -> None:
        min(processes, key=lambda each: each.load).take(SERVICE_SECONDS, done)

    repeat(clock, visit, answers, clients=20)

    assert answers.per_second == pytest.approx(2 / SERVICE_SECONDS, rel=0.001)
    assert cores.busy_seconds == pytest.approx(2 * clock.now, rel=0.01)
    assert answers.mean == pytest.approx(20 / answers.per_second, rel=0.01), "Little's law"


@pytest.mark.parametrize(
    ("servers", "offered", "waits"), [(1, 0.4, 0.4), (2, 1.0, 1 / 3), (10, 8.0, 0.40918)]
)
def test_the_chance_to_wait_is_erlangs(servers: int, offered: float, waits: float) -> None:
    assert erlang_c(servers, offered) == pytest.approx(waits, rel=1e-4)


def test_more_than_all_servers_can_do_has_no_answer() -> None:
    with pytest.raises(ValueError, match="more is offered"):
        erlang_c(2, 2.0)


@pytest.mark.parametrize(("contention", "coherence"), [(0.05, 0.002), (0.0, 0.01), (0.03, 0.0)])
def test_the_laws_factors_are_found_again(contention: float, coherence: float) -> None:
    throughputs = [scaled(number, 640.0, contention, coherence) for number in range(1, 9)]

    assert fit_scaling(throughputs) == pytest.approx((contention, coherence), abs=1e-9)


def test_the_law_has_its_peak_where_gunther_says() -> None:
    contention, coherence = 0.02, 0.0005
    best = max(range(1, 200), key=lambda number: scaled(number, 1.0, contention, coherence))
    assert best == pytest.approx(math.sqrt((1 - contention) / coherence), abs=1)


def test_perfect_scaling_has_no_factors() -> None:
    assert fit_scaling([10.0, 20.0, 30.0]) == (0.0, 0.0)
    assert fit_scaling([10.0]) == (0.0, 0.0)
