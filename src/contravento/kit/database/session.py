"""The database: one base class, one session type, one place that commits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

import orjson
import psycopg
from sqlalchemy import DateTime, Engine, Enum, MetaData, String, create_engine, event
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import DisconnectionError, TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool, PoolProxiedConnection

from contravento.kit.database.failover import WriterConnector
from contravento.kit.database_url import read_address
from contravento.kit.errors import AppError
from contravento.kit.settings import Settings
from contravento.kit.telemetry import metrics

type Session = AsyncSession
type Reader = AsyncConnection | AsyncSession  # what a single statement can be asked of
type SessionMaker = async_sessionmaker[AsyncSession]

POOL_OVERFLOW = 10
POOL_TIMEOUT_SECONDS = 30
POOL_RECYCLE_SECONDS = 1800
READ_ONLY = "25006"  # the server takes no writes: another one does by now
BY_TRANSACTION = "by_transaction"

_IN_USE = metrics.POOL_CONNECTIONS.labels("in_use")
_IDLE = metrics.POOL_CONNECTIONS.labels("idle")


class Table(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: DateTime(timezone=True),
        StrEnum: Enum(
            StrEnum,
            native_enum=False,
            length=20,
            values_callable=lambda members: [member.value for member in members],
        ),
        list[str]: ARRAY(String),
        dict[str, Any]: JSONB(none_as_null=True),
        list[Any]: JSONB(none_as_null=True),
    }


def driver_url(url: str, driver: str) -> str:
    """The same database by another driver: 'asyncpg' for requests, 'psycopg' for migrations."""
    return (
        make_url(url).set(drivername=f"postgresql+{driver}").render_as_string(hide_password=False)
    )


def libpq_url(url: str) -> str:
    """The URL as libpq and its tools read it, without a driver's name."""
    return read_address(url).libpq()


def make_plain_engine(url: str) -> Engine:
    """For one thing after another, on connections that are not kept."""
    connect = partial(psycopg.connect, libpq_url(url))
    return create_engine(
        "postgresql+psycopg://", creator=connect, poolclass=NullPool, hide_parameters=True
    )


def make_engine(settings: Settings, url: str | None = None) -> AsyncEngine:
    """For the database, or for another server at `url` that is asked in the same way.

    Behind a pooler that lends a connection for a transaction, nothing stays on a connection that
    the next transaction would look for: no statement keeps a name."""
    is_pooled = settings.is_pooled and url is None
    dialing = WriterConnector(
        read_address(url or settings.database),
        keeps_statements=not is_pooled,
        wait_seconds=0 if url else settings.database_wait_seconds,
    )
    unnamed = {"prepared_statement_cache_size": 0, "prepared_statement_name_func": lambda: ""}
    engine = create_async_engine(
        "postgresql+asyncpg://",
        connect_args={"async_creator_fn": dialing.connect, **(unnamed if is_pooled else {})},
        execution_options={BY_TRANSACTION: is_pooled},
        poolclass=CountedPool,
        pool_size=settings.database_pool_size,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        pool_recycle=POOL_RECYCLE_SECONDS,
        json_deserializer=orjson.loads,
        hide_parameters=True,  # what a statement was asked with may be somebody's address
    )
    event.listen(engine.sync_engine.pool, "checkout", _refuse_closed)
    event.listen(engine.sync_engine, "handle_error", _leave_read_only)
    return engine


class CountedPool(AsyncAdaptedQueuePool):
    """The usual pool, which also tells how it is used."""

    def connect(self) -> PoolProxiedConnection:
        try:
            return super().connect()
        except PoolTimeout:
            metrics.POOL_TIMEOUTS.inc()
            raise

    def tell(self) -> None:
        _IN_USE.set(self.checkedout())
        _IDLE.set(self.checkedin())
        metrics.POOL_LIMIT.set(self.size() + POOL_OVERFLOW)


def report_pool_metrics(engine: AsyncEngine) -> None:
    if isinstance(engine.pool, CountedPool):
        engine.pool.tell()


def _refuse_closed(connection: Any, record: Any, proxy: Any) -> None:
    """A connection that the server has closed is replaced. Asking it first would cost each request
    a round trip; the driver knows already."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _leave_read_only(context: ExceptionContext) -> None:
    """A server that has become a standby is left, with all connections to it."""
    if getattr(context.original_exception, "sqlstate", None) == READ_ONLY:
        context.is_disconnect = True


def make_sessions(engine: AsyncEngine, **info: Any) -> SessionMaker:
    """Sessions that carry `info`, such as who reacts to which event."""
    return async_sessionmaker(engine, expire_on_commit=False, info=info)


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[Reader]:
    """For hot pages that one statement answers: no transaction around it, no objects from it.

    A pooler may answer its two halves, preparing and running, by two servers' connections unless
    there is one."""
    async with engine.connect() as connection:
        if engine.get_execution_options().get(BY_TRANSACTION):
            yield connection
            return
        yield await connection.execution_options(isolation_level="AUTOCOMMIT")


@asynccontextmanager
async def transaction(sessions: SessionMaker) -> AsyncIterator[Session]:
    """Everything inside happens together, or not at all.

    A refusal that `keeps_changes` is carried out and then refused.
    """
    refusal: AppError | None = None
    async with sessions() as session, session.begin():
        try:
            yield session
        except AppError as error:
            if not error.keeps_changes:
                raise
            refusal = error
    if refusal:
        raise refusal
