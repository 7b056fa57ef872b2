"""Dependencies of any route: transaction, viewer, language, origin check."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.security import HTTPBearer

from contravento.accounts import queries as accounts
from contravento.accounts.attempts import Visitor
from contravento.accounts.errors import SignInEnded
from contravento.accounts.models import Rider
from contravento.accounts.queries import Viewer
from contravento.accounts.rules import plain_login
from contravento.accounts.service.profile import PERSONAL_TOKEN_PREFIX
from contravento.http.replica_routing import SAFE_METHODS, on_replica
from contravento.http.request_state import RequestState
from contravento.kit.database.session import Reader, Session
from contravento.kit.errors import Forbidden, NotFound, Unauthorized
from contravento.kit.i18n.catalogue import choose_language
from contravento.kit.i18n.marks import N_
from contravento.kit.resources import Resources
from contravento.kit.security.source_limits import network_of
from contravento.trips import queries as trips
from contravento.trips.models import Trip

BEARER = "bearer"
MAYBE_BEARER = "maybe bearer"
LANGUAGE_COOKIE = "language"
LANGUAGE_COOKIE_SECONDS = 365 * 24 * 3600
DEVICE_COOKIE_SECONDS = 365 * 24 * 3600


class ForeignOrigin(Forbidden):
    message = N_("This form came from another site, so it was not carried out.")


class ReadOnlyToken(Forbidden):
    message = N_("This token may only read.")


class WriteOnlyToken(Forbidden):
    message = N_("This token may only write.")


class PersonalTokenNotEnough(Forbidden):
    message = N_("A personal token cannot do this. Sign in with your password.")


async def _resources(request: Request) -> Resources:
    return RequestState.of(request.scope).resources


ResourcesOf = Annotated[Resources, Depends(_resources)]


async def _transaction(request: Request, resources: ResourcesOf) -> AsyncIterator[Session]:
    if outer := RequestState.of(request.scope).session:
        yield outer
        return
    async with resources.transaction() as session:
        yield session


# scope="function": committed before the response leaves, so a redirect never arrives ahead of
# the data that it points to.
Transaction = Annotated[Session, Depends(_transaction, scope="function")]


async def _public_session(
    request: Request, session: Transaction, resources: ResourcesOf
) -> AsyncIterator[Session]:
    async with on_replica(request, resources) as replica:
        yield replica or session


# For what everyone may see, and its rider sees more of. To be read from only.
PublicSession = Annotated[Session, Depends(_public_session, scope="function")]


@asynccontextmanager
async def public_reading(
    request: Request, resources: Resources, *, same_for_all: bool = False
) -> AsyncIterator[Reader]:
    """For what everyone may see, and no transaction has to hold together."""
    async with on_replica(request, resources, same_for_all=same_for_all) as replica:
        if replica:
            yield replica
            return
        async with resources.reading() as reader:
            yield reader


async def _common_reading(request: Request, resources: ResourcesOf) -> AsyncIterator[Reader]:
    async with public_reading(request, resources, same_for_all=True) as reader:
        yield reader


# The same for what all see alike, whoever they are.
CommonReading = Annotated[Reader, Depends(_common_reading, scope="function")]


# For the API's description only: we read the header ourselves.
_MAY_SIGN_IN = Depends(HTTPBearer(scheme_name=MAYBE_BEARER, auto_error=False))
_MUST_SIGN_IN = Depends(HTTPBearer(scheme_name=BEARER, auto_error=False))


async def _viewer(request: Request, _described: Annotated[object, _MAY_SIGN_IN]) -> Viewer | None:
    return await authenticate(request)


async def authenticate(request: Request) -> Viewer | None:
    """Who is asking, found once a request. Raises SignInEnded, and WriteOnlyToken or
    ReadOnlyToken where a token's scopes leave that out."""
    state = RequestState.of(request.scope)
    if state.is_authenticated:
        return state.viewer
    viewer = await _identify(request, state.resources)
    if viewer:
        _check_scope(viewer, is_read=request.method in SAFE_METHODS)
    if viewer:
        state.language = choose_language(request.cookies.get(LANGUAGE_COOKIE), viewer.language)
    state.viewer, state.is_authenticated = viewer, True
    return viewer


def _check_scope(viewer: Viewer, *, is_read: bool) -> None:
    if is_read and not viewer.may_read:
        raise WriteOnlyToken
    if not is_read and not viewer.may_write:
        raise ReadOnlyToken


async def _identify(request: Request, resources: Resources) -> Viewer | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return await _identify_by_token(token.strip(), resources)
    if "authorization" in request.headers:  # `check_origin` has let it pass: no cookie counts
        return None
    if cookie := request.cookies.get(cookie_name(request)):
        async with resources.reading() as reader:
            return await accounts.find_viewer_by_cookie(reader, cookie)
    return None


