"""A lost server's environment file, its backups, and a cluster that is put away."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contravento_backup.kit import encryption, programs
from contravento_backup.kit.errors import BackupFailed
from contravento_backup.postgres import pgbackrest
from contravento_backup.restore import commands, rebuild, sources
from contravento_backup.restore.restore import moment_of
from contravento_backup.restore.side_database import KEPT_FOR
from contravento_backup.sets import backup_set
from contravento_backup.storage.folder import Store

KEY = "k" * 20 + "abcdefghijklmnop"
FILE = f"DOMAIN=diary.example.org\nBACKUP_ENCRYPTION_KEY={KEY}\n"
NOW = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)


@pytest.fixture
def place(tmp_path: Path) -> Store:
    """With one set and no environment file of a last start."""
    store = Store(tmp_path / "lost")
    store.make()
    folder = store.sets / "20261123T101500Z"
    folder.mkdir()
    (folder / backup_set.MANIFEST).write_text("{}")
    plain = tmp_path / "plain"
    plain.write_text(FILE)
    encryption.encrypt(plain, folder / backup_set.ENVIRONMENT, KEY)
    return store


def test_the_environment_file_is_read_with_the_key_alone(place: Store) -> None:
    assert rebuild.environment_of(place, KEY) == FILE


def test_another_key_is_told_so(place: Store) -> None:
    with pytest.raises(BackupFailed, match="the key is another one, or the file is damaged"):
        rebuild.environment_of(place, "another" + KEY)


def test_a_damaged_file_of_the_last_start_gives_way_to_that_of_a_set(place: Store) -> None:
    place.environment.write_bytes(b"Salted__ and then nothing of use")

    assert rebuild.environment_of(place, KEY) == FILE


def test_a_folder_that_holds_no_backup_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="no backup folder"):
        rebuild.adopt(Store(tmp_path / "here"), tmp_path)
    with pytest.raises(BackupFailed, match="no backup folder"):
        rebuild.environment_of(Store(tmp_path), KEY)


def test_a_backup_folder_is_copied_whole_without_what_is_at_work(
    place: Store, tmp_path: Path
) -> None:
    here = Store(tmp_path / "here")
    (place.files / "index.jsonl").write_text("{}\n")
    (place.throwaway / "dump").mkdir()
    (place.sets / ".20261123T161500Z").mkdir()
    rebuild.adopt(here, place.root)
    (here.files / "index.jsonl").write_text("half")

    rebuild.adopt(here, place.root)

    assert [each.name for each in backup_set.list_all(here.sets)] == ["20261123T101500Z"]
    assert (here.files / "index.jsonl").read_text() == "{}\n"
    assert not list(here.throwaway.iterdir())
    assert not (here.sets / ".20261123T161500Z").exists()


def test_a_damaged_cluster_is_put_away_and_goes_after_seven_days(tmp_path: Path) -> None:
    cluster = tmp_path / "docker"
    cluster.mkdir()
    (cluster / "PG_VERSION").write_text("18")

    name = rebuild.set_aside(cluster, NOW)
    cluster.mkdir()
    again = rebuild.set_aside(cluster, NOW + timedelta(days=1))

    assert name == "docker.set-aside-20261123_101500"
    assert (tmp_path / name / "PG_VERSION").exists()
    assert rebuild.set_aside(cluster, NOW + KEPT_FOR + timedelta(hours=1)) == ""
    assert [path.name for path in tmp_path.iterdir()] == [again]


# --- moments


BASES: list[dict[str, Any]] = [
    {"label": "one", "timestamp": {"stop": 1_000}},
    {"label": "two", "timestamp": {"stop": 2_000}},
]


@pytest.mark.parametrize(("at", "label"), [(1_000, "one"), (1_999, "one"), (2_000, "two")])
def test_the_last_base_backup_before_the_moment_is_taken(at: int, label: str) -> None:
    moment = datetime.fromtimestamp(at, UTC)

    assert sources.newest_base(BASES, moment)["label"] == label


def test_without_a_moment_it_is_the_last_one() -> None:
    assert sources.newest_base(BASES, None)["label"] == "two"


def test_a_moment_before_all_of_them_is_told_how_far_back_it_goes() -> None:
    with pytest.raises(BackupFailed, match="reaches back to 1970-01-01T00:16:40"):
        sources.newest_base(BASES, datetime.fromtimestamp(999, UTC))
    with pytest.raises(BackupFailed, match="no base backup"):
        sources.newest_base([], None)


def test_a_moment_without_a_zone_is_refused() -> None:
    assert moment_of("latest") is None
    assert moment_of("2026-11-23T10:15:00+01:00") == NOW - timedelta(hours=1)
    with pytest.raises(BackupFailed, match="no time zone"):
        moment_of("2026-11-23T10:15:00")


# --- storage elsewhere


@pytest.mark.parametrize(
    ("place", "repository"),
    [
        ("s3://s3.example.org/diary/staging", "s3:https://s3.example.org/diary/staging"),
        ("s3:http://10.0.0.7:5000/diary", "s3:http://10.0.0.7:5000/diary"),
    ],
)
def test_storage_elsewhere_is_named_in_one_word(
    monkeypatch: pytest.MonkeyPatch, place: str, repository: str
) -> None:
    for name in ("ACCESS_KEY", "SECRET_KEY"):
        monkeypatch.setenv(f"BACKUP_S3_{name}", "known")

    offsite = commands.settings_of(place, KEY).offsite

    assert offsite
    assert offsite.repository == repository


def test_half_a_name_and_a_missing_key_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BACKUP_S3_ACCESS_KEY", raising=False)
    with pytest.raises(BackupFailed, match="write s3://"):
        commands.settings_of("s3://s3.example.org", KEY)
    with pytest.raises(BackupFailed, match="BACKUP_S3_ACCESS_KEY"):
        commands.settings_of("s3://s3.example.org/diary", KEY)


def test_a_moment_is_told_to_pgbackrest_in_utc(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: list[str] = []
    monkeypatch.setattr(programs, "run", lambda *words: told.extend(words))
    at = datetime.fromisoformat("2026-11-23T11:15:00.5+01:00")

    pgbackrest.restore_to(tmp_path, label="one", at=at)

    assert "--target=2026-11-23 10:15:00.500000+00:00" in told
