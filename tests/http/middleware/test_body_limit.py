"""How much of a request's body is read."""

import pytest
from starlette.types import Message, Receive, Scope, Send

from contravento.http.middleware.body_limit import BodyLimitMiddleware, BodyTooLarge

KILOBYTE = 1024
MULTIPART = (b"content-type", b"multipart/form-data; boundary=x")
JSON = (b"content-type", b"application/json")


async def read_body(
    path: str, *chunks: bytes, announced: str = "", kind: tuple[bytes, bytes] = JSON
) -> int:
    """How many bytes an application behind the limit gets to see."""
    waiting = list(chunks)
    seen = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal seen
        while waiting:
            seen += len((await receive())["body"])

    async def receive() -> Message:
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        raise AssertionError("the limit sends nothing itself")

    headers = [kind, *([(b"content-length", announced.encode())] if announced else [])]
    scope = {"type": "http", "path": path, "headers": headers}
    await BodyLimitMiddleware(app)(scope, receive, send)
    return seen


@pytest.mark.parametrize(
    ("path", "kind", "kilobytes", "said"),
    [
        ("/feed", JSON, 2048, "1\N{NO-BREAK SPACE}MB"),
        ("/api/v1/trips", JSON, 2048, "1\N{NO-BREAK SPACE}MB"),
        ("/trips/a/photos", MULTIPART, 21 * 1024, "20\N{NO-BREAK SPACE}MB"),
        ("/trips/a/tracks", MULTIPART, 51 * 1024, "50\N{NO-BREAK SPACE}MB"),
        ("/trips/a/edit", MULTIPART, 51 * 1024, "50\N{NO-BREAK SPACE}MB"),
        ("/trips/a/tracks", JSON, 2048, "1\N{NO-BREAK SPACE}MB"),
        ("/settings/photo", MULTIPART, 21 * 1024, "20\N{NO-BREAK SPACE}MB"),
        ("/api/v1/accounts", JSON, 64, "64\N{NO-BREAK SPACE}kB"),
        ("/api/v1/sessions/refresh", JSON, 64, "64\N{NO-BREAK SPACE}kB"),
        ("/api/v1/password-reset", JSON, 64, "64\N{NO-BREAK SPACE}kB"),
        ("/sign-up", MULTIPART, 64, "64\N{NO-BREAK SPACE}kB"),
        ("/confirm/abc", JSON, 64, "64\N{NO-BREAK SPACE}kB"),
    ],
)
async def test_a_body_is_read_up_to_the_limit_of_its_path(
    path: str, kind: tuple[bytes, bytes], kilobytes: int, said: str
) -> None:
    most = [bytes(KILOBYTE)] * kilobytes
    assert await read_body(path, *most, kind=kind) == kilobytes * KILOBYTE
    with pytest.raises(BodyTooLarge) as refusal:
        await read_body(path, *most, b"x", kind=kind)
    assert refusal.value.params == {"limit": said}


async def test_a_body_announced_as_too_long_is_not_read_at_all() -> None:
    with pytest.raises(BodyTooLarge):
        await read_body("/feed", b"x", announced=str(3 * 1024 * KILOBYTE))
