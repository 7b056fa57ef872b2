"""Connections on which nobody finishes asking are closed; a request that is whole is answered."""

import asyncio

import pytest
import uvicorn

from contravento.cli import timed_protocol
from contravento.cli.timed_protocol import TimedHttpProtocol
from tests.cli.test_graceful_server import answer

WHOLE = b"GET /slow HTTP/1.1\r\nHost: test\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "is_answered"),
    [(b"", False), (b"GET / HTTP/1.1\r\nHo", False), (WHOLE, True), (WHOLE + b"GET / HT", True)],
)
async def test_a_connection_waits_so_long_for_a_request(
    sent: bytes, is_answered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timed_protocol, "HEAD_SECONDS", 0.2)
    config = uvicorn.Config(answer, port=0, log_config=None, http=TimedHttpProtocol, lifespan="off")
    config.timeout_keep_alive = 1
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110  (uvicorn has no event for it)
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    async with asyncio.timeout(20):
        received = await reader.read()
    assert received.startswith(b"HTTP/1.1 200") is is_answered
    writer.close()
    server.should_exit = True
    await serving
