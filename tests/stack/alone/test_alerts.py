"""Each alert has its real cause on the running stack, and is followed until all is well again.

Pending, firing, a mail that a real server got, over, and a mail that says so. Only durations are
shorter than in production. Causes that do not disturb each other run side by side.
"""

import json
import os
import re
import shlex
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.monitoring.rules import RUNBOOKS, alerts
from tests.stack import troubles
from tests.stack.alarms import (
    ALL_WELL,
    FIRING,
    MAILED,
    OVER,
    PENDING,
    Cause,
    Expected,
    Proof,
    Stage,
    alert,
    watching,
)
from tests.stack.conftest import await_certificate
from tests.stack.deployment import Deployment, deployed, free_port, tell, wait_until
from tests.stack.docker import ROOT
from tests.stack.hurry import hurry
from tests.stack.riders import sign_up

pytestmark = [
    pytest.mark.stack,
    pytest.mark.skipif(os.geteuid() != 0, reason="a small disk can be mounted by root only"),
]

QUIET_SECONDS = 90
CERTIFICATE_SECONDS = 300
ALWAYS = "Watchdog"
# They would take nine tenths of the machine's memory, hours or days; promtool tries these.
NOT_CAUSED = {"HostMemoryHigh", "BackupNotProven", "BackupWalGrowing", "BackupOffsiteBehind"}
NOT_CAUSED |= {"SecretOld", "DatabaseReplicaNotRead"}
# tests/stack/test_backup.py follows it; what causes it stands in test_backup_corruption.py.
NOT_CAUSED |= {"BackupDrillFailed"}
HOOK = """\
import http.server
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        said = self.rfile.read(int(self.headers["Content-Length"])).decode()
        print(f"{self.path} {said}\\n", end="", flush=True)  # at once: others call meanwhile
        self.send_response(200)
        self.end_headers()
http.server.ThreadingHTTPServer(("", 8080), Hook).serve_forever()
"""


@dataclass
class DiskStage(Stage):
    """With a small disk that can be filled."""

    disk: Path = field(kw_only=True)


@pytest.fixture(scope="module")
def stage(images: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DiskStage]:
    """Staging in a hurry, well and quiet, and somebody who looks at its alerts."""
    folder = tmp_path_factory.mktemp("alerts")
    settings = {
        "TEST_OPERATORS_MAIL_PORT": str(free_port()),
        "ALERT_MAIL_TO": "ops@example.test",
        "DATABASE_POOL_SIZE": "2",
    }
    overlays = ("tests/stack/alerts.test.yml",)
    with ExitStack() as until_the_end:
        disk = until_the_end.enter_context(troubles.small_disk(folder))
        deployment = until_the_end.enter_context(
            deployed(
                "staging", folder, images, settings=settings, overlays=overlays, prepare=_prepare
            )
        )
        await_certificate(deployment)
        mail_port = settings["TEST_OPERATORS_MAIL_PORT"]
        alarms = until_the_end.enter_context(watching(deployment, mail_port))
        yield DiskStage(deployment, alarms, disk=disk)


def _prepare(folder: Path) -> None:
    """The configuration in a hurry, short certificates, and who answers webhooks."""
    for name in ("prometheus", "alertmanager"):
        hurry(ROOT / "monitoring" / name, folder / "hurried" / name)
    (folder / "hook.py").write_text(HOOK)
    (folder / "hook.py").chmod(0o644)
    file = folder / "pebble" / "pebble.json"
    pebble = json.loads(file.read_text())
    pebble["pebble"]["certificateValidityPeriod"] = CERTIFICATE_SECONDS
    pebble["pebble"]["profiles"] = {
        "default": {"description": "short", "validityPeriod": CERTIFICATE_SECONDS}
    }
    file.write_text(json.dumps(pebble))


def burning(*burns: str) -> tuple[Expected, ...]:
    names = ("AvailabilityBudgetBurns", "LatencyBudgetBurns")
    return tuple(Expected(name, {"burn": burn}) for name in names for burn in burns)


