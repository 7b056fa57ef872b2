"""The read replica, and proof that it is fresh enough to read from.

How old its state is at most is told by positions in the write-ahead log, not by clocks. Before a
moment everything that was acknowledged stands in the log up to where the primary was asked to be
right after it. A server that has replayed as far shows all of it, now and from then on.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.orm import ORMExecuteState, Session as PlainSession

from contravento.kit.database.session import Session, make_engine
from contravento.kit.database_url import read_address
from contravento.kit.settings import Settings
from contravento.kit.telemetry import metrics
from contravento.kit.telemetry.tracing import trace_statements

LOOKS_WITHIN_LAG = 4  # so that one that is missed is no reason to leave the replica
LOOK_SECONDS = 1.0  # both servers have to have said where they stand
OPEN_SECONDS = 1.0  # for a connection, and its proof
ANSWER_SECONDS = 2.0  # for a statement; then the primary is asked
LEFT_ALONE_SECONDS = 2.0
MARKS_KEPT = 2400

# Whatever an absence looks like; refusals, too.
AWAY = (
    SQLAlchemyError,
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
PRIMARY, REPLICA = "the database", "it"
READ_THERE = "replica"  # an outcome, besides being late or away
PROVEN_AS_OF = "proven_as_of"  # what a connection remembers

PRIMARY_STANDS = text("""
    SELECT control.system_identifier,
           ('x' || left(pg_walfile_name(flushed), 8))::bit(32)::bigint AS timeline,
           (flushed - '0/0'::pg_lsn)::bigint AS position
    FROM pg_control_system() AS control, pg_current_wal_flush_lsn() AS flushed
""")
# The timeline is that of the last restart point: right after a failing over it may be the old one.
REPLICA_STANDS = text("""
    SELECT control.system_identifier,
           checkpoint.timeline_id::bigint AS timeline,
           (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint AS position
    FROM pg_control_system() AS control, pg_control_checkpoint() AS checkpoint
    WHERE pg_is_in_recovery()
""")

log = logging.getLogger(__name__)


class ReplicaState(StrEnum):
    """What the replica is, as far as this process knows."""

    USED = "ok"
    LATE = "late"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Stand:
    """How far a server is: which cluster, on which of its timelines, at which byte of the log."""

    cluster: int
    timeline: int
    position: int


class Marks:
    """Where the primary stood when, by this process's own clock; the latest last."""

    def __init__(self) -> None:
        self._kept: deque[tuple[float, Stand]] = deque(maxlen=MARKS_KEPT)

    def note(self, moment: float, stand: Stand) -> None:
        if self._kept and not _is_same_log(self._kept[-1][1], stand):
            self._kept.clear()  # after a failing over, positions mean something else
        self._kept.append((moment, stand))

    def as_of(self, replayed: Stand | None) -> float | None:
        """The latest moment before which all that was acknowledged has been replayed, if known."""
        if replayed is None:
            return None
        for moment, stand in reversed(self._kept):
            if _is_same_log(stand, replayed) and stand.position <= replayed.position:
                return moment
        return None

    def doubt(self, replayed: Stand | None) -> str:
        """Why nothing can be said of a server, if it is not just late."""
        if replayed is None:
            return "it follows nobody"
        if self._kept and not _is_same_log(self._kept[-1][1], replayed):
            return "it follows another database, or is on another timeline"
        return ""


def _is_same_log(one: Stand, other: Stand) -> bool:
    return (one.cluster, one.timeline) == (other.cluster, other.timeline)


def make_replica(settings: Settings, primary: AsyncEngine) -> "Replica | None":
    """Where there is one. Nothing is asked of it before `watch`."""
    if settings.database_replica_url is None:
        return None
    url = settings.database_replica_url.get_secret_value()
    address = read_address(url)
    if len(address.servers) > 1 and "target_session_attrs" not in address.options:
        url += f"{'&' if '?' in url else '?'}target_session_attrs=standby"
    return Replica(settings, url, primary)


class Replica:
    """May be read while it is proven to be late by `max_lag_seconds` at most."""

    def __init__(self, settings: Settings, url: str, primary: AsyncEngine) -> None:
        self.max_lag_seconds = settings.database_replica_max_lag_seconds
        engine = make_engine(settings, url)
        event.listen(engine.sync_engine, "do_connect", _be_brief)
        trace_statements(engine)
        # It reads only, so nothing has to be begun or ended.
        self.engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._primary = primary
        self._marks = Marks()
        self._begun = time.monotonic()
        self._as_of: float | None = None
        self._left_alone_until = 0.0
        self.state = ReplicaState.AWAY
        self._asked = REPLICA
        self._told: tuple[ReplicaState, str] | None = None
        servers = read_address(url).servers
        self._server = ",".join("local" if server.is_socket else str(server) for server in servers)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Session | None]:
        """A session that reads from the replica; None while that is not proven to be good enough.

        Whatever the replica fails to answer, the session asks the primary.
        """
        connection = await self._open()
        if connection is None:
            metrics.PUBLIC_READS.labels(
                ReplicaState.AWAY if self.state is ReplicaState.AWAY else ReplicaState.LATE
            ).inc()
            yield None
            return
        session = AsyncSession(
            connection,
            sync_session_class=_FallingBack,
            expire_on_commit=False,
            autoflush=False,
            info={"replica": self, "primary": self._primary.sync_engine},
        )
        try:
            yield session
        finally:
            has_failed = session.sync_session.bind is self._primary.sync_engine
            metrics.PUBLIC_READS.labels(ReplicaState.AWAY if has_failed else READ_THERE).inc()
            await session.close()
            await (_drop(connection) if has_failed else connection.close())

    async def watch(self) -> None:
        """Again and again look where both servers stand, until cancelled."""
        while True:
            try:
                await self._follow()
            except Exception as problem:  # noqa: BLE001  (whatever it is, nothing is proven)
                self._note(ReplicaState.AWAY, f"{self._asked} does not answer ({_kind(problem)})")
            await self._pause()

    def take_note(self, problem: Exception) -> None:
        """If it is gone it is left alone for a moment, so that not everybody finds that out anew.
        Not where it is slow: what is too much for it must not all fall to the primary at once."""
        if _is_gone(problem):
            self._left_alone_until = time.monotonic() + LEFT_ALONE_SECONDS
            self._note(ReplicaState.AWAY, f"it does not answer ({_kind(problem)})")

    async def close(self) -> None:
        await self.engine.dispose()

    async def _open(self) -> AsyncConnection | None:
        """A connection to a server that was proven to be good enough, if there is one."""
        if self.state is not ReplicaState.USED or self._is_late(self._as_of):
            return None
        connection = self.engine.connect()
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await connection.start()
                as_of = connection.info.get(PROVEN_AS_OF)
                if self._is_late(as_of):
                    as_of = await self._prove(connection)
        except BaseException as problem:
            await _drop(connection)
            if not isinstance(problem, AWAY):
                raise
            self.take_note(problem)
            return None
        if self._is_late(as_of):
            await connection.close()
            return None
        return connection

    async def _follow(self) -> None:
        """On connections that stay, so that looking does not wait where requests do."""
        async with AsyncExitStack() as both:
            async with asyncio.timeout(LOOK_SECONDS):
                self._asked = PRIMARY
                primary = await both.enter_async_context(self._primary.connect())
                self._asked = REPLICA
                replica = await both.enter_async_context(self.engine.connect())
            while True:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._look(primary, replica)
                await self._pause()

    async def _look(self, primary: AsyncConnection, replica: AsyncConnection) -> None:
        self._asked = PRIMARY
        moment = time.monotonic()  # taken before it is asked
        self._marks.note(moment, Stand(*(await primary.execute(PRIMARY_STANDS)).one()))
        await primary.rollback()
        self._asked = REPLICA
        stand = await _stand_of(replica)
        self._as_of = self._marks.as_of(stand) or self._as_of
        if time.monotonic() >= self._left_alone_until:
            is_late = self._is_late(self._as_of)
            why = self._marks.doubt(stand) if is_late else ""
            self._note(ReplicaState.LATE if is_late else ReplicaState.USED, why)

    async def _prove(self, connection: AsyncConnection) -> float | None:
        """As of when this connection's server has everything, if that can be said."""
        as_of = self._marks.as_of(await _stand_of(connection))
        connection.info[PROVEN_AS_OF] = as_of
        return as_of

    def _is_late(self, as_of: float | None) -> bool:
        """So is one of which nothing is known."""
        return as_of is None or time.monotonic() - as_of > self.max_lag_seconds

    def _note(self, state: ReplicaState, why: str = "") -> None:
        if (state, why) != self._told:
            level = logging.INFO if state is ReplicaState.USED else logging.WARNING
            log.log(level, "the replica is %s", f"{state}: {why}" if why else state)
        self.state, self._told = state, (state, why)
        # Only who watches tells: a worker, which reads from none, must not say that it is not read.
        lag_seconds = time.monotonic() - (self._as_of or self._begun)
        metrics.REPLICA_LAG_SECONDS.labels(self._server).set(lag_seconds)
        metrics.REPLICA_IN_USE.labels(self._server).set(state is ReplicaState.USED)

    async def _pause(self) -> None:
        await asyncio.sleep(self.max_lag_seconds / LOOKS_WITHIN_LAG)


