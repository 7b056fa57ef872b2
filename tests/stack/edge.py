"""A dev environment whose nginx keeps answers, and a rider with something to show and to hide."""

import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import httpx
from PIL import Image

from tests.stack.deployment import Deployment, deployed, wait_until
from tests.stack.docker import PATIENT_SECONDS
from tests.stack.riders import PASSWORD, sign_up
from tests.tracks.making import ride

READY_SECONDS = 60
HIT = "nginx; hit"
STORY = "After Zamora the only shade was our own, and it was getting shorter by the hour."
# What could make one answer differ from another, each with a value of its own.
ODD_HEADERS = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "evil",
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Prefix": "/evil",
    "X-Original-URL": "/evil",
    "X-Rewrite-URL": "/evil",
    "X-HTTP-Method-Override": "DELETE",
    "Forwarded": "host=evil.example",
    "Edge-Second": "9999999999",
    "If-None-Match": "*",
    "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT",
    "Range": "bytes=0-10",
    "Expect": "100-continue",
    "Cookie": "language=fr; evil=evil",
    "HX-Target": "evil",
    "User-Agent": "evil",
    "Referer": "https://evil.example/",
    "Upgrade": "h2c",
}


@dataclass
class Edge:
    """`canary` stands in what only the rider may see, in nothing else."""

    deployment: Deployment
    rider: httpx.Client  # with a token
    name: str
    canary: str = field(default_factory=lambda: f"canary{secrets.token_hex(6)}")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.deployment.port('HTTP')}"

    def visitor(self, **headers: str) -> httpx.Client:
        """Nobody: without anything that a library would say on its own."""
        client = httpx.Client(base_url=self.url, timeout=PATIENT_SECONDS)
        client.headers.clear()
        client.headers.update({"Accept": "text/html", "Accept-Encoding": "identity", **headers})
        return client

    @contextmanager
    def browser(self) -> Iterator[httpx.Client]:
        """The rider's own, signed in by the form."""
        with self.visitor(**{"Sec-Fetch-Site": "same-origin"}) as client:
            sent = client.post("/sign-in", data={"login": self.name, "password": PASSWORD})
            assert sent.status_code == 303, sent.text
            assert "session" in client.cookies
            yield client

    def trip(self, title: str, *, audience: str = "everyone", published: bool = True) -> "Trip":
        draft = {"title": title, "story": STORY, "audience": audience}
        made = self.rider.post("/api/v1/trips", json=draft).raise_for_status().json()
        trip = Trip(self, made["id"], made["slug"])
        if published:
            trip.publish()
        return trip


@dataclass
class Trip:
    edge: Edge
    id: str
    slug: str
    photo: str = ""
    track: str = ""

    @property
    def place(self) -> str:
        return f"/api/v1/trips/{self.id}"

    def publish(self) -> None:
        self.edge.rider.put(f"{self.place}/publication").raise_for_status()

    def hide(self) -> None:
        self.edge.rider.delete(f"{self.place}/publication").raise_for_status()

    def change(self, **named: str) -> None:
        self.edge.rider.patch(self.place, json=named).raise_for_status()

    def fill(self) -> None:
        """With a photo and a track, both ready."""
        picture = BytesIO()
        Image.effect_noise((640, 480), 60).convert("RGB").save(picture, "JPEG", quality=80)
        files = {"photo": ("a.jpg", picture.getvalue()), "track": ("day.gpx", ride(60))}
        made = {
            noun: self.edge.rider.post(f"{self.place}/{noun}s", files={"file": file})
            .raise_for_status()
            .json()["id"]
            for noun, file in files.items()
        }
        self.photo, self.track = made["photo"], made["track"]
        for noun, known in made.items():
            place = f"/api/v1/{noun}s/{known}"
            wait_until(
                lambda place=place: self.edge.rider.get(place).json()["state"] == "ready",
                READY_SECONDS,
                f"the {noun} is ready",
            )

    def surfaces(self) -> list[str]:
        """What is there while the trip may be seen, and is not found when it may not."""
        return [
            f"/trips/{self.slug}",
            f"/trips/{self.slug}/tracks.gpx",
            f"/trips/{self.slug}/tracks/{self.track}.gpx",
            f"/photos/{self.photo}/small.jpg",
            f"/photos/{self.photo}/full.jpg",
            self.place,
            *(f"{self.place}/{part}" for part in ("photos", "tracks", "geometry", "profile")),
            f"/api/v1/photos/{self.photo}",
            f"/api/v1/tracks/{self.track}",
            f"/api/v1/tracks/{self.track}/geometry?tolerance=20",
            f"/api/v1/tracks/{self.track}/profile",
            f"/api/v1/tracks/{self.track}/file",
        ]

    def lists(self) -> list[str]:
        """What names it, however long it is there."""
        name = self.edge.name
        pages = ["/", "/map/tours.json", f"/riders/{name}"]
        return [*pages, "/api/v1/feed", f"/api/v1/riders/{name}/trips"]


@contextmanager
def an_edge(folder: Path, tag: str, **settings: str) -> Iterator[Edge]:
    with deployed("dev", folder, tag, settings={"EDGE_CACHE": "on", **settings}) as deployment:
        url = f"http://127.0.0.1:{deployment.port('HTTP')}"
        with httpx.Client(base_url=url, timeout=PATIENT_SECONDS) as rider:
            name = sign_up(deployment, rider)
            yield Edge(deployment, rider, name)


def cache_status(answer: httpx.Response) -> str:
    return str(answer.headers.get("Cache-Status", ""))


def is_hit(answer: httpx.Response) -> bool:
    return cache_status(answer).startswith(HIT)


def hit(client: httpx.Client, path: str, **headers: str) -> httpx.Response:
    """An answer that was kept: asked for until there is one, which is at once as a rule."""
    answers: list[httpx.Response] = []

    def is_kept() -> bool:
        answers.append(client.get(path, headers=headers))
        return is_hit(answers[-1])

    wait_until(is_kept, READY_SECONDS, f"{path} is kept", every=0.05)
    return answers[-1]


def seen_until(look: Callable[[], bool], acknowledged: float, seconds: float) -> float:
    """When somebody last began to look and still saw it, in seconds after the acknowledgement."""
    last = 0.0
    while (began := time.monotonic()) < acknowledged + seconds:
        if look():
            last = began - acknowledged
    return last


def without_query(page: str) -> str:
    """A page repeats its own query in one link, to come back to."""
    return re.sub(r'back=[^"]*"', 'back="', page)