async def _identify_by_token(token: str, resources: Resources) -> Viewer:
    """A token that is sent must be good: asking as nobody instead would only confuse."""
    viewer = None
    if token.startswith(PERSONAL_TOKEN_PREFIX):
        async with resources.reading() as reader:
            viewer = await accounts.find_viewer_by_personal_token(reader, token)
    elif claims := resources.signer.read(token):
        async with resources.reading() as reader:
            viewer = await accounts.find_viewer_by_sign_in(reader, UUID(claims["sid"]))
    if viewer is None:
        raise SignInEnded
    return viewer


MaybeViewer = Annotated[Viewer | None, Depends(_viewer)]


def viewer_id_of(viewer: Viewer | None) -> UUID | None:
    return viewer.id if viewer else None


async def _signed_in(viewer: MaybeViewer, _described: Annotated[object, _MUST_SIGN_IN]) -> Viewer:
    if viewer is None:
        raise Unauthorized
    return viewer


SignedIn = Annotated[Viewer, Depends(_signed_in)]


async def _in_person(viewer: SignedIn) -> Viewer:
    if viewer.sign_in_id is None:
        raise PersonalTokenNotEnough
    return viewer


# For what decides over the account itself: a program's own token does not go that far.
InteractiveOnly = Annotated[Viewer, Depends(_in_person)]


def check_administrator(viewer: Viewer) -> Viewer:
    """How the server runs is nobody else's business: to other riders it is not there."""
    if not viewer.is_admin:
        raise NotFound
    return viewer


async def _administrator(viewer: SignedIn) -> Viewer:
    return check_administrator(viewer)


Administrator = Annotated[Viewer, Depends(_administrator)]


async def _own_trip(trip_id: UUID, session: Transaction, viewer: SignedIn) -> Trip:
    return await trips.get_own_trip(session, trip_id, rider_id=viewer.id)


# The rider's own, by the path's `trip_id`, locked until the transaction ends.
OwnTrip = Annotated[Trip, Depends(_own_trip)]


async def check_origin(request: Request) -> None:
    """Refuse what another site makes a rider's browser send.

    Browsers say where a request comes from (Sec-Fetch-Site, before it Origin) and pages cannot
    change that. A request that carries a cookie must prove it; one with a token of its own, or
    with no rights at all, has nothing to prove. Origins that the operator named may ask, too.
    """
    if request.method in SAFE_METHODS or "authorization" in request.headers:
        return
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if origin in RequestState.of(request.scope).resources.settings.cors_origins:
        return
    if site is not None:
        allowed = site in ("same-origin", "none")
    elif origin is not None:
        allowed = urlsplit(origin).netloc == request.headers.get("host")
    else:
        allowed = cookie_name(request) not in request.cookies
    if not allowed:
        raise ForeignOrigin


def cookie_name(request: Request) -> str:
    """Browsers keep the __Host- prefix for cookies that only travel by HTTPS."""
    return "__Host-session" if request.url.scheme == "https" else "session"


def set_session_cookie(
    request: Request, response: Response, value: str, seconds: int | None
) -> None:
    """Without `seconds` the browser forgets it when its window is closed."""
    response.set_cookie(
        cookie_name(request),
        value,
        max_age=seconds,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def visitor_of(request: Request, login: str) -> Visitor:
    """Who tries to sign in, or asks for a mail, for limits to count."""
    resources = RequestState.of(request.scope).resources
    kept = request.cookies.get(_device_cookie(request), "")
    device = resources.signer.find_device(kept, plain_login(login)) if kept else None
    return Visitor(client_network(request), device)


def remember_device(request: Request, response: Response, rider: Rider) -> None:
    """After a sign-in: strangers' wrong passwords will not lock the account for this device."""
    signer = RequestState.of(request.scope).resources.signer
    response.set_cookie(
        _device_cookie(request),
        signer.mark_device(plain_login(rider.username), plain_login(rider.email)),
        max_age=DEVICE_COOKIE_SECONDS,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def _device_cookie(request: Request) -> str:
    return "__Host-device" if request.url.scheme == "https" else "device"


def drop_session_cookie(request: Request, response: Response) -> None:
    response.delete_cookie(
        cookie_name(request), path="/", secure=request.url.scheme == "https", httponly=True
    )


def client_address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def client_network(request: Request) -> str:
    """What limits count by: an address, or the network that an IPv6 address is one of."""
    return network_of(client_address(request))


def agent(request: Request) -> str:
    return request.headers.get("user-agent", "")


def language_of(request: Request) -> str:
    """The rider's own once they are known, before that the cookie's or the browser's."""
    return RequestState.of(request.scope).language or choose_language(
        request.cookies.get(LANGUAGE_COOKIE), accept=request.headers.get("accept-language", "")
    )
