"""Puts the web application together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypedDict
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from contravento import __version__
from contravento.api.router import add_api
from contravento.atlas.drawing import warm_up
from contravento.http import health
from contravento.http.dependencies import check_origin
from contravento.http.middleware.access_log import AccessLogMiddleware
from contravento.http.middleware.body_limit import BodyLimitMiddleware
from contravento.http.middleware.cache_headers import CacheHeadersMiddleware
from contravento.http.middleware.head import HeadMiddleware
from contravento.http.middleware.request_body import RequestBodyMiddleware
from contravento.http.middleware.request_context import RequestContextMiddleware
from contravento.http.middleware.retry_read import RetryReadMiddleware
from contravento.http.middleware.security_headers import SecurityHeadersMiddleware
from contravento.kit.database.session import report_pool_metrics
from contravento.kit.process_pool import ProcessPool
from contravento.kit.resources import Resources, open_resources
from contravento.kit.settings import Settings, load_settings
from contravento.kit.telemetry import metrics
from contravento.kit.telemetry.error_reporting import configure_error_reporting
from contravento.kit.telemetry.logs import start_logs
from contravento.kit.telemetry.memory import limit_malloc_arenas
from contravento.kit.telemetry.tracing import configure_tracing
from contravento.migrations import newest_revision
from contravento.reactions import REACTIONS
from contravento.web import (
    about,
    accounts,
    downloads,
    feed,
    map,
    operator,
    outbox,
    photos,
    riders,
    settings as settings_page,
    syndication,
    trips,
)
from contravento.web.editor import routes, uploads
from contravento.web.rendering import language
from contravento.web.rendering.error_pages import EXPLAINED, explain
from contravento.web.rendering.page import compile_templates
from contravento.web.static_files import mount_static

READING: tuple[Any, ...] = (
    *(feed, trips, downloads, photos, riders, map),
    *(syndication, about, language),
)
WRITING: tuple[Any, ...] = (accounts, settings_page, routes, uploads, outbox, operator)

GZIP_LEVEL = 5
GZIP_FROM_BYTES = 1024
POOL_METRICS_EVERY_SECONDS = 2


class AppState(TypedDict):
    resources: Resources


def create_app(settings: Settings, resources: Resources | None = None) -> ASGIApp:
    """The application; with `resources` given it uses those and leaves closing them to their
    owner."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[AppState]:
        if resources is not None:
            yield AppState(resources=resources)
            return
        with ProcessPool(processes=1, prepare=partial(start_logs, settings)) as process_pool:
            async with open_resources(
                settings, reactions=REACTIONS, process_pool=process_pool
            ) as opened:
                tasks = [asyncio.create_task(opened.compute(warm_up))]
                await asyncio.to_thread(compile_templates)
                if settings.metrics:
                    tasks.append(asyncio.create_task(_report_pool_metrics(opened)))
                if opened.replica:
                    tasks.append(asyncio.create_task(opened.replica.watch()))
                yield AppState(resources=opened)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    app = FastAPI(
        title="ContraVento",
        version=__version__,
        lifespan=lifespan,
        dependencies=[Depends(check_origin)],
        middleware=_inner_middleware(settings),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # FastAPI's own would record query strings and exceptions' texts; AccessLogMiddleware does
        # not.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.include_router(health.router, include_in_schema=False)
    mount_static(app)
    for noun in READING:  # what is asked for most is looked for first
        app.include_router(noun.router, include_in_schema=False)
    add_api(app, is_described=settings.debug)
    for noun in WRITING:
        app.include_router(noun.router, include_in_schema=False)
    for kind in (*EXPLAINED, Exception):
        app.add_exception_handler(kind, explain)
    wrapped: ASGIApp = app
    for middleware in reversed(_outer_middleware(settings)):
        wrapped = middleware.cls(wrapped, *middleware.args, **middleware.kwargs)
    return wrapped


def _outer_middleware(settings: Settings) -> list[Middleware]:
    """What every answer passes, outermost first, also that to an error nobody foresaw."""
    return [
        Middleware(RequestContextMiddleware),
        Middleware(HeadMiddleware),
        Middleware(AccessLogMiddleware, counts=settings.metrics),
        Middleware(
            SecurityHeadersMiddleware,
            sources=_origin(settings.map_tiles_url),
            robots=settings.x_robots_tag or "",
        ),
        Middleware(CacheHeadersMiddleware),
        Middleware(BodyLimitMiddleware),
    ]


def _inner_middleware(settings: Settings) -> list[Middleware]:
    """What follows, within FastAPI's own handling of unforeseen errors."""
    cors = Middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["*"],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-None-Match"],
        expose_headers=[
            "ETag",
            "X-Request-ID",
            "Retry-After",
            "Content-Disposition",
            "Idempotent-Replayed",
        ],
    )
    return [
        *([cors] if settings.cors_origins else []),
        Middleware(GZipMiddleware, minimum_size=GZIP_FROM_BYTES, compresslevel=GZIP_LEVEL),
        Middleware(RetryReadMiddleware),
        Middleware(RequestBodyMiddleware, explain=explain),
    ]


def serve() -> ASGIApp:
    """What uvicorn calls in each of its processes."""
    settings = load_settings()
    limit_malloc_arenas()
    start_logs(settings)
    configure_error_reporting(settings)
    configure_tracing(settings, "web")
    metrics.BUILD.labels(__version__, newest_revision(), settings.git_commit).set(1)
    return create_app(settings)


async def _report_pool_metrics(resources: Resources) -> None:
    """Again and again, for scrapes that another web process answers."""
    while True:
        report_pool_metrics(resources.engine)
        await asyncio.sleep(POOL_METRICS_EVERY_SECONDS)


def _origin(url: str | None) -> str:
    """Where map tiles come from, for the content policy."""
    if not url:
        return ""
    parsed = urlsplit(url)
    return f"{parsed.scheme}://{parsed.netloc}"
