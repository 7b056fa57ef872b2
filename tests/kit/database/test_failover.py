"""Connecting to the server that takes writes, waiting for one, and leaving one that takes none."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from contravento.kit.database.failover import WriterConnector
from contravento.kit.database.session import make_engine
from contravento.kit.database_url import Address, Server, read_address
from contravento.web.rendering.error_pages import is_outage
from tests.conftest import make_settings
from tests.support.s3 import free_port
from tests.support.tls import front

HOST = "127.0.0.1"
PAUSES = 3


class Counted(WriterConnector):
    def __init__(self, address: Address, *, wait_seconds: float = 0) -> None:
        super().__init__(address, wait_seconds=wait_seconds)
        self.tries, self.waits = 0, asyncio.Event()

    async def _try_each(self, settings: dict[str, Any]) -> Any:
        self.tries += 1
        if self.tries >= PAUSES:
            self.waits.set()
        return await super()._try_each(settings)


def through(database: str, *ports: int) -> Address:
    behind = read_address(database)
    places = ",".join(f"{HOST}:{port}" for port in ports)
    return read_address(f"postgresql://{behind.user}@{places}/{behind.database}")


def server_of(database: str) -> Server:
    return read_address(database).servers[0]


async def test_a_server_that_is_away_is_told_at_once(shared_database: str) -> None:
    dialing = Counted(through(shared_database, free_port()))
    with pytest.raises(ConnectionRefusedError):
        await dialing.connect()
    assert dialing.tries == 1


async def test_who_may_wait_is_connected_once_there_is_one(shared_database: str) -> None:
    port = free_port()
    dialing = Counted(through(shared_database, port), wait_seconds=30)
    waiting = asyncio.create_task(dialing.connect())
    async with asyncio.timeout(30):
        await dialing.waits.wait()
    with opened_at(port, shared_database):
        connection = await waiting
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()


async def test_all_together_wait_no_longer_than_that(shared_database: str) -> None:
    """Who comes after that is told at once, until a server has answered again."""
    port = free_port()
    dialing = Counted(through(shared_database, port), wait_seconds=0.6)
    with pytest.raises(ConnectionRefusedError):
        await dialing.connect()
    assert (tries := dialing.tries) > 1
    with pytest.raises(ConnectionRefusedError):
        await dialing.connect()
    assert dialing.tries == tries + 1

    with opened_at(port, shared_database):
        await (await dialing.connect()).close()
    tries = dialing.tries
    with pytest.raises((ConnectionError, asyncpg.PostgresConnectionError)):
        await dialing.connect()
    assert dialing.tries > tries + 1, "this is another outage"


def opened_at(port: int, database: str) -> Any:
    return front(server_of(database), None, port)


async def test_the_one_that_answered_last_is_asked_first(shared_database: str) -> None:
    with front(server_of(shared_database), None) as port:
        dialing = WriterConnector(through(shared_database, free_port(), port))
        for _ in range(2):
            connection = await dialing.connect()
            await connection.close()
        assert next(each["port"] for each in dialing._each) == port


async def test_a_server_that_vanishes_is_noticed(shared_database: str) -> None:
    with front(server_of(shared_database), None) as port:
        connection: asyncpg.Connection[asyncpg.Record] = await WriterConnector(
            through(shared_database, port)
        ).connect()
        line = connection._transport.get_extra_info("socket")
        assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 10_000
        await connection.close()


async def test_a_server_that_takes_no_writes_any_more_is_left(
    own_database: str, tmp_path: Path
) -> None:
    engine = make_engine(make_settings(own_database, tmp_path))
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"))
            await connection.commit()
        with pytest.raises(DBAPIError) as refused:
            await write(engine)
        assert is_outage(refused.value)
        assert refused.value.connection_invalidated
        await write(engine)
    finally:
        await engine.dispose()


async def write(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE IF NOT EXISTS written (number int)"))
