"""Waiting lines: a simulation by events, and the closed forms that prove it."""

import heapq
import math
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from statistics import fmean, quantiles
from typing import Protocol

type Done = Callable[[], None]


class Clock:
    """Simulated seconds, and what is to happen when."""

    def __init__(self, seed: int) -> None:
        self.now = 0.0
        self.dice = random.Random(seed)
        self._coming: list[tuple[float, int, Done]] = []
        self._order = count()

    def after(self, seconds: float, happen: Done) -> None:
        heapq.heappush(self._coming, (self.now + seconds, next(self._order), happen))

    def run(self, until: Callable[[], bool]) -> None:
        """Until that is so, or nothing is left to happen."""
        while self._coming and not until():
            self.now, _, happen = heapq.heappop(self._coming)
            happen()


class Server(Protocol):
    def take(self, seconds: float, done: Done) -> None:
        """Work so long as soon as it is this one's turn, and then say so."""


class Cores:
    """So many that work at once, first come, first served; nobody is interrupted."""

    def __init__(self, clock: Clock, cores: int) -> None:
        self._clock = clock
        self._free = cores
        self._waiting: deque[tuple[float, Done]] = deque()
        self.cores = cores
        self.busy_seconds = 0.0

    def take(self, seconds: float, done: Done) -> None:
        self._waiting.append((seconds, done))
        self._begin()

    def _begin(self) -> None:
        while self._free and self._waiting:
            seconds, done = self._waiting.popleft()
            self._free -= 1
            self.busy_seconds += seconds
            self._clock.after(seconds, lambda done=done: self._end(done))  # type: ignore[misc]

    def _end(self, done: Done) -> None:
        self._free += 1
        done()
        self._begin()


class Process:
    """A program that does one thing at a time, as Python's lock makes it, on whichever core."""

    def __init__(self, cores: Server) -> None:
        self._cores = cores
        self._waiting: deque[tuple[float, Done]] = deque()
        self._is_busy = False

    @property
    def load(self) -> int:
        return len(self._waiting) + self._is_busy

    def take(self, seconds: float, done: Done) -> None:
        self._waiting.append((seconds, done))
        if not self._is_busy:
            self._begin()

    def _begin(self) -> None:
        seconds, done = self._waiting.popleft()
        self._is_busy = True
        self._cores.take(seconds, lambda: self._end(done))

    def _end(self, done: Done) -> None:
        self._is_busy = False
        done()
        if self._waiting and not self._is_busy:
            self._begin()


@dataclass(slots=True)
class Answers:
    """How long each took, in seconds, once the first were let go by."""

    leave_out: int
    wanted: int
    taken: list[float] = field(default_factory=list)
    _seen: int = 0
    _begun_at: float = 0.0
    _ended_at: float = 0.0

    def note(self, now: float, seconds: float) -> None:
        self._seen += 1
        if self._seen == self.leave_out:
            self._begun_at = now
        elif self._seen > self.leave_out:
            self.taken.append(seconds)
            self._ended_at = now

    @property
    def are_enough(self) -> bool:
        return len(self.taken) >= self.wanted

    @property
    def per_second(self) -> float:
        return len(self.taken) / (self._ended_at - self._begun_at)

    @property
    def mean(self) -> float:
        return fmean(self.taken)

    @property
    def p95(self) -> float:
        return quantiles(self.taken, n=20)[-1]


type Visit = Callable[[Done], None]  # one request, from its beginning to its end


def arrive(clock: Clock, visit: Visit, answers: Answers, *, per_second: float) -> None:
    """Whoever comes does not know of the others: Poisson's arrivals."""

    def come() -> None:
        begun = clock.now
        visit(lambda: answers.note(clock.now, clock.now - begun))
        clock.after(clock.dice.expovariate(per_second), come)

    clock.after(0.0, come)
    clock.run(lambda: answers.are_enough)


def repeat(clock: Clock, visit: Visit, answers: Answers, *, clients: int) -> None:
    """So many who ask again as soon as they are answered."""

    def ask() -> None:
        begun = clock.now

        def answered() -> None:
            answers.note(clock.now, clock.now - begun)
            clock.after(0.0, ask)

        visit(answered)

    for _ in range(clients):
        clock.after(0.0, ask)
    clock.run(lambda: answers.are_enough)


# --- closed forms


def erlang_c(servers: int, offered: float) -> float:
    """The chance to wait where so many Erlangs are offered to so many servers (Erlang, 1917).

    Raises ValueError where more is offered than they can do.
    """
    if offered >= servers:
        raise ValueError("more is offered than the servers can do")
    blocked = 1.0  # Erlang's B, by its recursion, which no factorial overflows
    for number in range(1, servers + 1):
        blocked = offered * blocked / (number + offered * blocked)
    return blocked / (1 - offered / servers * (1 - blocked))


def mean_answer(servers: int, per_second: float, service_seconds: float) -> float:
    """Seconds to be answered by M/M/c; for one server 1 / (service rate - arrival rate)."""
    waits = erlang_c(servers, per_second * service_seconds)
    return service_seconds + waits / (servers / service_seconds - per_second)


def scaled(processes: int, one: float, contention: float, coherence: float) -> float:
    """Throughput of so many by Gunther's Universal Scalability Law."""
    others = processes - 1
    return one * processes / (1 + contention * others + coherence * processes * others)


def fit_scaling(throughputs: Sequence[float]) -> tuple[float, float]:
    """Contention and coherence of 1, 2, 3 … processes, by least squares, neither below zero."""
    points = [
        (number - 1, number * (number - 1), number * throughputs[0] / found - 1)
        for number, found in enumerate(throughputs, start=1)
    ]
    aa, ab, bb = (sum(p[i] * p[j] for p in points) for i, j in ((0, 0), (0, 1), (1, 1)))
    ay, by = (sum(p[i] * p[2] for p in points) for i in (0, 1))
    determinant = aa * bb - ab * ab
    if math.isclose(determinant, 0.0):
        return max(0.0, ay / aa) if aa else 0.0, 0.0
    contention = (ay * bb - by * ab) / determinant
    coherence = (by * aa - ay * ab) / determinant
    if coherence < 0:
        return max(0.0, ay / aa), 0.0
    if contention < 0:
        return 0.0, max(0.0, by / bb)
    return contention, coherence
