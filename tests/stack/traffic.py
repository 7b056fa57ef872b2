"""Riders about their business: trips, photos, tracks, mails, and what goes wrong every day."""

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO

import httpx
from benchmarks.files import make_gpx
from PIL import Image

from tests.stack.deployment import Deployment
from tests.stack.riders import PASSWORD, at_the_door, sign_up

PAUSE_SECONDS = 0.1
READY_SECONDS = 30
TRACK_POINTS = 2_000
LOOKS_PER_TRIP = 10
MAILS_PER_RIDER = 4  # one more within the hour is refused, as the product has it
STORY = "After Zamora the only shade was our own, and it was getting shorter by the hour."


@dataclass
class Traffic:
    """What was answered, by status, and what was not answered at all."""

    statuses: Counter[int] = field(default_factory=Counter)
    trips: int = 0
    errors: list[str] = field(default_factory=list)

    @property
    def failures(self) -> int:
        """Answers that a rider would call an outage."""
        return sum(number for status, number in self.statuses.items() if status >= 500)


@contextmanager
def riding(deployment: Deployment, *, riders: int = 2) -> Iterator[Traffic]:
    """So many riders, each signed up and signed in, at once until the block ends."""
    traffic, over = Traffic(), threading.Event()
    ride = (deployment, traffic, over)
    threads = [threading.Thread(target=_ride, args=ride) for _ in range(riders)]
    for thread in threads:
        thread.start()
    try:
        yield traffic
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _ride(deployment: Deployment, traffic: Traffic, over: threading.Event) -> None:
    """An error ends a tour; the next begins all the same, as after a deployment."""
    while not over.is_set():
        try:
            with at_the_door(deployment) as client:
                client.event_hooks["response"] = [_counting(traffic)]
                _tour(client, sign_up(deployment, client), traffic, over)
        except (httpx.HTTPError, AssertionError, KeyError) as error:
            traffic.errors.append(f"{type(error).__name__}: {error}")
            over.wait(1)


def _counting(traffic: Traffic) -> Callable[[httpx.Response], None]:
    def count(answer: httpx.Response) -> None:
        traffic.statuses[answer.status_code] += 1

    return count


def _tour(client: httpx.Client, name: str, traffic: Traffic, over: threading.Event) -> None:
    mails = 0
    while not over.is_set():
        places = _write_a_trip(client, over)
        traffic.trips += 1
        for _ in range(LOOKS_PER_TRIP):
            if over.wait(PAUSE_SECONDS):
                return
            _look_around(client, *places)
        _go_astray(client)
        if mails < MAILS_PER_RIDER:
            client.post("/api/v1/password-reset", json={"email": f"{name}@example.org"})
            mails += 1


def _write_a_trip(client: httpx.Client, over: threading.Event) -> tuple[str, str]:
    """The addresses of a trip that is published now: of its resource and of its page."""
    draft = {"title": "Down the Duero", "story": STORY, "audience": "everyone"}
    made = client.post("/api/v1/trips", json=draft)
    assert made.status_code == 201, made.text
    of_trip, page = f"/api/v1/trips/{made.json()['id']}", f"/trips/{made.json()['slug']}"
    for kind, name, content in (
        ("tracks", "day.gpx", make_gpx(TRACK_POINTS)),
        ("photos", "ford.jpg", a_photo()),
        ("photos", "notes.jpg", b"no picture at all"),
    ):
        sent = client.post(f"{of_trip}/{kind}", files={"file": (name, content)})
        if sent.status_code == 202:
            _await_settled(client, f"/api/v1/{kind}/{sent.json()['id']}", over)
    client.put(f"{of_trip}/publication")
    return of_trip, page


def _await_settled(client: httpx.Client, place: str, over: threading.Event) -> None:
    """Until the worker has made something of the file, or refused it."""
    until = time.monotonic() + READY_SECONDS
    while client.get(place).json().get("state") in ("queued", "reading"):
        if over.wait(0.3) or time.monotonic() > until:
            return


def _look_around(client: httpx.Client, of_trip: str, page: str) -> None:
    for path in ("/", page, "/api/v1/feed", of_trip, f"{of_trip}/photos", "/health/ready"):
        client.get(path)


def _go_astray(client: httpx.Client) -> None:
    """What is not there, what is refused, and what is no JSON."""
    client.get(f"/no/such/page/{secrets.token_hex(4)}")
    client.get("/api/v1/trips/00000000-0000-4000-8000-000000000000")
    client.post("/api/v1/trips", content=b"{", headers={"Content-Type": "application/json"})
    login = f"nobody{secrets.token_hex(4)}"
    client.post("/api/v1/sessions", json={"login": login, "password": PASSWORD})


def a_photo() -> bytes:
    file = BytesIO()
    colour = (secrets.randbelow(256), secrets.randbelow(256), secrets.randbelow(256))
    Image.new("RGB", (1200, 800), colour).save(file, "JPEG")
    return file.getvalue()
