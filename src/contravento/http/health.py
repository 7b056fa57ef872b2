"""Liveness, readiness and metrics endpoints."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import cache

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import text

from contravento.http.dependencies import ResourcesOf
from contravento.kit.database.session import report_pool_metrics
from contravento.kit.errors import NotFound
from contravento.kit.resources import Resources
from contravento.kit.storage.storage import StorageAway
from contravento.kit.telemetry import metrics
from contravento.migrations import NOTED, compatible_builds, newest_revision
from contravento.operations.rules import WORKER_SILENT_SECONDS

CHECK_TIMEOUT_SECONDS = 3
NO_WORKER = "no worker has started"
MIN_FREE_BYTES = 200 * 1024 * 1024
PROXIED = frozenset({"x-forwarded-for", "x-real-ip", "forwarded"})

router = APIRouter(tags=["health"])

_revision_of_this_build = cache(newest_revision)


@router.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/health/live")
async def live() -> dict[str, str]:
    """The event loop answers; nothing else is asked."""
    return {"status": "ok"}


@router.get("/health/ready")
async def ready(request: Request, resources: ResourcesOf) -> JSONResponse:
    """200 when every part that a rider needs is there, else 503 that says which is not. While a
    deployment replaces the worker it is degraded, with 200: pages work, and jobs wait a moment."""
    checks = dict(
        zip(
            CHECKS,
            await asyncio.gather(*(_check(check, resources) for check in CHECKS.values())),
            strict=True,
        )
    )
    missing = {name for name, outcome in checks.items() if outcome != "ok"}
    status = "unavailable" if missing else "ok"
    if "queue" not in missing:
        request.app.state.worker_seen_at = time.monotonic()
    elif missing == {"queue"} and _is_being_replaced(request, checks["queue"]):
        status = "degraded"
    if resources.replica:  # said, not judged: without it the primary answers
        checks["replica"] = resources.replica.state
    return JSONResponse(
        {"status": status, "checks": checks}, 503 if status == "unavailable" else 200
    )


def _is_being_replaced(request: Request, outcome: str) -> bool:
    """A worker that ends takes its row with it; one that dies leaves it, silent."""
    seen_at: float | None = getattr(request.app.state, "worker_seen_at", None)
    is_recent = seen_at is not None and time.monotonic() - seen_at < WORKER_SILENT_SECONDS
    return outcome == NO_WORKER and is_recent


@router.get("/metrics")
async def figures(request: Request, resources: ResourcesOf) -> Response:
    """For Prometheus, which asks from inside. Whoever comes through a proxy comes from outside."""
    if not resources.settings.metrics or not PROXIED.isdisjoint(request.headers.keys()):
        raise NotFound
    report_pool_metrics(resources.engine)
    rendered = await asyncio.to_thread(metrics.render)
    return Response(rendered, media_type=CONTENT_TYPE_LATEST)


async def _check(check: Callable[[Resources], Awaitable[str]], resources: Resources) -> str:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
            return await check(resources)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is not ready)
        return f"failed: {type(error).__name__}"


async def _database(resources: Resources) -> str:
    async with resources.sessions() as session:
        await session.execute(text("SELECT 1"))
    return "ok"


async def _migrations(resources: Resources) -> str:
    async with resources.sessions() as session:
        revision = await session.scalar(text("SELECT version_num FROM alembic_version"))
        note = await session.scalar(NOTED)
    expected = _revision_of_this_build()
    if expected == revision or expected in compatible_builds(note):
        return "ok"
    return f"at {revision}, expected {expected}"


async def _queue(resources: Resources) -> str:
    """Some worker has given a sign of life lately."""
    async with resources.sessions() as session:
        silent = await session.scalar(
            text(
                "SELECT extract(epoch FROM now() - max(last_heartbeat)) FROM procrastinate_workers"
            )
        )
    if silent is None:
        return NO_WORKER
    return "ok" if silent < WORKER_SILENT_SECONDS else f"no worker for {silent:.0f} seconds"


async def _storage(resources: Resources) -> str:
    """It has answered at least once: a wrong bucket or key never comes into service."""
    try:
        await resources.storage.look()
    except StorageAway as problem:
        return f"failed: {problem.why}"
    return "ok"


async def _disk(resources: Resources) -> str:
    free = await resources.storage.free_bytes()
    if free is None or free >= MIN_FREE_BYTES:
        return "ok"
    return f"only {free // 1_000_000} MB free"


CHECKS: dict[str, Callable[[Resources], Awaitable[str]]] = {
    "database": _database,
    "migrations": _migrations,
    "queue": _queue,
    "storage": _storage,
    "disk": _disk,
}
