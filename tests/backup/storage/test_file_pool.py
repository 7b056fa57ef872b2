"""Uploaded files in the backup: each content once, found again after a crash."""

import hashlib
import os
import secrets
import time
from pathlib import Path

import pytest

from contravento.kit.storage.storage import random_key
from contravento_backup.kit.errors import BackupFailed
from contravento_backup.storage.file_pool import FORGET_AFTER_SECONDS, IS_KEY, Pool, parse
from contravento_backup.storage.folder import Store


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    folder = tmp_path / "storage"
    folder.mkdir()
    return folder


@pytest.fixture
def pool(tmp_path: Path, storage: Path) -> Pool:
    store = Store(tmp_path / "backups")
    store.make()
    return Pool(store.files, storage)


def upload(storage: Path, content: bytes, *, kind: str = "photos", ending: str = ".jpg") -> str:
    key = random_key(kind, ending)
    path = storage / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return key


@pytest.mark.parametrize("ending", ["", ".jpg", ".gpx"])
def test_keys_look_as_the_application_makes_them(ending: str) -> None:
    assert IS_KEY.fullmatch(random_key("tracks", ending))


@pytest.mark.parametrize(
    "key", ["photos/3f/abc", "../3f/" + "0" * 30, "photos/3f/" + "0" * 30 + "#1"]
)
def test_what_is_no_finished_file_is_no_key(key: str) -> None:
    assert not IS_KEY.fullmatch(key)


def test_a_file_is_copied_once_and_shared(pool: Pool, storage: Path) -> None:
    content = secrets.token_bytes(3_000_000)
    first, second = upload(storage, content), upload(storage, content)

    assert pool.collect() == {first, second}

    digest = hashlib.sha256(content).hexdigest()
    assert pool.path(digest).read_bytes() == content
    assert {entry.sha256 for entry in pool.entries().values()} == {digest}
    copied = pool.path(digest).stat().st_mtime_ns
    assert pool.collect() == {first, second}
    assert pool.path(digest).stat().st_mtime_ns == copied


def test_what_was_deleted_is_still_known(pool: Pool, storage: Path) -> None:
    key = upload(storage, b"gone soon")
    pool.collect()
    (storage / key).unlink()

    assert pool.collect() == set()
    assert key in pool.entries()


def test_two_processes_see_what_the_other_collected(pool: Pool, storage: Path) -> None:
    other = Pool(pool.folder, storage)
    key = upload(storage, b"one")
    pool.collect()
    assert set(other.entries()) == {key}
    second = upload(storage, b"two")
    other.collect()
    assert set(pool.entries()) == {key, second}


def test_half_a_line_of_a_killed_run_is_dropped(pool: Pool, storage: Path) -> None:
    key = upload(storage, b"whole")
    pool.collect()
    with pool.index.open("ab") as opened:
        opened.write(b'{"key": "photos/')

    again = Pool(pool.folder, storage)
    assert set(again.entries()) == {key}
    second = upload(storage, b"later")
    again.collect()
    assert set(Pool(pool.folder, storage).entries()) == {key, second}


def test_a_content_that_was_dropped_is_copied_anew(pool: Pool, storage: Path) -> None:
    key = upload(storage, b"precious")
    pool.collect()
    digest = pool.entries()[key].sha256
    pool.drop(digest)

    assert pool.collect() == {key}
    assert pool.path(digest).read_bytes() == b"precious"


def test_what_no_set_lists_goes_after_a_while(pool: Pool, storage: Path) -> None:
    gone, listed, live = (upload(storage, each) for each in (b"gone", b"listed", b"live"))
    pool.collect()
    entries = dict(pool.entries())
    (storage / gone).unlink()
    (storage / listed).unlink()

    assert pool.forget({entries[listed].sha256}) == 0
    later = time.time() + FORGET_AFTER_SECONDS + 60
    assert pool.forget({entries[listed].sha256}, now=later) == 1
    assert set(pool.entries()) == {listed, live}
    assert not pool.path(entries[gone].sha256).exists()
    assert set(Pool(pool.folder, storage).entries()) == {listed, live}


def test_a_file_that_cannot_be_read_is_a_clear_failure(pool: Pool, storage: Path) -> None:
    key = upload(storage, b"x")
    (storage / key).unlink()
    os.mkdir(storage / key)  # noqa: PTH102
    (storage / key).rmdir()
    (storage / key).symlink_to(storage)

    with pytest.raises(BackupFailed, match="cannot be copied"):
        pool._take(key, storage / key)


def test_a_list_that_is_none_is_refused() -> None:
    with pytest.raises(BackupFailed, match="Line 2"):
        list(parse(['{"key": "a", "bytes": 1, "sha256": "b"}', "{]"]))