async def _stand_of(connection: AsyncConnection) -> Stand | None:
    """None for one that follows nobody."""
    row = (await connection.execute(REPLICA_STANDS)).one_or_none()
    return Stand(*row) if row and row.position is not None else None


class _FallingBack(PlainSession):
    """Asks the primary what the replica fails to answer, and from then on only the primary."""


@event.listens_for(_FallingBack, "do_orm_execute")
def _fall_back(state: ORMExecuteState) -> Any:
    session = state.session
    if session.bind is session.info["primary"]:
        return None
    try:
        return state.invoke_statement()
    except AWAY as problem:
        session.info["replica"].take_note(problem)
        session.bind = session.info["primary"]
        return None  # that is: go on, with what it is bound to now


def _is_gone(problem: Exception) -> bool:
    """Whether others need not try either; replaying may just have cancelled what was asked."""
    if isinstance(problem, DBAPIError):
        return problem.connection_invalidated
    return not isinstance(problem, TimeoutError | SQLAlchemyError)


def _kind(problem: Exception) -> str:
    """The driver's own word for it, which says more than that something went wrong."""
    inner = problem.orig if isinstance(problem, DBAPIError) else None
    return type((inner and inner.__cause__) or inner or problem).__name__


def _be_brief(_dialect: Any, _record: Any, _args: Any, options: dict[str, Any]) -> None:
    options["command_timeout"] = ANSWER_SECONDS


async def _drop(connection: AsyncConnection) -> None:
    """Without saying good-bye to a server that may not hear it."""
    with suppress(*AWAY):
        raw = await connection.get_raw_connection()
        if raw.driver_connection is not None:
            raw.driver_connection.terminate()
        await connection.invalidate()
    with suppress(*AWAY):
        await connection.close()
