"""Backups of a whole staging: taken while riders write, proven, mended, carried away."""

import json
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.stack.backups import (
    FOLDER,
    S3,
    UNASKED,
    answer,
    ask,
    figures,
    kinds,
    list_sets,
    riders_write,
    run,
    storage_elsewhere,
)
from tests.stack.deployment import Deployment, tell, wait_until
from tests.stack.spoiling import HEAD, SPOILINGS, spoiled

pytestmark = pytest.mark.stack

FIRES_WITHIN_SECONDS = 60


def test_every_set_that_is_taken_while_riders_write_is_whole(
    backed_up: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    with riders_write(backed_up) as diary:
        for environment in ((), (UNASKED,)):
            told = list(diary.trips)
            found = answer(backed_up, "now", environment=environment)
            assert found["state"] == "proven", found["problems"]
            dump = f"{FOLDER}/sets/{found['name']}/database.dump"
            dumped = run(backed_up, f"pg_restore -f - --data-only --table=trips {dump}")
            assert [trip for trip in told if trip not in dumped] == []
            size = f"{found['rows']} rows, {found['files']['count']} files"
            tell(capsys, f"{size}: restored twice and compared in {found['drill_seconds']} s")
    assert diary.errors == []


def test_a_photo_that_was_damaged_is_whole_again_after_the_next_backup(
    backed_up: Deployment,
) -> None:
    (damage,) = [
        spoiling for spoiling in SPOILINGS if spoiling.name == "photo with one flipped bit"
    ]
    run(backed_up, HEAD + damage.script)
    assert kinds(answer(backed_up, "drill", environment=(UNASKED,))) == {"file_differs"}
    assert answer(backed_up, "now", environment=(UNASKED,))["state"] == "proven"


# --- elsewhere


@pytest.fixture(scope="module")
def s3(backed_up: Deployment) -> Iterator[Deployment]:
    with storage_elsewhere(backed_up):
        yield backed_up


def restic(deployment: Deployment, *words: str, key: str = "") -> subprocess.CompletedProcess[str]:
    key = key or deployment.values["BACKUP_ENCRYPTION_KEY"]
    script = (
        f"export RESTIC_PASSWORD={key} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=testtest"
        f" HOME=/tmp; restic --no-cache -r s3:http://s3:5000/diary {' '.join(words)}"
    )
    return deployment.shell("backup", script)


def test_the_offsite_copy_is_a_whole_folder_for_who_has_the_key(s3: Deployment) -> None:
    said = ask(s3, "ship", environment=S3)
    assert said.returncode == 0, said.stderr
    assert restic(s3, "cat", "config", key="wrong" * 8).returncode != 0

    target = f"{FOLDER}/throwaway/back"
    back, there = restic(s3, "restore", "latest", "--target", target), f"{target}{FOLDER}"
    try:
        assert back.returncode == 0, back.stderr
        for part in ("sets", "files", "environment"):
            run(s3, f"diff -r --exclude='.*' {FOLDER}/{part} {there}/{part}")
        newest = list_sets(s3)[-1]["name"]
        proven = ask(s3, "list", "--json", environment=(f"BACKUP_PATH={there}",))
        assert json.loads(proven.stdout)[-1]["name"] == newest
    finally:
        run(s3, f"rm -rf {target}")


def test_nothing_that_riders_wrote_can_be_read_offsite(s3: Deployment) -> None:
    ask(s3, "ship", environment=S3)
    listing = (
        "import urllib.request as r; print(r.urlopen('http://s3:5000/diary?list-type=2').read())"
    )
    found = run(s3, f'python3 -c "{listing}"')
    assert "diary" in found
    assert "sets" not in found
    assert "manifest" not in found


# --- who is told


def test_a_drill_that_failed_is_an_alert_until_a_set_is_proven(backed_up: Deployment) -> None:
    def is_firing() -> bool:
        found = backed_up.prometheus("alerts")["alerts"]
        states = {each["labels"]["alertname"]: each["state"] for each in found}
        return states.get("BackupDrillFailed") == "firing"

    with spoiled(backed_up, SPOILINGS[0]):
        assert answer(backed_up, "drill", environment=(UNASKED,))["state"] == "failed"
        wait_until(is_firing, FIRES_WITHIN_SECONDS, "Prometheus says so")
    assert answer(backed_up, "drill", environment=(UNASKED,))["state"] == "proven"
    wait_until(lambda: not is_firing(), FIRES_WITHIN_SECONDS, "Prometheus says that it is over")


def test_prometheus_and_the_operator_are_told(backed_up: Deployment) -> None:
    found = figures(backed_up)
    assert time.time() - found["backup_last_proven_timestamp_seconds"] < 3600
    assert found["backup_drill_last_outcome"] in (0.0, 1.0)
    assert found['backup_sets{state="proven"}'] >= 1
    assert time.time() - found["backup_recoverable_until_timestamp_seconds"] < 180
    reports = backed_up.psql("SELECT DISTINCT kind FROM operation_reports ORDER BY 1").split()
    assert {"backup", "drill"} <= set(reports)


def test_what_the_drill_looks_at_cannot_read_secrets(backed_up: Deployment) -> None:
    for path in ("sets", "environment", "repository"):
        assert "denied" in backed_up.shell("drill", f"ls {FOLDER}/{path}").stderr
