"""Connecting to whichever server takes writes, and noticing when it is gone."""

import asyncio
import logging
import socket
import ssl
import time
from typing import Any

import asyncpg
from asyncpg import exceptions

from contravento.kit.database_url import (
    IDLE_SECONDS,
    PROBE_SECONDS,
    PROBES,
    UNANSWERED_SECONDS,
    Address,
)

type Connection = asyncpg.Connection[asyncpg.Record]

PAUSE_SECONDS = 0.25
AWAY = (
    OSError,
    TimeoutError,
    exceptions.CannotConnectNowError,
    exceptions.PostgresConnectionError,
    exceptions.TargetServerAttributeNotMatched,
    exceptions.AdminShutdownError,
    exceptions.CrashShutdownError,
)

log = logging.getLogger(__name__)


class WriterConnector:
    """Of several servers the one that answered last is asked first. When none takes writes, whoever
    asks is kept waiting for `wait_seconds` from the first who found none; after that everybody is
    told at once, until one is there again."""

    def __init__(
        self, address: Address, *, keeps_statements: bool = True, wait_seconds: float = 0
    ) -> None:
        self._address = address
        self._each = [address.asyncpg(server) for server in address.servers]
        if not keeps_statements:
            for said in self._each:
                said["statement_cache_size"] = 0
        self._wait_seconds = wait_seconds
        self._away_since: float | None = None

    async def connect(self, **settings: Any) -> Connection:
        while True:
            try:
                connection = await self._try_each(settings)
            except AWAY as error:
                if isinstance(error, ssl.SSLError) or not self._is_worth_waiting():
                    raise
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                self._away_since = None
                return connection

    async def _try_each(self, settings: dict[str, Any]) -> Connection:
        """Raises what the last of them answered."""
        for said in self._each[:]:
            try:
                connection = await asyncpg.connect(**said, **settings)
            except AWAY as error:
                problem = error
                continue
            if said is not self._each[0]:
                log.warning("the database is now at %s", said["host"])
                self._each.sort(key=lambda each: each is not said)
            _notice_silence(connection)
            return connection
        raise problem

    def _is_worth_waiting(self) -> bool:
        now = time.monotonic()
        self._away_since = self._away_since or now
        return now - self._away_since < self._wait_seconds


def _notice_silence(connection: Connection) -> None:
    """The driver has no setting for it, as libpq has."""
    tcp = connection._transport.get_extra_info("socket")
    if tcp is None or tcp.family == socket.AF_UNIX:
        return
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", IDLE_SECONDS),
        ("TCP_KEEPINTVL", PROBE_SECONDS),
        ("TCP_KEEPCNT", PROBES),
        ("TCP_USER_TIMEOUT", UNANSWERED_SECONDS * 1000),
    ):
        if option := getattr(socket, name, None):
            tcp.setsockopt(socket.IPPROTO_TCP, option, value)
