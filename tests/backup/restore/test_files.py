"""Uploaded files of what is restored: whole ones, each in its place, and nothing else changed."""

import hashlib
from pathlib import Path

import pytest

from contravento.kit.storage.storage import random_key
from contravento_backup.kit.errors import BackupFailed
from contravento_backup.restore.files import Storage
from contravento_backup.storage.file_pool import Entry, Pool
from contravento_backup.storage.folder import Store


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    folder = tmp_path / "storage"
    folder.mkdir()
    return Storage(folder)


@pytest.fixture
def pool(tmp_path: Path, storage: Storage) -> Pool:
    store = Store(tmp_path / "backups")
    store.make()
    return Pool(store.files, storage.root)


def upload(storage: Storage, pool: Pool, content: bytes) -> Entry:
    """Stored, and in the backup."""
    key = random_key("photos", ".jpg")
    path = storage.root / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    pool.collect()
    return Entry(key, len(content), hashlib.sha256(content).hexdigest())


def test_a_file_that_was_deleted_comes_back(storage: Storage, pool: Pool) -> None:
    lost, there = upload(storage, pool, b"a ferry"), upload(storage, pool, b"a pass")
    (storage.root / lost.key).unlink()

    found = storage.gather([lost, there], pool)
    before = (storage.root / lost.key).exists()
    placed = storage.put_in_place()

    assert (found.there, found.brought, found.missing) == (1, 1, [])
    assert not before
    assert placed == 1
    assert (storage.root / lost.key).read_bytes() == b"a ferry"


def test_a_file_that_was_damaged_is_whole_again(storage: Storage, pool: Pool) -> None:
    damaged = upload(storage, pool, b"a ferry")
    (storage.root / damaged.key).write_bytes(b"a fervy")

    assert storage.gather([damaged], pool).brought == 1
    storage.put_in_place()

    assert (storage.root / damaged.key).read_bytes() == b"a ferry"


def test_the_side_folder_holds_all_of_them_and_nothing_live_changes(
    storage: Storage, pool: Pool
) -> None:
    entries = [upload(storage, pool, f"day {number}".encode()) for number in range(3)]
    (storage.root / entries[0].key).unlink()
    before = {each for each in storage.root.rglob("*") if each.is_file()}

    storage.gather(entries, pool)

    assert all((storage.side / entry.key).exists() for entry in entries)
    storage.tidy()
    assert {path for path in storage.root.rglob("*") if path.is_file()} == before


def test_a_file_that_is_whole_nowhere_is_named(storage: Storage, pool: Pool) -> None:
    lost = upload(storage, pool, b"a ferry")
    (storage.root / lost.key).unlink()
    pool.path(lost.sha256).write_bytes(b"a fervy")

    found = storage.gather([lost], pool)

    assert found.missing == [lost.key]
    assert not (storage.side / lost.key).exists()
    with pytest.raises(BackupFailed, match=r"1 uploaded files are neither .* photos/"):
        found.refuse_missing()


def test_gathering_again_after_a_kill_begins_anew(storage: Storage, pool: Pool) -> None:
    entry = upload(storage, pool, b"a ferry")
    (storage.root / entry.key).unlink()
    half = storage.side / entry.key
    half.parent.mkdir(parents=True)
    half.write_bytes(b"a fe")

    assert storage.gather([entry], pool).brought == 1
    assert half.read_bytes() == b"a ferry"


def test_a_name_that_leads_elsewhere_is_refused(storage: Storage, pool: Pool) -> None:
    with pytest.raises(BackupFailed, match="no name of a stored file"):
        storage.gather([Entry("../../etc/passwd", 1, "0" * 64)], pool)
