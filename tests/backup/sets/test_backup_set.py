"""Sets on disk, the key, the folder: what needs no database."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contravento_backup.kit import encryption, settings
from contravento_backup.kit.errors import BackupFailed, Busy
from contravento_backup.postgres import pgbackrest
from contravento_backup.sets import backup_set
from contravento_backup.sets.backup_set import BackupSet, SetState
from contravento_backup.storage.folder import Store, write_whole

KEY = "k" * 20 + "abcdefghijklmnop"
DAY = 24 * 3600
NEEDED = {"BACKUP_ENCRYPTION_KEY": KEY, "STORAGE_URL": "file:///var/lib/contravento/storage"}
S3 = {
    "BACKUP_S3_ENDPOINT": "https://s3.example.org/",
    "BACKUP_S3_BUCKET": "diary",
    "BACKUP_S3_ACCESS_KEY": "a",
    "BACKUP_S3_SECRET_KEY": "b",
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "backups")
    made.make()
    return made


def put(store: Store, name: str, *, outcome: str | None = None, manifest: str = "{}") -> Path:
    folder = store.sets / name
    folder.mkdir()
    (folder / backup_set.MANIFEST).write_text(manifest)
    if outcome:
        (folder / backup_set.PROOF).write_text(json.dumps({"outcome": outcome}))
    return folder


def test_a_set_is_what_its_drill_said(store: Store) -> None:
    put(store, "20261123T101500Z", outcome="proven")
    put(store, "20261123T161500Z", outcome="failed")
    put(store, "20261123T221500Z")
    put(store, "20261124T041500Z", manifest='{"format":')
    (store.sets / ".20261124T101500Z").mkdir()

    found = backup_set.list_all(store.sets)

    assert [each.state for each in found] == [
        SetState.PROVEN,
        SetState.FAILED,
        SetState.UNPROVEN,
        SetState.BROKEN,
    ]
    assert found[0].at == datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
    assert backup_set.find(store.sets).name == "20261124T041500Z"


def test_a_set_that_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(BackupFailed, match="no set yet"):
        backup_set.find(store.sets)
    with pytest.raises(BackupFailed, match="no set 20261123T101500Z"):
        backup_set.find(store.sets, "20261123T101500Z")


def test_a_set_that_goes_is_no_set_from_the_first_moment(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, "20261123T101500Z")

    def killed(path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        backup_set.remove(backup_set.find(store.sets))
    assert backup_set.list_all(store.sets) == []
    monkeypatch.undo()
    store.sweep()
    assert list(store.sets.iterdir()) == []


def test_two_runs_at_once_are_told_apart(store: Store) -> None:
    with (
        store.alone("a backup"),
        pytest.raises(Busy, match="a backup, since 20"),
        store.alone("a drill"),
    ):
        pass
    with store.alone("a drill"):
        pass


def test_a_full_disk_keeps_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    write_whole(file, b"before")
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    (tmp_path / ".state.json.new").symlink_to(full)

    with pytest.raises(BackupFailed, match=r"state\.json cannot be written: No space left"):
        write_whole(file, b"x" * 10_000)
    assert file.read_bytes() == b"before"


# --- the key


def test_a_seal_tells_of_every_change() -> None:
    manifest = {"name": "20261123T101500Z", "rows": 3, "parts": {"a": {"bytes": 1}}}
    sealed = {**manifest, "seal": encryption.seal(manifest, KEY)}

    assert encryption.is_sealed(sealed, KEY)
    assert encryption.is_sealed(json.loads(json.dumps(sealed)), KEY)
    assert not encryption.is_sealed({**sealed, "rows": 4}, KEY)
    assert not encryption.is_sealed(sealed, KEY + "x")
    assert not encryption.is_sealed(manifest, KEY)


def test_the_environment_file_comes_back_with_the_key_only(tmp_path: Path) -> None:
    plain, hidden = tmp_path / "env", tmp_path / "environment.enc"
    plain.write_text("# staging\nSECRET_KEY=äöü\n")

    encryption.encrypt(plain, hidden, KEY)

    assert encryption.decrypt(hidden, KEY) == plain.read_text()
    assert b"SECRET_KEY" not in hidden.read_bytes()
    for key in ("x" * 40, KEY[:-1]):
        with pytest.raises(BackupFailed, match="key is another one"):
            encryption.decrypt(hidden, key)


def test_keys_are_told_apart_without_being_told() -> None:
    assert encryption.fingerprint(KEY) != encryption.fingerprint(KEY + "x")
    assert len(encryption.fingerprint(KEY)) == 16
    assert KEY not in repr(settings.read(NEEDED))


# --- settings


def test_without_s3_there_is_no_offsite_copy() -> None:
    assert settings.read(NEEDED).offsite is None
    assert settings.read(NEEDED).storage == Path("/var/lib/contravento/storage")
    assert settings.read({**NEEDED, "STORAGE_URL": "s3://files"}).storage is None


@pytest.mark.parametrize("prefix", ["", "/staging/"])
def test_an_offsite_place_is_an_address_for_restic(prefix: str) -> None:
    offsite = settings.read({**NEEDED, **S3, "BACKUP_S3_PREFIX": prefix}).offsite

    assert offsite
    rest = "/staging" if prefix else ""
    assert offsite.repository == f"s3:https://s3.example.org/diary{rest}"


@pytest.mark.parametrize("missing", sorted(S3))
def test_half_a_place_is_refused(missing: str) -> None:
    given = {name: value for name, value in S3.items() if name != missing}
    with pytest.raises(BackupFailed, match=missing):
        settings.read({**NEEDED, **given})


@pytest.mark.parametrize("given", [{"BACKUP_EVERY_HOURS": "often"}, {"BACKUP_WAL_DAYS": "0"}])
def test_a_wrong_number_is_refused(given: dict[str, str]) -> None:
    (name,) = given
    with pytest.raises(BackupFailed, match=name):
        settings.read({**NEEDED, **given})


def test_a_short_key_is_refused() -> None:
    with pytest.raises(BackupFailed, match="BACKUP_ENCRYPTION_KEY"):
        settings.read({"BACKUP_ENCRYPTION_KEY": "short"})


# --- which base backup


@pytest.mark.parametrize(
    ("ages", "kind"),
    [
        ([], "full"),
        ([("full", 8.0)], "full"),
        ([("full", 0.5)], "incr"),
        ([("full", 1.5)], "diff"),
        ([("full", 3.0), ("diff", 0.3), ("incr", 0.1)], "incr"),
        ([("full", 3.0), ("diff", 1.1), ("incr", 0.1)], "diff"),
        ([("full", 7.1), ("diff", 0.2)], "full"),
    ],
)
def test_a_full_one_each_week_and_a_differential_one_each_day(
    ages: list[tuple[str, float]], kind: str
) -> None:
    now = 1_000 * DAY
    found = [{"type": each, "timestamp": {"stop": now - age * DAY}} for each, age in ages]

    assert pgbackrest.kind(found, now) == kind


def test_a_name_is_a_moment(tmp_path: Path) -> None:
    moment = datetime(2026, 11, 23, 10, 15, 7, tzinfo=UTC)
    assert BackupSet(tmp_path / backup_set.name_of(moment), None, None).at == moment
