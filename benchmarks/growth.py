"""What becomes slower, and how much is kept, as a community grows: sizes taking turns in one run.

    python -m benchmarks.growth [TRIPS ...]

Every size has a database of its own in one server. A million trips need 16 GB of disk and some
twenty minutes to be made.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table
from sqlalchemy.engine import make_url

from benchmarks import community, product, storing
from benchmarks.hot_pages import Page, Read, Site, choose_pages, explain, open_site, time_work
from contravento.kit.database.embedded import create_database

SIZES = (1_000, 10_000, 100_000, 1_000_000)
ROUNDS = 24
EXPLAINED = 5  # of a page's targets
GOAL = 1.3
LEAST_ROUNDS, PAGE_SECONDS = 3, 90.0  # of what takes long there are fewer rounds

console = Console(width=150)


@dataclass(frozen=True, slots=True)
class Figure:
    """A page at one size: medians of milliseconds to answer and of what the database did."""

    milliseconds: float
    read: Read


type Figures = dict[str, list[Figure]]  # by page, in the order of the sizes


@contextmanager
def communities(sizes: Sequence[int]) -> Iterator[list[tuple[str, Path]]]:
    """A database for each size, and a folder that all have in common."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with product.database(folder) as url:  # migrated and empty: the others are copied from it
            urls = [_community(url, size) for size in sizes]
            for each in urls:  # once more: the server's own tidying can have been in the way
                community.settle(each)
            yield [(each, folder) for each in urls]


def _community(empty: str, trips: int) -> str:
    name = f"of_{trips}"
    root = make_url(empty)
    create_database(empty.replace(f"/{root.database}", "/postgres"), name, str(root.database))
    url = empty.replace(f"/{root.database}", f"/{name}")
    begun = time.monotonic()
    community.fill(url, trips)
    console.print(f"{trips:,} trips made in {time.monotonic() - begun:.0f} s")
    return url


async def measure(places: list[tuple[str, Path]], rounds: int = ROUNDS) -> Figures:
    """Rounds in which every page is asked of every size, each size first as often as last."""
    async with AsyncExitStack() as stack:
        sites = [await stack.enter_async_context(open_site(*place)) for place in places]
        asked = [await choose_pages(site) for site in sites]
        figures: Figures = {}
        for alike in zip(*asked, strict=True):
            pages = list(zip(sites, alike, strict=True))
            times = await _take_turns(pages, rounds)
            reads = [await _explain(site, page) for site, page in pages]
            figures[alike[0].name] = [
                Figure(median(each), read) for each, read in zip(times, reads, strict=True)
            ]
        return figures


async def _take_turns(pages: list[tuple[Site, Page]], rounds: int) -> list[list[float]]:
    """What the process keeps is made before, except where a page is to be made anew each time."""
    times: list[list[float]] = [[] for _ in pages]
    for site, page in pages:
        for work in page.works:
            await work(site)
    until = time.monotonic() + PAGE_SECONDS
    for number in range(rounds):
        if number >= LEAST_ROUNDS and time.monotonic() > until:
            break
        order = range(len(pages)) if number % 2 else range(len(pages) - 1, -1, -1)
        for place in order:
            site, page = pages[place]
            if page.is_anew:
                site.forget()
            times[place].append(await time_work(site, page.works[number % len(page.works)]))
    return times


async def _explain(site: Site, page: Page) -> Read:
    reads = [await explain(site, work) for work in page.works[:EXPLAINED]]
    return Read(
        round(median(read.statements for read in reads)),
        round(median(read.blocks for read in reads)),
        median(read.milliseconds for read in reads),
    )


def print_figures(sizes: Sequence[int], figures: Figures, with_goal: set[str]) -> None:
    first, *others = sizes
    table = Table(
        *("page", f"ms at {first:,}", "of it SQL", "blocks"),
        *(f"{size:,}: ms, blocks" for size in others),
        title=f"Medians, and as multiples of those at {first:,} trips; load average"
        f" {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores",
        title_justify="left",
    )
    for name, found in figures.items():
        base = found[0]
        table.add_row(
            f"{name}, goal {GOAL}" if name in with_goal else name,
            *(f"{base.milliseconds:.2f}", f"{base.read.milliseconds:.2f}", f"{base.read.blocks}"),
            *(_against(base, each) for each in found[1:]),
        )
    console.print(table)


def _against(base: Figure, found: Figure) -> str:
    slower = found.milliseconds / base.milliseconds
    more = found.read.blocks / max(base.read.blocks, 1)
    return f"{slower:.2f} × ({found.milliseconds:.2f}), {more:.2f} ×"


def exceeding(figures: Figures, with_goal: set[str]) -> list[str]:
    """The pages that miss their goal at any size."""
    return [
        name
        for name in figures
        if name in with_goal
        and max(figure.milliseconds for figure in figures[name])
        > GOAL * figures[name][0].milliseconds
    ]


async def names_with_goal(place: tuple[str, Path]) -> set[str]:
    async with open_site(*place) as site:
        return {page.name for page in await choose_pages(site) if page.has_goal}


def main(sizes: Sequence[int]) -> None:
    with communities(sizes) as places:
        figures = asyncio.run(measure(places))
        with_goal = asyncio.run(names_with_goal(places[0]))
        print_figures(sizes, figures, with_goal)
        missed = exceeding(figures, with_goal)
        console.print(f"goal of {GOAL} missed by: {', '.join(missed) or 'none'}\n")
        for table in storing.tables(places, sizes):
            console.print(table)


if __name__ == "__main__":
    main([int(argument.replace("_", "")) for argument in sys.argv[1:]] or SIZES)
