"""One staging from nothing: certified, updated, broken, restored, judged and alarmed.

It is built once, and its tests go on where the one before ended; who breaks something mends it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contravento_ops.kit.errors import Exit
from tests.stack import troubles
from tests.stack.alarms import Cause, Stage, alert, watching
from tests.stack.backups import UNASKED, answer, kinds
from tests.stack.checked import a_checked_host, assert_is_go
from tests.stack.deployment import Deployment, tell, wait_until
from tests.stack.hurry import hurry_in_place
from tests.stack.releases import Host, check_that_it_went_back, deployment_on
from tests.stack.restored import SET_SECONDS, Diary
from tests.stack.spoiling import SPOILINGS, spoiled

pytestmark = [pytest.mark.stack, pytest.mark.core]

UNLOOKED = ("--skip", "firewall")  # a machine for tests may have one, or none


@pytest.fixture(scope="module")
def host(images: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Brought up by deploy.sh, with rules in a hurry, so that an alert takes seconds."""
    folder = tmp_path_factory.mktemp("core")
    with a_checked_host(
        folder, images, prepare=_hurry_alerts, ALERT_MAIL_TO="ops@example.test"
    ) as host:
        yield host


def _hurry_alerts(folder: Path) -> None:
    for name in ("prometheus", "alertmanager"):
        hurry_in_place(folder / "monitoring" / name)


@pytest.fixture(scope="module")
def deployment(host: Host) -> Deployment:
    return deployment_on(host)


def test_a_visitor_who_trusts_only_the_authority_is_let_in(
    host: Host, deployment: Deployment
) -> None:
    with deployment.client() as client:
        assert client.get("/").status_code == 200
        assert client.get("/health/ready").json()["checks"]["queue"] == "ok"
    assert host.ops("status", "--json").report["is_well"] is True


@contextmanager
def asked_whether_ready(deployment: Deployment) -> Iterator[set[int]]:
    """As a monitor outside does, again and again; what it was answered."""
    statuses: set[int] = set()
    over = threading.Event()

    def ask() -> None:
        with deployment.client() as client:
            while not over.wait(0.3):
                statuses.add(client.get("/health/ready").status_code)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield statuses
    finally:
        over.set()
        asking.join()


def test_what_an_earlier_manual_types_works(host: Host) -> None:
    words = ("backend", "poetry", "run", "alembic", "upgrade", "head")
    done = host.ops("exec", *words)
    assert done.status == Exit.DONE, done.words
    assert "from now on type: alembic upgrade head" in done.words


def test_an_upgrade_under_load_loses_no_request(host: Host, deployment: Deployment) -> None:
    image = host.good("good")

    with asked_whether_ready(deployment) as statuses:
        done = host.deploy(image, *UNLOOKED)

    assert statuses == {200}
    assert done.status == Exit.DONE, done.words
    assert done.requests["lost"] == 0, done.requests
    assert done.requests["acknowledged_but_gone"] == []
    assert {"read", "write", "upload"} <= set(done.requests["by_kind"])
    assert {serving for _, serving in host.serving()} == {image}


def test_a_release_that_crashes_at_boot_is_rolled_back(host: Host) -> None:
    _, before = host.serving()[0]
    image = host.with_command("crash", "import sys; sys.exit('no such setting: COLOUR')")

    done = host.deploy(image, *UNLOOKED)

    check_that_it_went_back(host, done, before)
    assert "crashes at its start" in done.cause
    assert "no such setting: COLOUR" in done.cause


def test_a_backup_is_taken_found_spoiled_and_restored(
    host: Host, deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    diary = Diary(host)
    with diary.writing():
        diary.await_trips(4)
    name, content = diary.take_set()
    assert diary.newest_proven() == name

    (flipped,) = [
        spoiling for spoiling in SPOILINGS if spoiling.name == "dump with one flipped bit"
    ]
    with spoiled(deployment, flipped):
        judged = answer(deployment, "drill", environment=(UNASKED,))
        assert judged["state"] == "failed"
        assert kinds(judged) & flipped.kinds
    assert answer(deployment, "drill", environment=(UNASKED,))["state"] == "proven"

    diary.delete_oldest()
    host.psql("UPDATE riders SET name = 'Somebody else'")
    assert diary.content() != content
    restored = diary.restore(name)

    assert diary.errors == []
    assert diary.content() == content
    assert diary.answers()
    tell(capsys, f"restored in {restored['seconds']} s, swapped in {restored['swap_seconds']} s")
    wait_until(lambda: diary.newest_proven() > name, SET_SECONDS, "a new set is proven")


def test_it_is_go(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    assert_is_go(host, capsys)


def test_three_alerts_have_their_cause_and_their_end(deployment: Deployment) -> None:
    the = deployment
    with watching(the, str(the.port("MAIL"))) as alarms:
        stage = Stage(the, alarms)
        stage.prove(
            Cause(
                "nginx, Redis and the worker are stopped",
                troubles.stopped(the, "nginx", "redis", "worker"),
                (*alert("SiteUnreachable", "RedisDown"), *alert("TargetMissing", job="worker")),
            )
        )
    assert len(stage.proofs) == 3
    assert stage.missed() == {}
