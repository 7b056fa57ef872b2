"""Restores of a staging whose riders write all the time, and of one that is lost altogether."""

import json
import shlex
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contravento_ops.kit.errors import Exit
from contravento_ops.kit.services import RESTORE
from tests.docs.pages import ROOT, commands
from tests.stack.breaking import dump, kill_at, rescued
from tests.stack.deployment import tell, wait_until
from tests.stack.docker import docker
from tests.stack.restored import Diary, Moment, a_diary

pytestmark = pytest.mark.stack

SET_SECONDS = 180
GUIDE = ROOT / "docs" / "guides" / "backup-and-restore.md"
CLUSTER = "/var/lib/postgresql/18/docker"


@pytest.fixture(scope="module")
def diary(tmp_path_factory: pytest.TempPathFactory, images: str) -> Iterator[Diary]:
    """A host with a proven set, and riders who have written."""
    with a_diary(tmp_path_factory.mktemp("host"), images) as diary:
        yield diary


@pytest.fixture(scope="module")
def moments(diary: Diary) -> list[Moment]:
    """Three, with a set after the first, and a trip deleted after each."""
    found = []
    with diary.writing():
        for number in range(3):
            diary.await_trips(4)
            with diary.still() as moment:
                found.append(moment)
                if number == 0:
                    diary.exec("backup", "contravento-backup", "now", "--no-drill")
            diary.delete_oldest()
    assert diary.errors == []
    return found


