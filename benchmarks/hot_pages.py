"""The pages that most people ask for, on one made community: how long each takes, what it reads."""

import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI
from sqlalchemy import event, text
from starlette.types import ASGIApp, Message

from contravento.api.schemas.pagination import encode_cursor
from contravento.kit.resources import Resources, open_resources
from contravento.kit.settings import Settings
from contravento.main import create_app
from contravento.operations import usage_metrics
from contravento.operations.queries import get_content, get_stored
from contravento.reactions import REACTIONS
from contravento.trips.rules import make_slug
from contravento.web.rendering import cursors
from contravento.web.rendering.page_cache import PageCache
from contravento.web.rendering.render_cache import RenderCache

TARGETS = 12  # trips or riders alike that take turns, so that no single one is measured
TRIP = {"photos": 6, "tracks": 2}
RIDER_TRIPS = 6
HEADERS = [(b"host", b"bench"), (b"accept-language", b"en")]

# The most alike to what is wanted, whatever the size: so that sizes differ by nothing else.
PLAIN_TRIPS = """
    SELECT title, key FROM trips
    JOIN (SELECT trip_id, count(*) AS photos FROM photos GROUP BY 1) AS p ON p.trip_id = trips.id
    JOIN (SELECT trip_id, count(*) AS tracks FROM tracks GROUP BY 1) AS t ON t.trip_id = trips.id
    WHERE published_at IS NOT NULL AND audience = 'everyone'
    ORDER BY abs(photos - :photos) + 3 * abs(tracks - :tracks), md5(key) LIMIT :most
"""
PLAIN_RIDERS = """
    SELECT username FROM diaries JOIN riders ON riders.id = rider_id
    ORDER BY abs(trips - :trips), md5(username) LIMIT :most
"""
BUSIEST = "SELECT username FROM diaries JOIN riders ON riders.id = rider_id ORDER BY trips DESC"
PLACES = """
    SELECT published_at, id FROM trips WHERE published_at IS NOT NULL AND audience = 'everyone'
    ORDER BY published_at DESC, id DESC
    OFFSET (SELECT (count(*) * :share)::int FROM trips
            WHERE published_at IS NOT NULL AND audience = 'everyone') LIMIT 1
"""
RIDERS_PLACE = """
    SELECT wrote_at, rider_id FROM diaries ORDER BY wrote_at DESC, rider_id DESC
    OFFSET (SELECT count(*) / 2 FROM diaries) LIMIT 1
"""
TAG_LIKE = """
    SELECT word FROM topics WHERE kind = 'tag' GROUP BY word
    ORDER BY abs(count(*) - :trips), word LIMIT 1
"""

