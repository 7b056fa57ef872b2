"""Cache-Control for nginx, CDNs and browsers.

A route says what its answer shows, by `share`; whether that may be kept is decided here, once for
all routes: never where somebody said who they are, and never for longer than a second as new.
"""

from uuid import UUID

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders

from contravento.feed.trip_version import TripVersion
from contravento.http.request_state import RequestState, SharedAnswer
from contravento.trips.models import Trip
from contravento.trips.rules import Audience

LISTS = "lists"  # the feed, the map, riders' lists: what changes when any trip or rider does
SITE = "site"  # what changes with a release only

SHARED_SECONDS = 1
STALE_SECONDS = 1
MAX_SECOND_DIGITS = 12
EDGE_SECOND = "edge-second"  # nginx says in which second of its clock it was asked


def trip_key(trip_id: UUID) -> str:
    return f"trip-{trip_id}"


def rider_key(rider_id: UUID) -> str:
    return f"rider-{rider_id}"


def share_trip(
    request: Request, trip: Trip | TripVersion, *, browser_seconds: int = 0, is_fixed: bool = False
) -> None:
    """For what shows a trip, or a part of it. What only those with the link may see, no cache that
    others share keeps."""
    if trip.audience is Audience.EVERYONE and trip.is_published:
        keys = trip_key(trip.id), rider_key(trip.rider_id)
        share(request, *keys, browser_seconds=browser_seconds, is_fixed=is_fixed)


def share(request: Request, *keys: str, browser_seconds: int = 0, is_fixed: bool = False) -> None:
    """Say what the answer shows. A browser need not ask again for so many seconds; never where
    what is at this address is fixed."""
    RequestState.of(request.scope).shared = SharedAnswer(keys, browser_seconds, is_fixed)


def is_personal(request_headers: Headers) -> bool:
    """Whether somebody says who they are, rightly or not. Cookies may be written in odd ways."""
    return "authorization" in request_headers or any(
        "session" in cookie for cookie in request_headers.getlist("cookie")
    )


def write_cache_control(
    answer: MutableHeaders,
    *,
    status: int,
    request_headers: Headers,
    state: RequestState,
) -> None:
    """Write Cache-Control, and what goes with it. What says nothing about it is kept nowhere."""
    if is_personal(request_headers):
        _keep_private(answer)
    elif state.shared and status in (200, 304) and "set-cookie" not in answer:
        stale_seconds = 0 if state.is_from_replica else STALE_SECONDS
        _keep_shared(answer, state.shared, request_headers.get(EDGE_SECOND, ""), stale_seconds)
    answer.setdefault("Cache-Control", "no-store")


def _keep_private(answer: MutableHeaders) -> None:
    control = answer.get("Cache-Control", "no-store")
    if "no-store" not in control and "private" not in control:
        rest = [
            directive.strip() for directive in control.split(",") if directive.strip() != "public"
        ]
        answer["Cache-Control"] = ", ".join(["private", *rest])


def _keep_shared(
    answer: MutableHeaders, shared: SharedAnswer, second: str, stale_seconds: int
) -> None:
    """For a second, by any shared cache; by nginx to the end of the second in which it asked us,
    and one more while it asks again. must-revalidate: nobody else shows what is stale.

    What came from the replica, and may have been a second old then, has spent that other one.
    """
    control = f"public, max-age={shared.browser_seconds}"
    control += ", immutable" if shared.is_fixed else ", must-revalidate"
    control += f", s-maxage={SHARED_SECONDS}"
    if second.isascii() and second.isdigit() and len(second) <= MAX_SECOND_DIGITS:
        if stale_seconds:
            control += f", stale-while-revalidate={stale_seconds}"
        answer["X-Accel-Expires"] = f"@{second}"
    answer["Cache-Control"] = control
    answer["Surrogate-Key"] = " ".join(shared.keys)
