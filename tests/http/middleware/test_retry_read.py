"""What reads is asked for once more when the connection to the database broke under it."""

from copy import copy

import pytest
from starlette.types import Message, Receive, Scope, Send

from contravento.http.middleware.retry_read import RetryReadMiddleware
from contravento.http.request_state import RequestState
from contravento.kit.resources import Resources


class BreakingApp:
    """Its connection breaks the first so many times."""

    def __init__(self, breaks: int, *, says_why: bool = True) -> None:
        self.breaks, self.says_why = breaks, says_why
        self.states: list[RequestState] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = RequestState.of(scope)
        self.states.append(copy(state))
        state.is_authenticated = True
        assert "path_params" not in scope
        scope["path_params"] = {}
        is_broken = len(self.states) <= self.breaks
        state.is_connection_lost = is_broken and self.says_why
        status = 503 if is_broken else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": str(status).encode()})


async def ask(app: BreakingApp, resources: Resources, method: str = "GET") -> list[Message]:
    sent: list[Message] = []
    scope: Scope = {"type": "http", "method": method, "state": {}}
    RequestState("abc", method, resources).attach(scope)

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    await RetryReadMiddleware(app)(scope, receive, send)
    return sent


@pytest.mark.parametrize(
    ("app", "method", "times", "status"),
    [
        (BreakingApp(0), "GET", 1, 200),
        (BreakingApp(1), "GET", 2, 200),
        (BreakingApp(2), "GET", 2, 503),  # once more, and no more than that
        (BreakingApp(1, says_why=False), "GET", 1, 503),
        (BreakingApp(1), "POST", 1, 503),  # nobody knows whether it was carried out
    ],
)
async def test_a_read_is_answered_by_the_second_try(
    app: BreakingApp, method: str, times: int, status: int, resources: Resources
) -> None:
    sent = await ask(app, resources, method)
    bodies = [message.get("status") or message["body"] for message in sent]
    assert bodies == [status, str(status).encode()]
    assert len(app.states) == times


async def test_the_second_try_knows_nothing_of_the_first(resources: Resources) -> None:
    app = BreakingApp(1)
    await ask(app, resources)
    assert app.states == [RequestState("abc", "GET", resources)] * 2
