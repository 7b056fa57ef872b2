"""Bodies that come slowly, or never: nobody else waits for them."""

import asyncio
import logging

import pytest
from starlette.types import ASGIApp, Message, Scope

from contravento.http.middleware import request_body
from contravento.http.middleware.request_body import BodyDeadlines
from contravento.kit.resources import Resources
from contravento.main import create_app
from tests.conftest import open_client, sign_in
from tests.support import factories

FORM = b"application/x-www-form-urlencoded"
JSON = b"application/json"
MULTIPART = b"multipart/form-data; boundary=x"
LOOKS = 100
IMPATIENT = BodyDeadlines(seconds=5, seconds_between=0.05)


class SlowClient:
    """Sends `begun` of a body, and then nothing more: until it hangs up, where it does."""

    def __init__(self, begun: bytes = b"login=", *, hangs_up: bool = False) -> None:
        self._waiting = [begun]
        self._hangs_up = hangs_up
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        if self._waiting:
            return {"type": "http.request", "body": self._waiting.pop(), "more_body": True}
        if self._hangs_up:
            return {"type": "http.disconnect"}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int | None:
        return self.sent[0]["status"] if self.sent else None

    async def ask(
        self, app: ASGIApp, resources: Resources, path: str, kind: bytes, cookie: str = "x"
    ) -> None:
        headers = [
            (b"content-type", kind),
            (b"content-length", b"1000"),
            (b"cookie", f"session={cookie}".encode()),
            (b"sec-fetch-site", b"same-origin"),
        ]
        scope: Scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "scheme": "http",
            "query_string": b"",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("test", 80),
            "state": {"resources": resources},
        }
        await app(scope, self.receive, self.send)


@pytest.fixture
def live_app(live_resources: Resources) -> ASGIApp:
    return create_app(live_resources.settings, live_resources)


@pytest.fixture
async def cookie(live_resources: Resources) -> str:
    async with live_resources.transaction() as session:
        return await factories.make_cookie(session, await factories.make_rider(session))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/sign-in", FORM),
        ("/sign-in", MULTIPART),
        ("/sign-up", FORM),
        ("/trips", FORM),
        ("/settings/profile", FORM),
        ("/api/v1/sessions", JSON),
        ("/api/v1/trips", JSON),
        ("/settings/photo", MULTIPART),
        ("/api/v1/me/photo", MULTIPART),
        ("/trips/a/edit", MULTIPART),
    ],
)
async def test_half_sent_bodies_hold_no_connection(
    path: str, kind: bytes, live_app: ASGIApp, live_resources: Resources, cookie: str
) -> None:
    pool = live_resources.engine.pool
    asking = [
        asyncio.create_task(SlowClient().ask(live_app, live_resources, path, kind, cookie))
        for _ in range(12)
    ]
    for _ in range(LOOKS):  # who it is may be looked up first, in a transaction of its own
        await asyncio.sleep(0.1)
        if not (held := pool.checkedout()):  # type: ignore[attr-defined]
            break
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    assert held == 0


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/sign-in", FORM), ("/api/v1/sessions", JSON), ("/settings/photo", MULTIPART)],
)
async def test_a_body_that_stops_coming_is_refused(
    path: str,
    kind: bytes,
    live_app: ASGIApp,
    live_resources: Resources,
    cookie: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(request_body, "FORM_PATIENCE", IMPATIENT)
    monkeypatch.setattr(request_body, "FILE_PATIENCE", IMPATIENT)
    client = SlowClient(b"--x\r\n" if kind == MULTIPART else b"login=")
    async with asyncio.timeout(20):
        await client.ask(live_app, live_resources, path, kind, cookie)
    assert client.status == 408
    assert (b"connection", b"close") in client.sent[0]["headers"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/sign-in", FORM), ("/api/v1/sessions", JSON), ("/settings/photo", MULTIPART)],
)
async def test_a_client_that_hangs_up_leaves_one_quiet_line(
    path: str,
    kind: bytes,
    live_app: ASGIApp,
    live_resources: Resources,
    cookie: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = SlowClient(b"--x\r\n", hangs_up=True)
    with caplog.at_level(logging.INFO):
        await client.ask(live_app, live_resources, path, kind, cookie)
    assert client.status is None
    (line,) = [record for record in caplog.records if record.name.startswith("contravento")]
    assert (line.getMessage(), line.status, line.exc_info) == ("request", 499, None)  # type: ignore[attr-defined]


async def test_a_whole_body_is_read_as_it_was_sent(
    live_app: ASGIApp, live_resources: Resources
) -> None:
    async with live_resources.transaction() as session:
        rider = await factories.make_rider(session)
    async with open_client(live_app, live_resources) as client:
        await sign_in(client, live_resources, rider)
        made = await client.post(
            "/api/v1/trips", json={"title": "Ría de Vigo", "story": "á" * 9000}
        )
    assert made.status_code == 201
    assert len(made.json()["story"]) == 9000
