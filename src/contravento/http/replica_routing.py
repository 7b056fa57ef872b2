"""Which database a request reads from, decided once for all routes.

From the replica comes only what everyone may see. It is a second late at most, and whoever has
just written, or is shown more than others are, is answered from the primary.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import ceil

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders

from contravento.http.cache_control import is_personal
from contravento.http.request_state import RequestState
from contravento.kit.database.session import Session
from contravento.kit.resources import Resources
from contravento.kit.telemetry import metrics

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
WROTE_COOKIE = "wrote"  # this browser has just changed something

SIGNED_IN, JUST_WROTE = "signed_in", "wrote"


@asynccontextmanager
async def on_replica(
    request: Request, resources: Resources, *, same_for_all: bool = False
) -> AsyncIterator[Session | None]:
    """A session on the replica; None where the primary has to be read.

    `same_for_all` is what a signed-in rider is shown as everybody is.
    """
    if resources.replica is None:
        yield None
    elif why := _must_be_new(request, same_for_all):
        metrics.PUBLIC_READS.labels(why).inc()
        yield None
    else:
        async with resources.replica.reading() as session:
            RequestState.of(request.scope).is_from_replica = session is not None
            yield session


def _must_be_new(request: Request, same_for_all: bool) -> str | None:
    """Why, if so. Programs keep no cookies, so whoever brings a token may just have written."""
    if WROTE_COOKIE in request.cookies or request.method not in SAFE_METHODS:
        return JUST_WROTE
    if "authorization" in request.headers:
        return SIGNED_IN
    return SIGNED_IN if is_personal(request.headers) and not same_for_all else None


def remember_write(
    answer: MutableHeaders, *, scheme: str, request_headers: Headers, state: RequestState
) -> None:
    """Let a browser say for as long as the replica may be late that it has just written. What it
    is answered from then on has its change in it, so nobody has to remember who wrote what."""
    replica = state.resources.replica
    if replica is None or state.method in SAFE_METHODS or "authorization" in request_headers:
        return
    seconds = ceil(replica.max_lag_seconds) + 1
    secure = "; Secure" if scheme == "https" else ""
    cookie = f"{WROTE_COOKIE}=1; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Lax{secure}"
    answer.append("Set-Cookie", cookie)
