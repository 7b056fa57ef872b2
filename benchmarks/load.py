"""A load of HTTP requests on one address of this machine, from a process of its own.

python -m benchmarks.load PORT PATH CONNECTIONS SECONDS [HEADER]
"""

import asyncio
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from statistics import quantiles

import uvloop

WARM_UP_SECONDS = 1.0
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Load:
    """`p95` in milliseconds; `length` of the last body in bytes, before any compression."""

    per_second: float
    p95: float
    failures: int
    length: int


def load(
    port: int, path: str, *, connections: int = 10, seconds: float = 4.0, header: str = ""
) -> Load:
    """Run the load in another process, so that it shares no event loop with anything."""
    program = [
        sys.executable,
        "-m",
        "benchmarks.load",
        str(port),
        path,
        str(connections),
        str(seconds),
        header,
    ]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    return Load(**json.loads(done.stdout))


def take_turns(
    port: int, path: str, bare: int, bare_path: str, *, header: str = ""
) -> tuple[Load, Load]:
    """Of a page and of what it is compared with; each the middle of three."""
    pairs = [(load(port, path, header=header), load(bare, bare_path)) for _ in range(ROUNDS)]
    return middle([ours for ours, _ in pairs]), middle([theirs for _, theirs in pairs])


def middle(loads: list[Load]) -> Load:
    """By requests a second. Raises RuntimeError if any answer was not 200."""
    if failures := sum(one.failures for one in loads):
        raise RuntimeError(f"{failures} answers were not 200")
    return sorted(loads, key=lambda one: one.per_second)[len(loads) // 2]


async def _run(port: int, path: str, connections: int, seconds: float, header: str) -> Load:
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\n"
    request = f"{head}{header}{'\r\n' if header else ''}\r\n".encode()
    begin = time.perf_counter() + WARM_UP_SECONDS
    outcomes = await asyncio.gather(
        *(_ask(port, request, begin, begin + seconds) for _ in range(connections))
    )
    times = [each for outcome in outcomes for each in outcome[0]]
    return Load(
        per_second=len(times) / seconds,
        p95=quantiles(times, n=20)[-1] * 1000,
        failures=sum(outcome[1] for outcome in outcomes),
        length=outcomes[0][2],
    )


async def _ask(port: int, request: bytes, begin: float, end: float) -> tuple[list[float], int, int]:
    """Seconds of each answer after the warm-up, how many were not 200, the last one's length."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times: list[float] = []
    failures = length = 0
    while (started := time.perf_counter()) < end:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = _length(head)
        await reader.readexactly(length)
        if started >= begin:
            times.append(time.perf_counter() - started)
        failures += not head.startswith(b"HTTP/1.1 200")
        if b"\r\nconnection: close" in head.lower():  # nginx takes so many on one connection
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    return times, failures, length


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    raise ValueError("an answer without a length")


if __name__ == "__main__":
    port, path, connections, seconds, *rest = sys.argv[1:]
    found = uvloop.run(_run(int(port), path, int(connections), float(seconds), "".join(rest)))
    print(json.dumps({name: getattr(found, name) for name in Load.__slots__}))
