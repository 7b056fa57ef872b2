"""Records a load: what a web process counted while a small crowd read its pages for four minutes.

    python -m benchmarks.recording > benchmarks/recorded-load.csv

The crowd is a day in short: a night, a breakfast, an evening, and a link that somebody with many
readers shared. Each reader comes by chance (a Poisson process), so that no second is like the next.
It is kept small, so that the load is recorded and not this machine's limits; the simulation scales
it.
"""

import asyncio
import math
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from benchmarks import product

SECONDS = 240.0
EVERY_SECONDS = 0.5
TRIPS = 500
PAGES = ("/", "/api/v1/feed", "/map", "/riders/rider_7")


def expected(share: float) -> float:
    """Requests a second at this share of the day."""
    breakfast = 14 * math.exp(-(((share - 0.3) / 0.07) ** 2))
    evening = 34 * math.exp(-(((share - 0.75) / 0.09) ** 2))
    shared = 32 * math.exp(-(share - 0.52) / 0.02) if share >= 0.52 else 0.0
    return 3 + breakfast + evening + shared


def arrivals(chance: random.Random) -> Iterator[float]:
    """Seconds after the beginning, by thinning the busiest moment's process."""
    at, most = 0.0, max(expected(each / 1000) for each in range(1000))
    while (at := at + chance.expovariate(most)) < SECONDS:
        if chance.random() < expected(at / SECONDS) / most:
            yield at


async def crowd(client: httpx.AsyncClient, begin: float) -> int:
    """Everybody reads one page; how many got none."""
    chance = random.Random()
    reading = []
    for at in arrivals(chance):
        await asyncio.sleep(max(0.0, begin + at - time.monotonic()))
        reading.append(asyncio.create_task(client.get(chance.choice(PAGES))))
    answers = await asyncio.gather(*reading, return_exceptions=True)
    return sum(isinstance(each, BaseException) or each.status_code >= 500 for each in answers)


async def counted(client: httpx.AsyncClient) -> float:
    """Requests that the process has answered, but for those that ask for its figures."""
    told = (await client.get("/metrics")).text.splitlines()
    return sum(
        float(line.rpartition(" ")[2])
        for line in told
        if line.startswith("http_requests_total{")
        and "/metrics" not in line
        and "/health" not in line
    )


async def record(port: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        begin = time.monotonic()
        reading = asyncio.create_task(crowd(client, begin))
        before = await counted(client)
        print("second,requests_per_second")
        for step in range(1, int(SECONDS / EVERY_SECONDS) + 1):
            await asyncio.sleep(max(0.0, begin + step * EVERY_SECONDS - time.monotonic()))
            now = await counted(client)
            print(f"{(step - 1) * EVERY_SECONDS},{(now - before) / EVERY_SECONDS:.0f}", flush=True)
            before = now
        print(f"{await reading} got no page", file=sys.stderr)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with product.database(folder) as url:
            product.fill(url, 1, TRIPS)
            port = product.free_port()
            with product.web(folder, url, port):
                asyncio.run(record(port))


if __name__ == "__main__":
    main()
