"""Ending a server that is being asked: nobody's request may be lost."""

import asyncio
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

SERVER = """
import sys, uvicorn
from contravento.cli import graceful_server
graceful_server.serve(uvicorn.Config("tests.cli.test_graceful_server:answer", host="127.0.0.1",
    port=int(sys.argv[1]), workers=int(sys.argv[2]), log_config=None, timeout_keep_alive=75))
"""


async def answer(scope, receive, send):  # type: ignore[no-untyped-def]
    """Takes half a second for /slow."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/slow":
        await asyncio.sleep(0.5)
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
    )
    await send({"type": "http.response.body", "body": b"ok"})


@contextmanager
def server(processes: int) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(port), str(processes)], env={**os.environ}
    ) as running:
        until = time.monotonic() + 30
        while not answers(port) and time.monotonic() < until:
            time.sleep(0.05)
        yield running, port
        running.kill()


def answers(port: int) -> bool:
    try:
        with keeping(port):
            return True
    except OSError:
        return False


@contextmanager
def keeping(port: int) -> Iterator[http.client.HTTPConnection]:
    """A connection that has been used once and is kept open."""
    kept = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with closing(kept):
        kept.request("GET", "/")
        kept.getresponse().read()
        yield kept


@pytest.mark.servers
@pytest.mark.parametrize("processes", [1, 2])
def test_a_request_on_an_idle_connection_is_answered_after_the_order_to_stop(
    processes: int,
) -> None:
    with server(processes) as (running, port), keeping(port) as kept:
        running.send_signal(signal.SIGTERM)
        time.sleep(1.5)
        kept.request("GET", "/slow")
        reply = kept.getresponse()

        assert (reply.status, reply.read()) == (200, b"ok")
        assert reply.headers["Connection"] == "close"
        assert running.wait(10) in (0, -signal.SIGTERM)


@pytest.mark.servers
@pytest.mark.parametrize("processes", [1, 2])
def test_new_connections_are_refused_at_once_so_that_a_proxy_takes_another(processes: int) -> None:
    with server(processes) as (running, port), keeping(port):
        running.send_signal(signal.SIGTERM)
        time.sleep(1.2)

        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=2)
        assert running.poll() is None
