"""What hosts of several kinds carry, by simulation, and what a thousand requests cost there.

    python -m benchmarks.hosts

Service times are CPU seconds measured by `make bench`; docs/decisions/growth.md says how far to
trust what follows from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from math import ceil

from rich.console import Console
from rich.table import Table

from benchmarks.queueing import (
    Answers,
    Clock,
    Cores,
    Done,
    Process,
    arrive,
    fit_scaling,
    repeat,
    scaled,
)

SEED = 7
SHAPE = 4.0  # of the gamma distribution of service times: half as spread as exponential ones
QUANTUM_SECONDS = 0.003  # how long another program keeps a core at a time
MOST_P95_SECONDS = 0.2
# What the check finds: simulated tails are that much shorter, and throughput that much too high.
TAIL_SHARE, WORST_OVERESTIMATE = 0.65, 0.15
BUSIEST_SHARE = 0.9  # of all cores' time; beyond, a simulated line has no end to measure
STEPS = 9  # of halving, in looking for the most that is carried
PACKET_SECONDS = 0.0003  # between two hosts and back
MONTH_SECONDS = 30 * 86_400
AVERAGE_SHARE = 0.3  # of what a host could carry, over a month's days and nights
ACTIVE_SECONDS = 20.0  # between two requests of a rider who reads
# What was not simulated: locks, caches and memory that all share. By the law's two factors.
WORST_CONTENTION, WORST_COHERENCE = 0.03, 0.0005


@dataclass(frozen=True, slots=True)
class Request:
    """CPU seconds of one request in each part."""

    nginx: float
    web: float
    database: float
    client: float = 0.0  # where it runs on the same machine


# The feed's CPU in the web process was measured (docs/performance.md); the pages' follow from their
# throughput beside the feed's in the same run. What PostgreSQL and nginx take is taken for so much.
FEED = Request(nginx=0.00015, web=0.001252, database=0.00025)
FRONT_PAGE = Request(nginx=0.00025, web=0.001252 * 669 / 257, database=0.0003)
TRIP_PAGE = Request(nginx=0.00025, web=0.001252 * 669 / 244, database=0.0006)
MIX = (FEED, FRONT_PAGE, TRIP_PAGE, TRIP_PAGE)


@dataclass(frozen=True, slots=True)
class Layout:
    """Hosts with so many cores and web processes each; the database on the first or its own."""

    name: str
    cores: tuple[int, ...]
    processes: tuple[int, ...]
    database_cores: int = 0  # 0: on the first host, beside its web processes
    price: float = 0.0  # a month


@dataclass(frozen=True, slots=True)
class Point:
    """What `make bench` measured: ten connections, one web process, everything on two cores."""

    name: str
    request: Request
    per_second: float
    p95: float | None  # seconds


_HERE = {"nginx": 0.0, "client": 0.0003}  # the bench asks the web process itself
UNWATCHED = Point("feed, unwatched", replace(FEED, web=0.001208, **_HERE), 680, None)
POINTS = (
    Point("feed, watched", replace(FEED, **_HERE), 660, 0.025),
    Point("front page", replace(FRONT_PAGE, **_HERE), 257, 0.054),
    Point("a trip's page", replace(TRIP_PAGE, **_HERE), 244, 0.067),
)
CONNECTIONS = 10
BENCH = Layout("the bench's machine", (2,), (1,))
LAYOUTS = (
    Layout("one host, 2 cores", (2,), (3,), price=8),
    Layout("one host, 8 cores", (8,), (8,), price=32),
    Layout("Swarm of three, 4 cores each", (4, 4, 4), (2, 4, 4), price=48),
    Layout("cluster: six of 4 cores, database of 8", (4,) * 6, (4,) * 6, 8, price=226),
)


@dataclass(frozen=True, slots=True)
class Carried:
    """`lowest` after what the simulation leaves out has taken its worst."""

    per_second: float
    lowest: float
    p95: float
    database_share: float  # of its cores' time


class House:
    """The hosts of a layout while they work: nginx, web processes and the database."""

    def __init__(self, clock: Clock, layout: Layout, mix: Sequence[Request]) -> None:
        self._clock = clock
        self._mix = cycle(mix)
        self._hosts = [Cores(clock, cores) for cores in layout.cores]
        own = layout.database_cores
        self.database = Cores(clock, own) if own else self._hosts[0]
        self.database_seconds = 0.0
        self._processes = [
            (host, Process(host))
            for host, processes in zip(self._hosts, layout.processes, strict=True)
            for _ in range(processes)
        ]
        self._client = Process(self._hosts[0])

    def visit(self, done: Done) -> None:
        """To the process with the least to do, as nginx is told: half its work, its statements on
        the database, the rest."""
        request = next(self._mix)
        host, web = min(self._processes, key=lambda each: each[1].load)
        half = request.web / 2

        def ask_client() -> None:
            self._client.take(self._draw(request.client), ask_nginx)

        def ask_nginx() -> None:
            host.take(self._draw(request.nginx), lambda: web.take(self._draw(half), ask_database))

        def ask_database() -> None:
            seconds = self._draw(request.database)
            self.database_seconds += seconds
            away = 0.0 if self.database is host else PACKET_SECONDS
            self._clock.after(away, lambda: self.database.take(seconds, finish))

        def finish() -> None:
            web.take(self._draw(half), done)

        (ask_client if request.client else ask_nginx)()

    def disturb(self, programs: float) -> None:
        """Other programs that would use so many cores; the last of them rests for its share."""

        def work(share: float) -> None:
            rests = QUANTUM_SECONDS * (1 - share) / share
            self._hosts[0].take(
                QUANTUM_SECONDS, lambda: self._clock.after(rests, lambda: work(share))
            )

        for number in range(ceil(programs)):
            work(min(1.0, programs - number))

    def _draw(self, mean: float) -> float:
        return self._clock.dice.gammavariate(SHAPE, mean / SHAPE) if mean else 0.0


def measure_closed(
    layout: Layout, request: Request, *, clients: int, disturbing: float, wanted: int = 6_000
) -> Answers:
    """As `make bench` asks: so many connections that never rest."""
    clock, answers = Clock(SEED), Answers(leave_out=500, wanted=wanted)
    house = House(clock, layout, (request,))
    house.disturb(disturbing)
    repeat(clock, house.visit, answers, clients=clients)
    return answers


def find_disturbance(layout: Layout, request: Request, *, clients: int, per_second: float) -> float:
    """How many cores others must have used for so few requests to be answered."""
    low, high = 0.0, float(layout.cores[0])
    for _ in range(STEPS):
        tried = (low + high) / 2
        found = measure_closed(layout, request, clients=clients, disturbing=tried)
        low, high = (tried, high) if found.per_second > per_second else (low, tried)
    return (low + high) / 2


def measure_open(
    layout: Layout, per_second: float, *, mix: Sequence[Request] = MIX, wanted: int = 6_000
) -> tuple[Answers, float]:
    """As riders come; and the share of the time that the database's cores work for it."""
    clock, answers = Clock(SEED), Answers(leave_out=500, wanted=wanted)
    house = House(clock, layout, mix)
    arrive(clock, house.visit, answers, per_second=per_second)
    return answers, house.database_seconds / (clock.now * house.database.cores)