@pytest.mark.parametrize("number", [1, 0, 2])
def test_a_moment_comes_back_row_for_row_and_file_for_file(
    diary: Diary, moments: list[Moment], number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    moment = moments[number]

    found = diary.restore("--to", moment.at)

    assert diary.content() == moment.content
    assert diary.shows(moment)
    away = f"application restarted in {found['restart_seconds']} s"
    files = f"{found['files']} files, of which {found['brought']} were gone"
    swap = f"swapped in {found['swap_seconds']} s"
    tell(capsys, f"to a moment: {found['seconds']} s, {files}; {swap}; {away}")


def test_a_new_set_is_taken_and_proven_after_a_restore(diary: Diary, moments: list[Moment]) -> None:
    since = max(database.partition("_before_")[2] for database in diary.databases())
    restored_at = datetime.strptime(since + "Z", "%Y%m%d_%H%M%S%z")

    wait_until(
        lambda: diary.newest_proven() >= restored_at.strftime("%Y%m%dT%H%M%SZ"),
        SET_SECONDS,
        f"a new set is proven: {diary.sets()}",
    )
    assert diary.content() == moments[2].content


def test_a_set_comes_back_and_undo_leads_to_what_was_live(
    diary: Diary, moments: list[Moment], capsys: pytest.CaptureFixture[str]
) -> None:
    name = diary.newest_proven()
    with diary.writing():
        diary.await_trips(2)
        with diary.still() as before:
            pass
        with diary.still() as latest:
            found = diary.restore(name)
            assert diary.content() == moments[2].content
            tell(capsys, f"a set: {found['seconds']} s; swapped in {found['swap_seconds']} s")

            diary.restore("--undo")
            assert diary.content() == latest.content
            assert diary.shows(latest)
    assert before.content.keys() == latest.content.keys()


def test_a_dry_run_changes_nothing(diary: Diary) -> None:
    with diary.still() as moment:
        before = diary.files(), diary.databases()

        done = diary.host.ops("restore", "--dry-run", "--json")

        assert done.status == Exit.DONE, done.words
        assert done.report["dry_run"]
        assert diary.content() == moment.content
        assert (diary.files(), diary.databases()) == before


def test_without_the_environments_name_nothing_happens(diary: Diary) -> None:
    done = diary.host.ops("restore", "--yes", "prod", "--json")

    assert done.status == Exit.USAGE
    assert "Type the environment's name" in done.words


def test_a_moment_that_lies_ahead_or_too_far_back_is_refused(diary: Diary) -> None:
    ahead = diary.host.ops("restore", "--to", "2099-01-01 00:00", "--yes", "staging", "--json")
    behind = diary.host.ops("restore", "--to", "2001-01-01 00:00", "--yes", "staging", "--json")

    assert "lies ahead" in ahead.words
    assert "The WAL reaches back to" in behind.words
    assert ahead.status == behind.status == Exit.FAILED


# --- dumps that were made by hand


def test_a_dump_that_was_made_by_hand_comes_back(diary: Diary) -> None:
    made, before = dump(diary), diary.content()
    diary.host.psql("DELETE FROM trips")

    diary.restore(str(made))

    assert diary.content() == before


def test_what_is_no_dump_of_ours_is_refused(diary: Diary) -> None:
    wrong = diary.host.folder / "wrong.backup"
    wrong.write_text("SELECT 1;")
    done = diary.host.ops("restore", str(wrong), "--yes", "staging", "--json")
    assert "is no dump that pg_restore reads" in done.words

    wrong.write_bytes(b"")
    done = diary.host.ops("restore", str(wrong), "--yes", "staging", "--json")
    assert "wrong.backup is empty" in done.words


def test_a_schema_that_is_newer_than_the_release_is_refused(diary: Diary) -> None:
    made = dump(
        diary,
        "UPDATE alembic_version SET version_num = 'from_the_future';"
        " COMMENT ON TABLE alembic_version IS NULL",
    )
    before = diary.content(), diary.databases()

    done = diary.host.ops("restore", str(made), "--yes", "staging", "--json")

    assert done.status == Exit.REFUSED, done.words
    assert "of a newer release: it is at from_the_future" in done.words
    assert (diary.content(), diary.databases()) == before


def test_a_schema_that_is_older_is_migrated(diary: Diary) -> None:
    head = diary.host.psql("SELECT version_num FROM alembic_version")
    made = dump(
        diary,
        "DROP INDEX ix_riders_email;"  # which the newest migration brought
        " UPDATE alembic_version SET version_num = '20261201_pictures';"
        " COMMENT ON TABLE alembic_version IS NULL",
    )

    found = diary.restore(str(made))

    assert found["migrated"] == [head]
    assert diary.host.psql("SELECT version_num FROM alembic_version") == head


# --- restores that are killed


@pytest.mark.parametrize(
    "moment",
    ["load the side database (", "uploaded files together", "put the files"],
)
def test_a_restore_that_is_killed_before_the_swap_changes_nothing(
    diary: Diary, moment: str
) -> None:
    diary.host.psql("UPDATE riders SET name = 'Live'")
    before = diary.content()

    said = kill_at(diary, moment)

    assert moment in said
    assert diary.content() == before
    assert diary.answers()


@pytest.mark.parametrize("after", [0.0, 0.05, 0.15])
def test_a_restore_that_is_killed_in_the_swap_leaves_the_old_or_the_new(
    diary: Diary, after: float
) -> None:
    diary.host.psql("UPDATE riders SET name = 'Live'")
    old = diary.content()

    said = kill_at(diary, "put it in the place of the live database", after=after)

    assert "put it in the place" in said
    kept = [database for database in diary.databases() if "_before_" in database]
    found = diary.content()
    is_old = found == old
    assert is_old or any(diary.content(each) == old for each in kept)
    wait_until(diary.answers, 60, "the site answers")


def test_running_it_again_mends(diary: Diary) -> None:
    found = diary.restore(diary.newest_proven())

    assert diary.answers()
    assert not [database for database in diary.databases() if database.endswith("_restoring")]
    assert found["missing"] == []


def test_what_restores_may_do_little(diary: Diary) -> None:
    call = diary.host.compose.call("--profile", "restore", "config", "--format", "json")
    services = json.loads(docker(*call.words[1:]))["services"]
    for name in RESTORE:
        found = services[name]
        assert found["read_only"]
        assert found["init"]
        assert found["cap_drop"] == ["ALL"]
        assert found["security_opt"] == ["no-new-privileges:true"]
        assert found["profiles"] == ["restore"]
        limits = found["deploy"]["resources"]["limits"]
        assert limits.keys() == {"cpus", "memory", "pids"}
    assert [name for name in RESTORE if services[name].get("cap_add")] == ["restore-files"]
    assert services["restore"]["network_mode"] == services["restore-files"]["network_mode"]
    assert services["restore"]["network_mode"] == "none"


# --- a database that is broken or gone


def test_a_cluster_that_does_not_start_is_set_aside(
    diary: Diary, capsys: pytest.CaptureFixture[str]
) -> None:
    name, expected = diary.take_set()
    diary.shell("postgres", f"rm {CLUSTER}/global/pg_control")
    docker("kill", f"{diary.host.project}-postgres-1")

    found = diary.restore(name)

    assert found["set_aside"].startswith("docker.set-aside-")
    assert diary.content() == expected
    wait_until(diary.answers, 60, "the site answers")
    tell(capsys, f"a new cluster, and a set: {found['seconds']} s")


def test_a_volume_that_was_emptied_is_filled_from_the_wal(
    diary: Diary, capsys: pytest.CaptureFixture[str]
) -> None:
    diary.take_set()
    with diary.writing():
        diary.await_trips(2)
        with diary.still():
            written = diary.host.psql("SELECT id FROM trips").split()
            diary.archive()
    diary.shell("postgres", f"rm -r {CLUSTER}", check=False)
    docker("kill", f"{diary.host.project}-postgres-1")

    found = diary.restore("--to", "latest")

    trips = diary.host.psql("SELECT id FROM trips").split()
    assert set(trips) >= set(written)
    tell(capsys, f"a new cluster, and all that WAL leads to: {found['seconds']} s")


# --- the guide, and a server from nothing


# What tests above and below type in other words.
TYPED = {
    "./deploy.sh staging": "test_a_lost_server_comes_back_from_its_backups_and_the_key",
    "./deploy.sh staging backup ship": "test_a_lost_server_comes_back",
    "./deploy.sh staging restore 20261123T101500Z --yes staging": "test_a_set_comes_back",
    './deploy.sh staging restore --to "2026-11-23 10:15" --yes staging': "test_a_moment_comes_back",
    "./deploy.sh staging restore --to latest --yes staging": "test_a_volume_that_was_emptied",
    "./deploy.sh staging restore backups/today.backup --yes staging": "test_a_dump_that_was_made",
    "./deploy.sh staging restore --undo --yes staging": "test_a_set_comes_back_and_undo",
    "./deploy.sh staging restore --dry-run": "test_a_dry_run_changes_nothing",
    "./deploy.sh staging init --from-backup /srv/rescued": "test_a_lost_server_comes_back",
    "./deploy.sh staging init --from-backup s3://s3.example.org/bucket/staging": (
        "test_a_lost_server_comes_back"
    ),
}


def test_every_command_of_the_guide_is_typed(diary: Diary) -> None:
    """Those that no other test types, in their order."""
    diary.take_set()
    typed = {each.words for each in commands(GUIDE)}
    assert set(TYPED) <= typed
    assert all(any(global_.startswith(name) for global_ in globals()) for name in TYPED.values())
    an_hour_ahead = datetime.now(UTC) + timedelta(hours=1)
    for command in commands(GUIDE):
        if command.words in TYPED:
            continue
        moment = f"{an_hour_ahead:%Y-%m-%d %H:%M:%S} +01:00"
        words = command.words.replace("2026-11-23 11:15 Europe/Madrid", moment)
        done = diary.host.ops(*shlex.split(words)[2:])
        assert done.status == Exit.DONE, f"{command}\n{done.words}"


@pytest.mark.parametrize("place", ["a folder", "storage elsewhere"])
def test_a_lost_server_comes_back_from_its_backups_and_the_key(
    diary: Diary, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with diary.writing():
        diary.await_trips(2)
        with diary.still() as moment:
            diary.archive()
    lost = (diary.host.folder / ".env.staging").read_text()
    with rescued(diary, place, tmp_path / "rescued") as (where, secrets):
        diary.lose()
        started = time.monotonic()
        done = diary.host.ops("init", "--from-backup", where, "--json", **secrets)
    if done.status != Exit.DONE:
        (diary.host.folder / ".env.staging").write_text(lost)  # to be taken away by
    assert done.status == Exit.DONE, done.words
    rebuilt = time.monotonic() - started
    again = diary.host.deploy(f"contravento:{diary.value('TAG')}")

    assert again.status == Exit.DONE, again.words
    served = time.monotonic() - started
    tell(capsys, f"from nothing, by {place}: data in {rebuilt:.0f} s, serving in {served:.0f} s")
    assert (diary.host.folder / ".env.staging").read_text().split() == lost.split()
    assert diary.content() == moment.content
    assert diary.shows(moment)


def test_a_wrong_key_rebuilds_nothing(diary: Diary, tmp_path: Path) -> None:
    rescued = tmp_path / "rescued"
    docker("cp", f"{diary.host.project}-backup-1:/var/backups/contravento", str(rescued))
    file = diary.host.folder / ".env.staging"
    kept = file.rename(file.with_name("kept"))
    try:
        done = diary.host.ops(
            "init", "--from-backup", str(rescued), "--json", BACKUP_ENCRYPTION_KEY="w" * 48
        )
        assert done.status == Exit.ENVIRONMENT
        assert "the key is another one" in done.words
        assert not file.exists()
    finally:
        kept.rename(file)
