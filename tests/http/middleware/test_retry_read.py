"""What reads is asked for once more when the connection to the database broke under it."""

from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from contravento.http.middleware.retry_read import CUT, Again


class Page:
    """Its connection breaks the first so many times."""

    def __init__(self, breaks: int, *, says_why: bool = True) -> None:
        self.breaks, self.says_why = breaks, says_why
        self.asked: list[dict[str, Any]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = scope["state"]
        self.asked.append(dict(state))
        state["viewer"] = "somebody"
        scope["path_params"] = {}
        is_broken = len(self.asked) <= self.breaks
        if is_broken and self.says_why:
            state[CUT] = True
        status = 503 if is_broken else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": str(status).encode()})


async def ask(page: Page, method: str = "GET") -> list[Message]:
    told: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        told.append(message)

    await Again(page)(
        {"type": "http", "method": method, "state": {"request_id": "abc"}}, receive, send
    )
    return told


@pytest.mark.parametrize(
    ("page", "method", "times", "status"),
    [
        (Page(0), "GET", 1, 200),
        (Page(1), "GET", 2, 200),
        (Page(2), "GET", 2, 503),  # once more, and no more than that
        (Page(1, says_why=False), "GET", 1, 503),
        (Page(1), "POST", 1, 503),  # nobody knows whether it was carried out
    ],
)
async def test_who_only_reads_is_answered_by_the_second_try(
    page: Page, method: str, times: int, status: int
) -> None:
    told = await ask(page, method)
    assert [each.get("status") or each["body"] for each in told] == [status, str(status).encode()]
    assert len(page.asked) == times


async def test_the_second_try_knows_nothing_of_the_first() -> None:
    page = Page(1)
    await ask(page)
    assert page.asked == [{"request_id": "abc"}] * 2
