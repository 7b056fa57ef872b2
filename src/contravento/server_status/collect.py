"""Asks every part of the server for its state at once, each within a time limit."""

import asyncio
import logging
import platform
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from contravento import __version__
from contravento.kit.clock import now
from contravento.kit.database.session import Session
from contravento.kit.i18n.marks import N_
from contravento.kit.resources import Resources
from contravento.kit.settings import Settings
from contravento.kit.storage.storage import Room
from contravento.migrations import plan_from
from contravento.operations import queries
from contravento.operations.certificates import Certificate, fetch_certificate
from contravento.operations.rules import ENCRYPTED_PORT
from contravento.operations.service import describe_error
from contravento.server_status.report import (
    Build,
    Chosen,
    ProbeError,
    Redis,
    Schema,
    ServedCertificate,
    ServerStatus,
)

PART_SECONDS = 3.0
FIRST_ADDRESS_SECONDS = 1.5

SLOW = N_("There was no answer within %(seconds)s seconds.")
BROKEN = N_("This could not be found out: %(error)s")
UNREACHABLE = N_("%(host)s could not be reached from this server itself (%(error)s).")

type Look = Callable[[Resources], Awaitable[object]]

log = logging.getLogger(__name__)


async def collect_status(resources: Resources) -> ServerStatus:
    """Everything that can be found out now; what cannot stands under `troubles`."""
    results = await asyncio.gather(*(_look(name, look, resources) for name, look in LOOKS.items()))
    parts: dict[str, Any] = dict(zip(LOOKS, results, strict=True))
    troubles = {name: part for name, part in parts.items() if isinstance(part, ProbeError)}
    return ServerStatus(
        taken_at=now(),
        build=Build(__version__, resources.settings.git_commit, platform.python_version()),
        settings=choose(resources.settings),
        troubles=troubles,
        **{name: None if name in troubles else part for name, part in parts.items()},
    )


async def _look(name: str, look: Look, resources: Resources) -> object:
    try:
        async with asyncio.timeout(PART_SECONDS):
            return await look(resources)
    except TimeoutError:
        return ProbeError(SLOW, {"seconds": round(PART_SECONDS)})
    except Exception as error:  # noqa: BLE001  (one broken part leaves the others to be seen)
        log.warning("could not look at %s: %s", name, type(error).__name__)
        return ProbeError(BROKEN, {"error": describe_error(error)})


def _asking(query: Callable[[Session], Awaitable[object]]) -> Look:
    async def look(resources: Resources) -> object:
        async with resources.transaction() as session:
            return await query(session)

    return look


async def _schema(resources: Resources) -> Schema:
    async with resources.transaction() as session:
        current, note = await queries.get_schema(session)
    plan = await asyncio.to_thread(plan_from, current, note)
    return Schema(
        current=plan.current,
        expected=plan.head,
        works=plan.head in (plan.current, *plan.works_with),
        pending=list(plan.pending),
    )


async def _redis(resources: Resources) -> Redis | None:
    if resources.settings.redis_url is None:
        return None
    return Redis(await resources.limiter.ask_redis_version())


async def _room(resources: Resources) -> Room | None:
    return await resources.storage.room()


async def _certificate(resources: Resources) -> ServedCertificate | ProbeError | None:
    """What visitors get; over plain HTTP there is nothing to look at."""
    public = urlsplit(resources.settings.base_url)
    if public.scheme != "https" or not public.hostname:
        return None
    host, port = public.hostname, public.port or ENCRYPTED_PORT
    inside = _proxy(resources.settings)
    try:
        async with asyncio.timeout(FIRST_ADDRESS_SECONDS if inside else None):
            return _served(host, await fetch_certificate(host, port), is_from_inside=False)
    except OSError as error:  # of which a TimeoutError is one
        if inside is None:
            return ProbeError(UNREACHABLE, {"host": host, "error": describe_error(error)})
    certificate = await fetch_certificate(host, ENCRYPTED_PORT, address=inside)
    return _served(host, certificate, is_from_inside=True)


def _proxy(settings: Settings) -> str | None:
    """Where the public address leads to, for servers that cannot reach themselves through it."""
    try:
        address = ip_address(settings.trusted_proxies)
    except ValueError:  # several, a network, or any
        return None
    return None if address.is_loopback else str(address)


def _served(host: str, certificate: Certificate, *, is_from_inside: bool) -> ServedCertificate:
    at = now()
    return ServedCertificate(
        host=host,
        issuer=certificate.issuer,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        days_left=round(certificate.days_left(at), 2),
        lifetime_left=round(certificate.lifetime_left(at), 4),
        refusal=certificate.refusal,
        is_from_inside=is_from_inside,
    )


def choose(settings: Settings) -> Chosen:
    """Named one by one: a setting that is new tomorrow is not shown because it is there."""
    folder = f"MAIL_FOLDER {settings.mail_folder}"
    return Chosen(
        address=settings.base_url,
        app_env=settings.app_env,
        debug=settings.debug,
        log_level=settings.log_level,
        sentry=settings.sentry_dsn is not None,
        metrics=settings.metrics,
        redis=settings.redis_url is not None,
        storage="S3" if settings.storage_url.startswith("s3:") else settings.storage_url[7:],
        mail=f"{settings.smtp_host}:{settings.smtp_port}" if settings.smtp_host else folder,
        mail_allow_list=list(settings.mail_allow_list),
        web_processes=settings.web_concurrency,
        pool_size=settings.database_pool_size,
        bcrypt_rounds=settings.bcrypt_rounds,
        rider_quota_megabytes=settings.rider_quota_megabytes,
    )


LOOKS: dict[str, Look] = {
    "postgres": _asking(queries.get_postgres_version),
    "redis": _redis,
    "migrations": _schema,
    "queue": _asking(queries.get_queue),
    "workers": _asking(queries.list_workers),
    "reports": _asking(queries.list_newest_reports),
    "certificate": _certificate,
    "stored": _asking(queries.get_stored),
    "room": _room,
    "connections": _asking(queries.get_connections),
    "content": _asking(queries.get_content),
    "mishaps": _asking(queries.get_mishaps),
}
