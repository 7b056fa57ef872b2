"""CPU-bound work in other processes, so that the event loop goes on answering."""

import asyncio
import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from typing import Self

POLITENESS = 10  # nice(1): CPU-bound work yields to whoever answers riders
MOST_CPU_SECONDS = 90  # of one piece of work; the heaviest that is taken needs a tenth of it


class OutOfTime(BaseException):
    """Raised within work that takes too long; no `except Exception` of a decoder swallows it."""


class TookTooLong(Exception):
    """Work was given up after MOST_CPU_SECONDS."""


class ProcessPool:
    """A pool of processes that is replaced when one of them is killed."""

    def __init__(
        self,
        processes: int,
        prepare: Callable[[], object] = bool,
        *,
        most_cpu_seconds: float = MOST_CPU_SECONDS,
    ) -> None:
        """`prepare` is run first in each of the processes."""
        self.processes = processes
        self.most_cpu_seconds = most_cpu_seconds
        self._prepare = prepare
        self._pool = self._make_pool()

    async def run[*Args, R](self, work: Callable[[*Args], R], *args: *Args) -> R:
        """Run a pure function. Raises BrokenProcessPool if its process died under it, and
        TookTooLong where it needs more of a processor's time than any should."""
        pool = self._pool
        try:
            timed = partial(_within_time, self.most_cpu_seconds, partial(work, *args))
            return await asyncio.get_running_loop().run_in_executor(pool, timed)
        except OutOfTime as error:
            raise TookTooLong(work.__name__) from error
        except BrokenProcessPool:
            if self._pool is pool:
                self._pool = self._make_pool()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _make_pool(self) -> ProcessPoolExecutor:
        """Processes that are started fresh, so that they inherit no connection."""
        return ProcessPoolExecutor(
            self.processes,
            mp_context=get_context("spawn"),
            initializer=_begin,
            initargs=(self._prepare,),
        )


def _begin(prepare: Callable[[], object]) -> None:
    os.nice(POLITENESS)
    signal.signal(signal.SIGPROF, _give_up)
    prepare()


def _within_time[R](seconds: float, work: Callable[[], R]) -> R:
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        return work()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _give_up(number: int, frame: object) -> None:
    raise OutOfTime
