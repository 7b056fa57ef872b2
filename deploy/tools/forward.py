"""Hands TCP connections on: `forward.py 5432=postgres:5432 …`. For the tools profile."""

import asyncio
import contextlib
import sys

CHUNK_BYTES = 64 * 1024


async def main(rules: list[str]) -> None:
    servers = [await _serve(rule) for rule in rules]
    await asyncio.gather(*(server.serve_forever() for server in servers))


async def _serve(rule: str) -> asyncio.Server:
    port, _, target = rule.partition("=")
    host, _, target_port = target.partition(":")

    async def hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError), contextlib.closing(writer):
            there, back = await asyncio.open_connection(host, int(target_port))
            with contextlib.closing(back):
                await asyncio.gather(_pump(reader, back), _pump(there, writer))

    return await asyncio.start_server(hand_on, "0.0.0.0", int(port))  # noqa: S104


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while chunk := await source.read(CHUNK_BYTES):
        sink.write(chunk)
        await sink.drain()
    if sink.can_write_eof():
        sink.write_eof()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