def test_what_is_well_alerts_nobody(stage: DiskStage) -> None:
    """First of all: nothing but what is always there, once the start is over."""
    wait_until(
        lambda: stage.alarms.active and not _of_ours(stage.alarms.firing()),
        QUIET_SECONDS,
        "all is quiet",
    )


def _of_ours(firing: list[dict[str, str]]) -> list[dict[str, str]]:
    """Without the machine's own disk, which others fill, and a stand-in that tells no figures."""
    return [
        labels
        for labels in firing
        if labels["alertname"] != ALWAYS
        and not labels["alertname"].startswith("Disk")
        and labels.get("job") != "grafana"
    ]


def test_each_alert_has_its_cause_and_its_end(
    stage: DiskStage, capsys: pytest.CaptureFixture[str]
) -> None:
    the, began = stage.deployment, time.monotonic()
    with the.client(certified=False, timeout=120) as rider, ThreadPoolExecutor(12) as side_by_side:
        sign_up(the, rider)
        chains = [side_by_side.submit(stage.prove, *chain) for chain in _side_by_side(stage, rider)]
    stage.prove(
        Cause(
            "nginx, PostgreSQL and the worker are stopped",
            troubles.stopped(the, "nginx", "postgres", "worker"),
            (*alert("SiteUnreachable", "DatabaseDown"), *alert("TargetMissing", job="worker")),
        ),
    )
    tell(capsys, _table(stage.proofs, time.monotonic() - began))
    for each in chains:
        each.result()

    assert stage.missed() == {}
    assert {proof.expected.name for proof in stage.proofs} | NOT_CAUSED | {ALWAYS} == {
        rule.name for rule in alerts()
    }


def test_the_watchdog_calls_again_and_again(stage: DiskStage) -> None:
    calls = [line for line in stage.deployment.logs("hook").splitlines() if "/heartbeat {" in line]

    assert len(calls) > 2
    assert all('"alertname":"Watchdog"' in line for line in calls)


