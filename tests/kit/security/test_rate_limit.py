"""Counting tries: exactly, and without waiting for a Redis that is not there."""

import asyncio
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from contravento.kit.errors import TooManyRequests
from contravento.kit.security.rate_limit import Limiter
from tests.conftest import make_settings

LIMIT = "3/hour"


def unused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@asynccontextmanager
async def limiter(tmp_path: Path, redis_url: str | None = None) -> AsyncIterator[Limiter]:
    settings = make_settings("postgresql://nowhere/nothing", tmp_path, redis_url=redis_url)
    made = Limiter(settings)
    yield made
    await made.close()


async def tries(limiter: Limiter, *who: str, times: int = 4) -> list[bool]:
    """Whether each was let through."""
    outcomes = []
    for _ in range(times):
        try:
            await limiter.count(LIMIT, *who)
            outcomes.append(True)
        except TooManyRequests as refusal:
            outcomes.append(not refusal.retry_after_seconds)
    return outcomes


async def check_counting(limiter: Limiter) -> None:
    assert await tries(limiter, "sign-in", "maite") == [True, True, True, False]
    assert await tries(limiter, "sign-in", "tomas", times=1) == [True]
    await limiter.forget(LIMIT, "sign-in", "maite")
    assert await tries(limiter, "sign-in", "maite", times=1) == [True]


async def test_so_many_and_no_more_each_for_themselves(tmp_path: Path) -> None:
    async with limiter(tmp_path) as chosen:
        await check_counting(chosen)


async def test_with_redis_gone_each_process_counts_for_itself(tmp_path: Path) -> None:
    async with (
        limiter(tmp_path, f"redis://127.0.0.1:{unused_port()}/0") as gone,
        asyncio.timeout(20),  # a bound on the worst, not a measure
    ):
        await check_counting(gone)


async def test_a_silent_redis_is_asked_once_and_then_left_alone(tmp_path: Path) -> None:
    """One that takes connections and never answers, which is worse than none."""
    asked = 0

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    async with limiter(tmp_path, f"redis://127.0.0.1:{port}/0") as chosen:
        assert await tries(chosen, "a") == [True, True, True, False]
    assert asked <= 2  # a try, and the client's own second one
    silent.close()


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    port = unused_port()
    running = subprocess.Popen(
        ["redis-server", "--port", str(port), "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    yield f"redis://127.0.0.1:{port}/0"
    running.terminate()
    running.wait()


async def test_processes_with_one_redis_count_together(redis_url: str, tmp_path: Path) -> None:
    await until_it_answers(redis_url)
    async with limiter(tmp_path, redis_url) as first, limiter(tmp_path, redis_url) as second:
        outcomes = [(await tries(each, "ane", times=1))[0] for each in (first, second) * 2]
        assert outcomes == [True, True, True, False]
        await check_counting(first)


async def until_it_answers(redis_url: str) -> None:
    port = int(redis_url.rpartition(":")[2].partition("/")[0])
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                await writer.wait_closed()
                return
            except OSError:
                await asyncio.sleep(0.05)
