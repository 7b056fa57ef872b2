"""How much of a request's body is read."""

import pytest
from starlette.types import Message, Receive, Scope, Send

from contravento.http.middleware.body_limit import BodyLimitMiddleware, BodyTooLarge

MEGABYTE = 1024 * 1024


async def read_body(path: str, *chunks: bytes, announced: str = "") -> int:
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

    headers = [(b"content-length", announced.encode())] if announced else []
    scope = {"type": "http", "path": path, "headers": headers}
    await BodyLimitMiddleware(app)(scope, receive, send)
    return seen


@pytest.mark.parametrize(
    ("path", "megabytes"), [("/feed", 2), ("/trips/a/photos", 21), ("/trips/a/tracks", 51)]
)
async def test_a_body_is_read_up_to_the_limit_of_its_path(path: str, megabytes: int) -> None:
    most = [bytes(MEGABYTE)] * megabytes
    assert await read_body(path, *most) == megabytes * MEGABYTE
    with pytest.raises(BodyTooLarge) as refusal:
        await read_body(path, *most, b"x")
    assert refusal.value.params == {"megabytes": megabytes - 1}


async def test_a_body_announced_as_too_long_is_not_read_at_all() -> None:
    with pytest.raises(BodyTooLarge):
        await read_body("/feed", b"x", announced=str(3 * MEGABYTE))