def most_carried(layout: Layout, *, mix: Sequence[Request] = MIX, wanted: int = 6_000) -> Carried:
    """The most that comes in while 95 % are answered in time, and cores have a tenth to spare."""
    low, high = 0.0, BUSIEST_SHARE * ceiling(layout, mix)
    found = Carried(0.0, 0.0, 0.0, 0.0)
    for _ in range(STEPS):
        rate = (low + high) / 2
        answers, share = measure_open(layout, rate, mix=mix, wanted=wanted)
        if answers.p95 <= MOST_P95_SECONDS * TAIL_SHARE and answers.per_second > 0.97 * rate:
            lowest = rate * kept(layout) * (1 - WORST_OVERESTIMATE)
            low, found = rate, Carried(rate, lowest, answers.p95, share)
        else:
            high = rate
    return found


def ceiling(layout: Layout, mix: Sequence[Request]) -> float:
    """What no line could exceed: all cores at work all the time."""
    of_web = sum(each.nginx + each.web for each in mix) / len(mix)
    of_database = sum(each.database for each in mix) / len(mix)
    if layout.database_cores:
        return min(sum(layout.cores) / of_web, layout.database_cores / of_database)
    return sum(layout.cores) / (of_web + of_database)


def kept(layout: Layout) -> float:
    """The share of its throughput that so many processes keep at the worst."""
    processes = sum(layout.processes)
    return scaled(processes, 1.0, WORST_CONTENTION, WORST_COHERENCE) / processes