def test_the_commands_of_the_runbooks_work(stage: DiskStage) -> None:
    """All that look or mend inside a container, but for one that must be told a name."""
    lines = [
        shlex.split(line.partition(" # ")[0])[3:]
        for page in sorted(RUNBOOKS.glob("*.md"))
        for block in re.findall(r"^```sh\n(.+?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
        if line.startswith("./deploy.sh staging exec ") and "'SLOT'" not in line
    ]

    assert len(lines) > 30
    with ThreadPoolExecutor(2) as side_by_side:
        list(side_by_side.map(lambda line: stage.deployment.exec(*line), lines))


def _side_by_side(stage: DiskStage, rider: httpx.Client) -> list[tuple[Cause, ...]]:
    the = stage.deployment
    device = os.path.realpath(
        next(
            line.split()[0]
            for line in Path("/proc/mounts").read_text().splitlines()
            if line.split()[1] == str(stage.disk)
        )
    )
    # while all is still well
    trip = rider.post("/api/v1/trips", json={"title": "Over the pass"}).raise_for_status().json()
    return [
        (
            Cause(
                "the mail server is dead",
                troubles.dead_mail_server(the),
                (*alert("MailFailing"), *alert("JobsFailing")),
            ),
            Cause(
                "what reads tracks hangs",
                troubles.stuck_jobs(the, rider, trip["id"]),
                alert("JobStuck", "JobsWaiting"),
            ),
        ),
        (
            Cause(
                "a program hangs",
                troubles.frozen(the, "redis-exporter"),
                alert("ContainerUnhealthy", service="redis-exporter"),
            ),
            Cause("Redis is stopped", troubles.stopped(the, "redis"), alert("RedisDown")),
        ),
        (
            Cause(
                "somebody holds connections",
                troubles.held_connections(the, 0.86),
                alert("DatabaseConnectionsHigh"),
            ),
            Cause(
                "the exporter loses a right",
                troubles.revoked(the, "pg_stat_activity", "PUBLIC"),
                alert("MetricsAbsent", metric="pg_stat_activity_count"),
            ),
        ),
        (
            Cause(
                "a lock that is not given back",
                _locked_out(the, rider),
                (
                    *alert("DatabasePoolExhausted", "DatabasePoolTimeouts", "ApiSlow", "ApiErrors"),
                    *burning("14.4", "6"),
                ),
            ),
            Cause(
                "one request of five waits, one of 25 fails",
                _limping(the, rider),
                burning("3", "1"),
            ),
        ),
        (
            Cause(
                "a disk is filled",
                troubles.filling(stage.disk),
                alert("DiskSpaceLow", "DiskFillsSoon", device=device),
            ),
        ),
        (
            Cause(
                "a slot that nobody reads",
                troubles.idle_slot(the),
                alert("DatabaseReplicationSlotIdle", slot_name="standby"),
            ),
        ),
        (Cause("the archive refuses", troubles.stuck_archive(the), alert("DatabaseArchiveStuck")),),
        (
            Cause(
                "a process eats memory",
                troubles.eating(the, "certbot", 0.94),
                alert("ContainerMemoryHigh", service="certbot"),
            ),
        ),
        (
            Cause(
                "a process eats more than there is",
                troubles.eating(the, "hook", 1.5),
                alert("ContainerKilledForMemory", service="hook"),
            ),
            Cause(
                "nobody answers webhooks",
                troubles.stopped(the, "hook"),
                alert("AlertNotificationsFailing", integration="webhook"),
            ),
        ),
        (
            Cause(
                "a program crashes again and again",
                troubles.crashing(the, "grafana"),
                alert("ContainerRestarting", service="grafana"),
            ),
            Cause(
                "an exporter is stopped",
                troubles.stopped(the, "nginx-exporter"),
                alert("TargetDown", job="nginx"),
            ),
        ),
        (
            Cause(
                "nobody renews the certificate",
                _unrenewed(the),
                (
                    *alert("CertificateNearEnd", severity="warning"),
                    *alert("CertificateNearEnd", severity="critical"),
                ),
            ),
        ),
    ]


@contextmanager
def _locked_out(deployment: Deployment, rider: httpx.Client) -> Iterator[None]:
    """Every change waits for a lock until it is given up."""
    with (
        troubles.riding(rider, (troubles.CHANGE,), pause=0.5),
        troubles.locked(deployment, troubles.LOCK),
    ):
        yield


@contextmanager
def _limping(deployment: Deployment, rider: httpx.Client) -> Iterator[None]:
    """Changes wait now and then, and one kind of question fails; what strangers ask is well."""
    change, stranger = (troubles.CHANGE,), ("/api/v1/feed",)
    paths = (*(3 * stranger + change) * 5, *(3 * stranger), "/api/v1/me/tokens", *stranger)
    with (
        troubles.revoked(deployment, "personal_tokens", "contravento_app"),
        troubles.locked(deployment, troubles.PULSES),
        troubles.riding(rider, paths, pause=0.1),
    ):
        yield


@contextmanager
def _unrenewed(deployment: Deployment) -> Iterator[None]:
    yield
    deployment.exec("certbot", "certbot", "renew", "--force-renewal")


def _table(proofs: list[Proof], seconds: float) -> str:
    rows = [
        f"{proof.expected!s:44} {proof.cause:52}"
        + "".join(
            f"{proof.reached.get(step, float('nan')):7.0f}"
            for step in (PENDING, FIRING, MAILED, OVER, ALL_WELL)
        )
        for proof in proofs
    ]
    head = f"{'alert':44} {'cause':52}" + "".join(
        f"{name:>7}" for name in ("pending", "firing", "mailed", "over", "mailed")
    )
    return "\n  ".join([f"{len(proofs)} proofs in {seconds:.0f} s", head, *sorted(rows)])
