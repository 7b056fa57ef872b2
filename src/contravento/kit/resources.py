"""The resources that a process works with, opened together and closed together."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from contravento.kit.database.replica import Replica, make_replica
from contravento.kit.database.session import (
    Reader,
    Session,
    SessionMaker,
    make_engine,
    make_sessions,
    reading,
    transaction,
)
from contravento.kit.mail import Mailer, make_mailer
from contravento.kit.process_pool import ProcessPool
from contravento.kit.security.passwords import Passwords
from contravento.kit.security.rate_limit import Limiter
from contravento.kit.security.source_limits import SourceLimits
from contravento.kit.security.tokens import Signer
from contravento.kit.settings import Settings
from contravento.kit.storage.storage import Storage, make_storage
from contravento.kit.telemetry.tracing import trace_statements


@dataclass(frozen=True, slots=True)
class Resources:
    settings: Settings
    engine: AsyncEngine
    sessions: SessionMaker
    storage: Storage
    mailer: Mailer
    passwords: Passwords
    signer: Signer
    limiter: Limiter
    process_pool: ProcessPool | None = None
    readers: Callable[[], AbstractAsyncContextManager[Reader]] | None = None
    replica: Replica | None = None
    source_limits: SourceLimits = field(default_factory=SourceLimits)

    def reading(self) -> AbstractAsyncContextManager[Reader]:
        return self.readers() if self.readers else reading(self.engine)

    def transaction(self) -> AbstractAsyncContextManager[Session]:
        return transaction(self.sessions)

    async def compute[*Args, R](self, work: Callable[[*Args], R], *args: *Args) -> R:
        """Run a pure, CPU-bound function in another process, where there is a pool."""
        if self.process_pool is None:
            return await asyncio.to_thread(work, *args)
        return await self.process_pool.run(work, *args)


@asynccontextmanager
async def open_resources(
    settings: Settings,
    *,
    reactions: Mapping[Any, Any],
    process_pool: ProcessPool | None = None,
) -> AsyncIterator[Resources]:
    engine, limiter = make_engine(settings), Limiter(settings)
    trace_statements(engine)
    replica = make_replica(settings, engine)
    try:
        yield Resources(
            settings=settings,
            engine=engine,
            sessions=make_sessions(engine, reactions=reactions),
            storage=make_storage(settings),
            mailer=make_mailer(settings),
            passwords=Passwords(settings.bcrypt_rounds),
            signer=Signer(settings),
            limiter=limiter,
            process_pool=process_pool,
            replica=replica,
        )
    finally:
        await limiter.close()
        if replica:
            await replica.close()
        await engine.dispose()
