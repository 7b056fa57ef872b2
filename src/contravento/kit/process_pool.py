"""Heavy work in other processes, so that the event loop goes on answering."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Self

POLITENESS = 10  # nice(1): heavy work yields to whoever answers riders


class ProcessPool:
    """A pool of processes that is replaced when one of them is killed."""

    def __init__(self, processes: int, prepare: Callable[[], object] = bool) -> None:
        """`prepare` is run first in each of the processes."""
        self.processes = processes
        self._prepare = prepare
        self._pool = self._make_pool()

    async def run[*Args, R](self, work: Callable[[*Args], R], *args: *Args) -> R:
        """Run a pure function. Raises BrokenProcessPool if its process died under it."""
        pool = self._pool
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, work, *args)
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
    prepare()
