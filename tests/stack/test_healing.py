"""Each service is killed under load: it comes back by itself, and what was acknowledged is there.

Killed means that all its processes are gone at once, as after a crash or an out-of-memory kill.
(`docker kill` would not do: Docker takes that for an administrator's wish and does not start the
container again.)
"""

import itertools
import secrets
import threading
from dataclasses import dataclass, field

import httpx
import pytest

from tests.stack.deployment import Deployment, tell, wait_until
from tests.stack.load import Stream, steady
from tests.stack.riders import at_the_door, sign_up
from tests.tracks.making import ride

pytestmark = pytest.mark.stack

HEALED_SECONDS = 120
QUIET_BEFORE = 15  # answers before the blow
AFTER = 20  # and after everything is well again


@dataclass
class Diary:
    """Somebody who reads pages and starts trips, and remembers which were acknowledged."""

    acknowledged: list[str] = field(default_factory=list)
    turn: "itertools.count[int]" = field(default_factory=itertools.count)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, client: httpx.Client) -> httpx.Response:
        with self.lock:
            turn = next(self.turn)
        if turn % 3:
            return client.get("/", headers={"Accept": "text/html"})
        answer = client.post(
            "/api/v1/trips",
            json={"title": f"Stage {turn}"},
            headers={"Idempotency-Key": secrets.token_hex(16)},
        )
        if answer.status_code == 201:
            self.acknowledged.append(answer.json()["id"])
        return answer


def kill(deployment: Deployment, service: str) -> int:
    """Every process of it at once; how often it had been restarted before."""
    before = restarts(deployment, service)
    deployment.shell(service, "kill -9 -1")
    return before


def restarts(deployment: Deployment, service: str) -> int:
    return int(deployment.containers()[f"{service}-1"]["RestartCount"])


def is_well(deployment: Deployment) -> bool:
    healthy = all(
        each["State"].get("Health", {"Status": "healthy"})["Status"] == "healthy"
        for name, each in deployment.containers().items()
        if each["State"]["Running"] and name != "pebble-1"
    )
    if not healthy:
        return False
    with deployment.client() as client:
        try:
            return client.get("/health/ready").status_code == 200
        except httpx.HTTPError:
            return False


@pytest.mark.parametrize("service", ["backend", "redis", "postgres", "nginx", "worker"])
def test_a_killed_service_heals_and_loses_nothing(
    staging: Deployment, service: str, capsys: pytest.CaptureFixture[str]
) -> None:
    diary = Diary()
    with at_the_door(staging) as client:
        sign_up(staging, client)
        with steady(client, diary.ask) as stream:
            wait_until(lambda: len(stream.answers) > QUIET_BEFORE, 30, "the stream flows")
            assert stream.unwell == []
            before = kill(staging, service)
            wait_until(lambda: restarts(staging, service) > before, 30, "it is started again")
            taken = wait_until(lambda: is_well(staging), HEALED_SECONDS, "everything is well")
            healed = len(stream.answers)
            wait_until(lambda: len(stream.answers) > healed + AFTER, 30, "the stream goes on")
        assert [answer.status_code for answer in stream.answers[-5:] if answer.is_error] == []
        try:
            check_what_was_said(stream, service)
        except AssertionError as error:
            log = staging.logs("backend").splitlines()
            error.add_note("\n".join(line[-3000:] for line in log if '"unforeseen"' in line))
            raise
        check_what_was_kept(client, diary)

    told = f"{len(stream.unavailable)} told to come back, {len(stream.errors)} cut off"
    tell(
        capsys, f"{service} killed: well after {taken:.1f} s, {len(stream.answers)} answers, {told}"
    )


def check_what_was_said(stream: Stream, service: str) -> None:
    """Whoever asked meanwhile got a page that says when to come back, and no other error."""
    allowed = {200, 201, 503}
    assert {each.status_code for each in stream.answers} <= allowed
    for answer in stream.unavailable:
        assert answer.headers["Retry-After"] == "20"
        if answer.request.method == "GET":
            assert answer.headers["Content-Type"].startswith("text/html")
            assert "Back in a moment" in answer.text
            assert "stylesheet" in answer.text
        else:
            assert answer.headers["Content-Type"].startswith("application/problem+json")
    if service != "nginx":  # with nginx gone there is nobody to say anything
        assert stream.errors == []
    if service in ("redis", "worker"):
        assert stream.unavailable == []


def check_what_was_kept(client: httpx.Client, diary: Diary) -> None:
    assert len(diary.acknowledged) > 5
    lost = [
        trip_id
        for trip_id in diary.acknowledged
        if client.get(f"/api/v1/trips/{trip_id}").status_code != 200
    ]
    assert lost == []


def test_an_upload_is_read_although_its_worker_was_killed(staging: Deployment) -> None:
    with at_the_door(staging) as client:
        sign_up(staging, client)
        trip = client.post("/api/v1/trips", json={"title": "Over the pass"}).json()
        sent = [
            client.post(
                f"/api/v1/trips/{trip['id']}/tracks", files={"file": ("day.gpx", ride(60_000))}
            )
            for _ in range(3)
        ]
        assert [each.status_code for each in sent] == [202] * 3
        kill(staging, "worker")

        def is_read() -> bool:
            found = client.get(f"/api/v1/trips/{trip['id']}/tracks").json()["items"]
            return [each["state"] for each in found] == ["ready"] * 3

        wait_until(is_read, HEALED_SECONDS, "all three tracks are read")


def test_a_restart_by_hand_heals(staging: Deployment) -> None:
    staging.compose("restart", "backend")
    wait_until(lambda: is_well(staging), HEALED_SECONDS, "everything is well")


def test_a_backend_with_another_address_is_found(staging: Deployment) -> None:
    """Recreated, and a second one beside it: nginx asks Docker for their addresses again."""
    again = ("up", "--detach", "--wait")  # --no-deps would make Compose take it for changed
    staging.compose(*again, "--force-recreate", "backend")
    with staging.client() as client:
        wait_until(lambda: client.get("/health").status_code == 200, 10, "the new one is found")
        staging.compose(*again, "--no-recreate", "--scale", "backend=2", "backend")

        def both_are_asked() -> bool:
            assert {client.get("/health").status_code for _ in range(10)} == {200}
            return len({line["upstream"] for line in staging.access_log()[-10:]}) == 2

        wait_until(both_are_asked, 15, "both are asked")
        with steady(client, lambda each: each.get("/health")) as stream:
            staging.compose(*again, "--no-recreate", "--scale", "backend=1", "backend")
        assert stream.unwell == []
