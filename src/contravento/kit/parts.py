"""The parts that a process is assembled from, opened together and closed together."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from contravento.kit.db import Session, SessionMaker, make_engine, make_sessions, transaction
from contravento.kit.limits import Limiter
from contravento.kit.mail import Mailer, make_mailer
from contravento.kit.passwords import Passwords
from contravento.kit.settings import Settings
from contravento.kit.storage import Storage
from contravento.kit.tokens import Signer

POLITENESS = 10  # nice(1): heavy work yields to whoever answers riders


@dataclass(frozen=True, slots=True)
class Parts:
    settings: Settings
    engine: AsyncEngine
    sessions: SessionMaker
    storage: Storage
    mailer: Mailer
    passwords: Passwords
    signer: Signer
    limiter: Limiter
    pool: Executor | None = None

    def transaction(self) -> AbstractAsyncContextManager[Session]:
        return transaction(self.sessions)

    async def compute[**P, R](self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run pure, heavy work in another process; the event loop goes on answering."""
        if kwargs:
            raise TypeError("heavy work takes its arguments by position")
        return await asyncio.get_running_loop().run_in_executor(self.pool, work, *args)


@asynccontextmanager
async def open_parts(
    settings: Settings,
    *,
    reactions: Mapping[Any, Any],
    pool: Executor | None = None,
) -> AsyncIterator[Parts]:
    engine = make_engine(settings)
    try:
        yield Parts(
            settings=settings,
            engine=engine,
            sessions=make_sessions(engine, reactions=reactions),
            storage=Storage(settings.storage_url),
            mailer=make_mailer(settings),
            passwords=Passwords(settings.bcrypt_rounds),
            signer=Signer(settings),
            limiter=Limiter(settings),
            pool=pool,
        )
    finally:
        await engine.dispose()


def make_pool(processes: int) -> ProcessPoolExecutor:
    """Processes for heavy work. Started fresh, so that they inherit no connection."""
    return ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=os.nice, initargs=(POLITENESS,)
    )