def cost(price: float, per_second: float) -> float:
    """Of a thousand requests, where a month brings a share of what could be carried."""
    return price / (per_second * AVERAGE_SHARE * MONTH_SECONDS) * 1000


def check() -> list[tuple[Point, Answers]]:
    """What else was measured, simulated with other programs as busy as the first point says."""
    disturbing = find_disturbance(
        BENCH, UNWATCHED.request, clients=CONNECTIONS, per_second=UNWATCHED.per_second
    )
    return [
        (each, measure_closed(BENCH, each.request, clients=CONNECTIONS, disturbing=disturbing))
        for each in POINTS
    ]


def scaling(cores: int) -> tuple[float, float]:
    """The law's contention and coherence of 1, 2, 3 … processes on so many cores, simulated."""
    return fit_scaling(
        [
            measure_closed(
                Layout("", (cores,), (processes,)), FEED, clients=6 * cores, disturbing=0
            ).per_second
            for processes in range(1, cores + 1)
        ]
    )


def main() -> None:
    console = Console(width=150)
    console.print(_checked(), _carried())
    contention, coherence = scaling(8)
    console.print(
        f"web processes on 8 cores, simulated: contention {contention:.4f}, coherence"
        f" {coherence:.5f}; at the worst, which 'at worst' is of: {WORST_CONTENTION},"
        f" {WORST_COHERENCE}"
    )


def _checked() -> Table:
    table = Table(
        *("point", "requests/s measured", "simulated", "p95 ms measured", "simulated"),
        title=f"Checked: other programs as busy as {UNWATCHED.per_second:.0f} requests/s of the"
        f" {UNWATCHED.name} say",
        title_justify="left",
    )
    for point, found in check():
        table.add_row(
            *(point.name, f"{point.per_second:.0f}", f"{found.per_second:.0f}"),
            *(f"{(point.p95 or 0) * 1000:.0f}", f"{found.p95 * 1000:.0f}"),
        )
    return table


def _carried() -> Table:
    table = Table(
        *("layout", "requests/s", "at worst", "p95 ms", "database busy"),
        *("riders at once", "price a month", "cost of 1,000"),
        title=f"What is carried with 95 % answered within {MOST_P95_SECONDS * 1000:.0f} ms",
        title_justify="left",
    )
    for layout in LAYOUTS:
        found = most_carried(layout, wanted=20_000)
        low, high = (cost(layout.price, each) for each in (found.per_second, found.lowest))
        table.add_row(
            *(layout.name, f"{found.per_second:,.0f}", f"{found.lowest:,.0f}"),
            *(f"{found.p95 * 1000:.0f}", f"{found.database_share:.0%}"),
            f"{found.lowest * ACTIVE_SECONDS:,.0f} to {found.per_second * ACTIVE_SECONDS:,.0f}",
            *(f"{layout.price:.0f}", f"{low:.6f} to {high:.6f}"),
        )
    return table


if __name__ == "__main__":
    main()
