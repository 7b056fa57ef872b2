"""What every JSON route does besides its own work: ETags, and keys against doing things twice."""

import hashlib
from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from fastapi.routing import APIRoute

from contravento.http import SAFE_METHODS
from contravento.kit import replies
from contravento.kit.errors import Conflict, Invalid
from contravento.kit.parts import Parts
from contravento.kit.words import N_

MAX_KEY_CHARACTERS = 200
MAX_FINGERPRINTED_BYTES = 64 * 1024

type Handler = Callable[[Request], Awaitable[Response]]


class BadIdempotencyKey(Invalid):
    field = "Idempotency-Key"
    message = N_("An Idempotency-Key has 1 to 200 printable characters.")


class KeyUsedOtherwise(Conflict):
    field = "Idempotency-Key"
    message = N_("This Idempotency-Key was used for another request.")


class ApiRoute(APIRoute):
    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handle_api(request: Request) -> Response:
            if request.method in SAFE_METHODS:
                return _conditional(request, await handle(request))
            if key := request.headers.get("idempotency-key"):
                return await _once(request, key, handle)
            return await handle(request)

        return handle_api


def _conditional(request: Request, response: Response) -> Response:
    """Give a body its ETag; answer 304 to whoever has it already."""
    body = getattr(response, "body", b"")
    if response.status_code != 200 or not body:
        return response
    tag = response.headers.setdefault("ETag", f'W/"{hashlib.sha256(body).hexdigest()[:24]}"')
    response.headers.setdefault("Cache-Control", "no-cache")
    response.headers.setdefault("Vary", "Authorization, Cookie")
    if tag_matches(request, tag):
        return Response(status_code=304, headers=_kept_headers(response))
    return response


def tag_matches(request: Request, tag: str) -> bool:
    """Whether If-None-Match names this ETag; weak and strong compare alike (RFC 9110, 13.1.2)."""
    given = request.headers.get("if-none-match", "")
    plain = tag.removeprefix("W/")
    return given.strip() == "*" or plain in [
        each.strip().removeprefix("W/") for each in given.split(",")
    ]


def _kept_headers(response: Response) -> dict[str, str]:
    names = ("etag", "cache-control", "vary")
    return {name: value for name, value in response.headers.items() if name in names}


async def _once(request: Request, key: str, handle: Handler) -> Response:
    """Carry the request out unless the same one was; both within one transaction.

    What failed was rolled back with its key, so it may be tried again.
    """
    if len(key) > MAX_KEY_CHARACTERS or not key.isprintable():
        raise BadIdempotencyKey
    parts: Parts = request.state.parts
    caller = _caller(request)
    fingerprint = await _fingerprint(request)
    async with parts.transaction() as session:
        earlier = await replies.claim(session, caller, key, fingerprint)
        if earlier is not None:
            if earlier.fingerprint != fingerprint:
                raise KeyUsedOtherwise
            return _replay(earlier)
        request.state.session = session
        response = await handle(request)
        await replies.keep(
            session, caller, key, status=response.status_code, body=bytes(response.body)
        )
        return response


def _replay(earlier: replies.Reply) -> Response:
    return Response(
        earlier.body,
        earlier.status or 200,
        headers={"Idempotent-Replayed": "true"},
        media_type="application/json" if earlier.body else None,
    )


def _caller(request: Request) -> str:
    """A key belongs to whoever used it: to a token or cookie, or to an address."""
    secret = request.headers.get("authorization") or request.headers.get("cookie") or ""
    address = request.client.host if request.client and not secret else ""
    return hashlib.sha256(f"{secret}|{address}".encode()).hexdigest()


async def _fingerprint(request: Request) -> bytes:
    digest = hashlib.sha256(f"{request.method} {request.url.path}".encode())
    length = int(request.headers.get("content-length") or 0)
    if "multipart" in request.headers.get("content-type", "") or length > MAX_FINGERPRINTED_BYTES:
        digest.update(str(length).encode())
    else:
        digest.update(await request.body())
    return digest.digest()
