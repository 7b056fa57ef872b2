"""A server that speaks S3's protocol, and a line to it that can be cut or be slow."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx

from contravento.kit.storage.backend import Access

START_SECONDS = 60
KEYS = {"access_key": "AKIDTESTS", "secret_key": "only-for-tests-4711"}
VERSIONED = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
HOST = "127.0.0.1"


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind((HOST, 0))
        return int(asked.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Server:
    url: str

    def make_bucket(self, *, keeps_versions: bool = False) -> str:
        name = f"diary-{uuid4().hex[:8]}"
        httpx.put(f"{self.url}/{name}").raise_for_status()
        if keeps_versions:
            httpx.put(f"{self.url}/{name}?versioning", content=VERSIONED).raise_for_status()
        return name

    def access(self, **changes: object) -> Access:
        return Access(**{"endpoint": self.url, **KEYS, "pause_seconds": 0.0, **changes})  # type: ignore[arg-type]


@contextmanager
def s3_server(folder: Path, **settings: str) -> Iterator[Server]:
    """moto in a process of its own, which keeps everything in memory."""
    port = free_port()
    program = [sys.executable, "-m", "moto.server", "--host", HOST, "--port", str(port)]
    with (folder / "s3.log").open("wb") as log:
        running = subprocess.Popen(program, stdout=log, stderr=log, env={**os.environ, **settings})
    try:
        url = f"http://{HOST}:{port}"
        _await(f"{url}/moto-api/")
        yield Server(url)
    finally:
        running.terminate()
        running.wait(10)


def _await(url: str) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            httpx.get(url).raise_for_status()
            return
        except httpx.HTTPError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


@dataclass
class Line:
    """Between us and a server. Cut, it takes no connection; without `answers` it only listens."""

    to: Server
    port: int = field(default_factory=free_port)
    taken: int = 0
    answers: asyncio.Event = field(default_factory=asyncio.Event)
    _listening: asyncio.Server | None = None

    @property
    def server(self) -> Server:
        return Server(f"http://{HOST}:{self.port}")

    async def mend(self) -> None:
        self.answers.set()
        self._listening = await asyncio.start_server(self._forward, HOST, self.port)

    async def cut(self) -> None:
        if self._listening:
            self._listening.close()
            self._listening.close_clients()
            await self._listening.wait_closed()
            self._listening = None

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.taken += 1
        port = int(self.to.url.rpartition(":")[2])
        far_reader, far_writer = await asyncio.open_connection(HOST, port)
        try:
            await asyncio.gather(
                self._pump(reader, far_writer), self._pump(far_reader, writer, answers=True)
            )
        except OSError:
            return
        finally:
            far_writer.close()
            writer.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool = False
    ) -> None:
        while chunk := await reader.read(65536):
            if answers:
                await self.answers.wait()
            writer.write(chunk)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def line_to(server: Server) -> AsyncIterator[Line]:
    line = Line(server)
    await line.mend()
    try:
        yield line
    finally:
        line.answers.set()
        await line.cut()
