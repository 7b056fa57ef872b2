"""Route classes of the API: ETags and idempotency keys."""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from typing import Any, BinaryIO

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import UploadFile

from contravento.api.uploads import FORM_LIMITS
from contravento.http import conditional
from contravento.http.dependencies import authenticate, check_origin, client_address
from contravento.http.replica_routing import SAFE_METHODS
from contravento.http.request_state import RequestState
from contravento.kit import idempotency
from contravento.kit.errors import Conflict, Invalid
from contravento.kit.i18n.marks import N_
from contravento.kit.resources import Resources

MAX_KEY_CHARACTERS = 200
BLOCK_BYTES = 1024 * 1024

type Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class BadIdempotencyKey(Invalid):
    field = "Idempotency-Key"
    message = N_("An Idempotency-Key has 1 to 200 printable characters.")


class KeyUsedOtherwise(Conflict):
    field = "Idempotency-Key"
    message = N_("This Idempotency-Key was used for another request.")


class ApiRoute(APIRoute):
    takes_keys = True

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handle_api(request: Request) -> Response:
            if request.method in SAFE_METHODS:
                return conditional.answer_unless_known(request, await handle(request))
            key = request.headers.get("idempotency-key")
            if key is not None and self.takes_keys:
                return await _once(request, key, handle)
            return await handle(request)

        return handle_api


class SecretRoute(APIRoute):
    """For answers that hold a token: kept nowhere, neither by a cache nor to be repeated."""

    takes_keys = False

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handle_secret(request: Request) -> Response:
            response = await handle(request)
            response.headers["Cache-Control"] = "no-store"
            return response

        return handle_secret


async def _once(request: Request, key: str, handle: Handler) -> Response:
    """Carry the request out unless the same one was."""
    if not 0 < len(key) <= MAX_KEY_CHARACTERS or not key.isprintable():
        raise BadIdempotencyKey
    await check_origin(request)
    resources = RequestState.of(request.scope).resources
    caller = await _caller(request)
    if caller is None and _is_multipart(request):
        return await handle(request)  # which refuses it, before a byte of its files is read
    try:
        claim = idempotency.Claim(caller or _stranger(request), key, await _fingerprint(request))
        return await _answer_once(request, resources, claim, handle)
    finally:
        await request.close()  # the form's files, which the fingerprint has opened


async def _answer_once(
    request: Request, resources: Resources, claim: idempotency.Claim, handle: Handler
) -> Response:
    """Claim, work and answer within one transaction: what fails may be tried again."""
    async with resources.transaction() as session:
        earlier = await idempotency.take(session, claim)
        if earlier is not None:
            if earlier.fingerprint != claim.fingerprint:
                raise KeyUsedOtherwise
            return _replay(earlier)
        RequestState.of(request.scope).session = session
        response = await handle(request)
        await idempotency.keep(
            session, claim, status=response.status_code, body=bytes(response.body)
        )
        return response


def _replay(earlier: idempotency.IdempotentResponse) -> Response:
    return Response(
        earlier.body,
        earlier.status or 200,
        headers={"Idempotent-Replayed": "true"},
        media_type="application/json" if earlier.body else None,
    )


async def _caller(request: Request) -> str | None:
    """A key belongs to a rider, whichever token they come with."""
    viewer = await authenticate(request)
    return idempotency.rider_caller(viewer.id) if viewer else None


def _stranger(request: Request) -> str:
    """Where nobody is known, a key belongs to an address."""
    return f"address {client_address(request)}"


def _is_multipart(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("multipart/form-data")


async def _fingerprint(request: Request) -> bytes:
    """What makes two requests the same: for a form its fields and files, else every byte."""
    digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}".encode())
    if not _is_multipart(request):
        digest.update(await request.body())
        return digest.digest()
    # Read once: whoever asks this request for its form again gets the same.
    form = await request.form(**FORM_LIMITS)
    for name, value in form.multi_items():
        digest.update(repr(name).encode())
        if isinstance(value, UploadFile):
            digest.update(repr(value.filename).encode())
            digest.update(await asyncio.to_thread(_digest_file, value.file))
        else:
            digest.update(repr(value).encode())
    return digest.digest()


def _digest_file(file: BinaryIO) -> bytes:
    digest = hashlib.sha256()
    while block := file.read(BLOCK_BYTES):
        digest.update(block)
    file.seek(0)
    return digest.digest()