type Work = Callable[["Site"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Page:
    """`works` are asked in turn. Only some have a goal that no size may exceed.

    A process keeps what it drew of 200 things: the larger a community is, the fewer of its pages.
    """

    name: str
    works: tuple[Work, ...]
    has_goal: bool = False
    is_anew: bool = False  # nothing kept


@dataclass(frozen=True, slots=True)
class Read:
    """What PostgreSQL says of a page's statements: blocks of 8 kB, and milliseconds in it."""

    statements: int
    blocks: int
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Site:
    """The product on one community, asked without a network between."""

    resources: Resources
    app: ASGIApp
    _answered: list[FastAPI] = field(default_factory=list)  # which of its layers keeps things

    def forget(self) -> None:
        """What this process drew or counted."""
        for app in self._answered:
            app.state.kept, app.state.pages = RenderCache(), PageCache()

    async def ask(self, path: str) -> bytes:
        """Raises RuntimeError unless it is answered with 200."""
        body, statuses = [], []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            body.append(message.get("body", b""))

        scope = self._scope(path)
        await self.app(scope, receive, send)
        self._answered[:] = [scope["app"]]
        if statuses != [200]:
            raise RuntimeError(f"{path} was answered with {statuses}")
        return b"".join(body)

    def _scope(self, path: str) -> dict[str, Any]:
        path, _, query = path.partition("?")
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": HEADERS,
            "client": ("127.0.0.1", 1),
            "server": ("bench", 80),
            "state": {"resources": self.resources},
        }


@asynccontextmanager
async def open_site(url: str, folder: Path) -> AsyncIterator[Site]:
    values = {
        "app_env": "local",
        "secret_key": secrets.token_hex(32),
        "database_url": url,
        "database_pool_size": 2,
        "storage_url": (folder / "storage").as_uri(),
        "mail_folder": folder / "mail",
        "public_url": "http://bench",
        "bcrypt_rounds": 4,
    }
    settings = Settings.model_validate(values)
    async with open_resources(settings, reactions=REACTIONS) as resources:
        yield Site(resources, create_app(settings, resources))


async def choose_pages(site: Site) -> list[Page]:
    """The same pages for every size, of trips and riders that are as alike as they can be."""
    async with site.resources.transaction() as session:

        async def rows(query: str, **values: object) -> list[Any]:
            return list((await session.execute(text(query), values)).all())

        trips = await rows(PLAIN_TRIPS, **TRIP, most=TARGETS)
        riders = [row[0] for row in await rows(PLAIN_RIDERS, trips=RIDER_TRIPS, most=TARGETS)]
        busiest = (await rows(BUSIEST))[0][0]
        half, last = [(await rows(PLACES, share=share))[0] for share in (0.5, 0.95)]
        rare, middle = [(await rows(TAG_LIKE, trips=each))[0][0] for each in (3, 30)]
        below = cursors.write(_place((await rows(RIDERS_PLACE))[0]))
    trip_pages = [f"/trips/{make_slug(title, key)}" for title, key in trips]
    rider_pages = [f"/riders/{name}" for name in riders]
    return [
        _page("front page", "/", has_goal=True),
        _page("front page, drawn anew", "/", is_anew=True),
        _page("feed, JSON", "/api/v1/feed", has_goal=True),
        _page("feed, JSON, half way down", _deep(half), has_goal=True),
        _page("feed, JSON, near the end", _deep(last), has_goal=True),
        _page("trip page", *trip_pages, has_goal=True),
        _page("trip page, drawn anew", *trip_pages, has_goal=True, is_anew=True),
        _page("rider page", *rider_pages, has_goal=True),
        _page("rider page, drawn anew", *rider_pages, has_goal=True, is_anew=True),
        _page("rider page of who wrote most", f"/riders/{busiest}"),
        _page("statistics, JSON", *(f"/api/v1/riders/{name}/statistics" for name in riders)),
        _page("list of riders", "/riders"),
        _page("list of riders, half way down", f"/riders?before={below}"),
        _page("tag that many use", "/api/v1/feed?tag=gravel"),
        _page("tag of 30 trips", f"/api/v1/feed?{urlencode({'tag': middle})}"),
        _page("tag of 3 trips", f"/api/v1/feed?{urlencode({'tag': rare})}"),
        _page("country", "/api/v1/feed?country=ES"),
        _page("country and tag", "/api/v1/feed?country=ES&tag=gravel"),
        _page("map's tours", "/map/tours.json"),
        Page("the worker's count", (_count_for_figures,)),
        Page("counts for the operator's page", (_count_for_operator,)),  # which needs the worker's
    ]


def _page(name: str, *paths: str, has_goal: bool = False, is_anew: bool = False) -> Page:
    def asking(path: str) -> Work:
        async def ask(site: Site) -> None:
            await site.ask(path)

        return ask

    return Page(name, tuple(map(asking, paths)), has_goal, is_anew)


def _place(row: Any) -> tuple[datetime, Any]:
    return row[0], row[1]


def _deep(row: Any) -> str:
    return f"/api/v1/feed?{urlencode({'cursor': encode_cursor(_place(row))})}"


async def _count_for_operator(site: Site) -> None:
    async with site.resources.transaction() as session:
        await get_content(session)
        await get_stored(session)


async def _count_for_figures(site: Site) -> None:
    await usage_metrics.count_content(site.resources)


async def time_work(site: Site, work: Work) -> float:
    """Milliseconds."""
    begun = time.perf_counter()
    await work(site)
    return (time.perf_counter() - begun) * 1000


async def explain(site: Site, work: Work) -> Read:
    """Everything that the work asks the database, asked again under EXPLAIN."""
    with _statements(site.resources) as sent:
        await work(site)
    blocks, milliseconds = 0, 0.0
    async with site.resources.engine.connect() as connection:
        for statement, parameters in sent:
            found = await connection.exec_driver_sql(
                f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters
            )
            plan = found.scalar_one()[0]
            blocks += plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
            milliseconds += plan["Execution Time"]
        await connection.rollback()
    return Read(len(sent), blocks, milliseconds)


@contextmanager
def _statements(resources: Resources) -> Iterator[list[tuple[str, Any]]]:
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            sent.append((statement, parameters))

    event.listen(resources.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(resources.engine.sync_engine, "before_cursor_execute", note)
