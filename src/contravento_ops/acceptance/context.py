"""One visit to the environment: what several boxes need is made once, and removed at the end."""

import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from types import TracebackType
from typing import Any, Self

from contravento_ops.acceptance.tools import browser, inbox, sample_files
from contravento_ops.acceptance.tools.browser import Browser
from contravento_ops.acceptance.tools.sample_files import Ride
from contravento_ops.kit import compose, prometheus
from contravento_ops.kit.check_result import Inconclusive
from contravento_ops.kit.compose import Project
from contravento_ops.kit.errors import CommandError
from contravento_ops.kit.prometheus import Prometheus, Unreachable
from contravento_ops.kit.site import Address, File, Site
from contravento_ops.load import reference_load
from contravento_ops.load.reference_load import Reference
from contravento_ops.release import facts
from contravento_ops.release.probe_rider import Probe, a_probe

TITLE = "A check before a release"
STORY = "Written by the check, and gone when it ends. The road keeps to the north bank."
GPX = "application/gpx+xml"
# With those of checks that were broken off.
FORGET = (
    "DELETE FROM riders WHERE username = '{name}' OR (username ~ '^check_[0-9a-f]{{12}}$'"
    " AND created_at < now() - interval '6 hours'"
    " AND NOT EXISTS (SELECT FROM trips WHERE rider_id = riders.id))"
)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who signs up; `email` is read by the check where an inbox is set."""

    username: str
    email: str
    password: str
    has_inbox: bool


@dataclass(frozen=True, slots=True)
class Trip:
    id: str
    slug: str

    @property
    def place(self) -> str:
        return f"/api/v1/trips/{self.id}"

    @property
    def page(self) -> str:
        return f"/trips/{self.slug}"


@dataclass
class CheckContext:
    project: Project
    values: Mapping[str, str]
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    published: int = 0
    _ends: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ends.close()

    @cached_property
    def address(self) -> Address:
        return facts.address_of_site(self.project, self.values.get("DOMAIN", "localhost"))

    @cached_property
    def site(self) -> Site:
        """As a stranger."""
        return Site(self.address)

    @cached_property
    def probe(self) -> Probe:
        """A confirmed rider, so that no other box depends on mail."""
        try:
            return self._ends.enter_context(a_probe(self.project))
        except CommandError as refusal:
            raise Inconclusive(str(refusal)) from refusal

    @cached_property
    def rider(self) -> Site:
        """As the probe."""
        return Site(self.address, self.probe.token)

    @cached_property
    def newcomer(self) -> Newcomer:
        """Not signed up yet; whatever becomes of the account, it goes at the end."""
        name = f"check_{secrets.token_hex(6)}"
        try:
            email, has_inbox = inbox.address_for(name, self.values), True
        except Inconclusive:
            email, has_inbox = f"{name}@probe.invalid", False
        forget = FORGET.format(name=name)
        self._ends.callback(lambda: compose.run(facts.psql(self.project, forget)))
        return Newcomer(name, email, secrets.token_urlsafe(24), has_inbox)

    @cached_property
    def account(self) -> Any:
        """What signing up answers."""
        them = self.newcomer
        wanted = {"username": them.username, "email": them.email, "password": them.password}
        answer = self.site.post("/api/v1/accounts", wanted)
        return answer.expect(201, what="signing up").json()

    def start_trip(self, *, audience: str = "everyone") -> Trip:
        """A draft of the probe's."""
        wanted = {"title": TITLE, "story": STORY, "audience": audience}
        made = self.rider.post("/api/v1/trips", wanted).expect(201, what="a draft").json()
        return Trip(made["id"], made["slug"])

    def publish(self, trip: Trip) -> None:
        self.rider.send("PUT", f"{trip.place}/publication").expect(200, what="publishing")
        self.published += 1

    @cached_property
    def trip(self) -> Trip:
        """Published, without a track."""
        made = self.start_trip()
        self.publish(made)
        return made

    @cached_property
    def ride(self) -> Ride:
        return sample_files.a_ride()

    @cached_property
    def ridden(self) -> Trip:
        """Published, with the ride as its track. Raises NotGood where the worker refuses it."""
        made = self.start_trip()
        self.upload_track(made, self.ride)
        self.publish(made)
        return made

    def upload_track(self, trip: Trip, ride: Ride) -> Any:
        """What was found in it."""
        file = File("check.gpx", GPX, ride.gpx)
        sent = self.rider.upload("POST", f"{trip.place}/tracks", file)
        track = sent.expect(202, what="the upload of a track").json()
        return self.rider.until_ready(f"/api/v1/tracks/{track['id']}")

    @cached_property
    def browser(self) -> Browser:
        return self._ends.enter_context(browser.a_browser(self.address))

    @cached_property
    def prometheus(self) -> Prometheus:
        try:
            return prometheus.of(self.project)
        except Unreachable as error:
            raise Inconclusive(str(error)) from error

    @cached_property
    def reference(self) -> Reference:
        """What the environment does under the reference load, which is sent once."""
        return reference_load.measure(self.project, self.values, self.probe)

    def psql(self, query: str) -> str:
        done = compose.run(facts.psql(self.project, query))
        if not done.ok:
            raise Inconclusive(f"PostgreSQL cannot be asked: {done.said}")
        return done.out.strip()
