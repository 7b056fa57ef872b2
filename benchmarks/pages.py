"""Pages against bare routes with the same bytes: python -m benchmarks.pages

One web process on the demo content, 10 connections, signed out and in. The trip has a story,
tracks, a map, a profile and 20 photos.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks import baseline, product
from benchmarks.files import make_photo
from benchmarks.load import Load, take_turns
from contravento.demo import load as demo
from contravento.kit.settings import Settings

PHOTOS = 20
GOALS = {"feed": 0.45, "riders": 0.45, "map": 0.45, "trip": 0.40}
READY_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Comparison:
    """A page, and the bare route that returns its bytes."""

    page: str
    is_signed_in: bool
    ours: Load
    bare: Load

    @property
    def ratio(self) -> float:
        return self.ours.per_second / self.bare.per_second


def main() -> None:
    console = Console(width=110)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with product.database(folder) as url:
            console.print(table_of(compare(folder, url)))


def table_of(comparisons: Iterator[Comparison]) -> Table:
    table = Table(
        *("demo content, 10 connections", "requests/s", "p95 ms", "bytes", "bare requests/s"),
        *("ratio", "goal"),
        title="Pages against a bare route with one query and the same bytes",
        title_justify="left",
    )
    for comparison in comparisons:
        ours = comparison.ours
        table.add_row(
            f"{comparison.page}, signed {'in' if comparison.is_signed_in else 'out'}",
            *(f"{ours.per_second:.0f}", f"{ours.p95:.1f}", f"{ours.length}"),
            *(f"{comparison.bare.per_second:.0f}", f"{comparison.ratio:.2f}"),
            f"{GOALS[comparison.page]:.2f}",
        )
    return table


def compare(folder: Path, url: str) -> Iterator[Comparison]:
    """Each page takes turns with a bare route. The database must be empty."""
    settings = Settings.model_validate(
        {name.lower(): value for name, value in product.environment_of(folder, url).items()}
    )
    asyncio.run(demo.fill(settings))
    port, bare = product.free_port(), product.free_port()
    with product.web(folder, url, port), _sign_in(port, settings) as client:
        slug = _add_photos(folder, url, client, settings)
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        pages = {"feed": "/", "riders": "/riders", "map": "/map", "trip": f"/trips/{slug}"}
        asked = [
            (page, path, header)
            for header in ("", f"Cookie: {cookies}")
            for page, path in pages.items()
        ]
        with product.baseline(folder, url, bare):
            for number, (page, path, header) in enumerate(asked):
                visitor = client if header else httpx.Client(base_url=client.base_url)
                content = visitor.get(path).raise_for_status().content
                baseline.keep(url, str(number), content)
                ours, bares = take_turns(port, path, bare, f"/bare/{number}", header=header)
                yield Comparison(page, bool(header), ours, bares)


@contextmanager
def _sign_in(port: int, settings: Settings) -> Iterator[httpx.Client]:
    username, password = asyncio.run(demo.find_logins(settings))[0]
    address = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=address, headers={"Origin": address}, timeout=60) as client:
        form = {"login": username, "password": password}
        if client.post("/sign-in", data=form).status_code != httpx.codes.SEE_OTHER:
            raise RuntimeError("the demo rider cannot sign in")
        yield client


def _add_photos(folder: Path, url: str, client: httpx.Client, settings: Settings) -> str:
    """To the rider's longest trip, so that it has at least 20; its slug."""
    trips = client.get("/api/v1/me/trips").raise_for_status().json()["items"]
    trip = max(trips, key=lambda item: item["distance_metres"] or 0)
    photos = f"/api/v1/trips/{trip['id']}/photos"
    for number in range(PHOTOS - len(client.get(photos).json()["items"])):
        file = {"file": (f"{number}.jpg", make_photo())}
        client.post(photos, files=file).raise_for_status()
    with product.worker(folder, url):
        until = time.monotonic() + READY_SECONDS
        while asyncio.run(demo.count_waiting(settings)):
            if time.monotonic() > until:
                raise TimeoutError("the worker was not done")
            time.sleep(1)
    return str(trip["slug"])


if __name__ == "__main__":
    main()
