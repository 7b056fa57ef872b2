"""What is seen of a set's files without restoring it."""

from pathlib import Path

import pytest

from contravento_backup.kit.errors import BackupFailed
from contravento_backup.sets import backup_set, verify
from contravento_backup.sets.backup_set import BackupSet
from contravento_backup.storage import file_pool as pools
from contravento_backup.storage.file_pool import Pool

FIRST, SECOND = (f"photos/00/{number:030x}.jpg" for number in (1, 2))


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    storage, folder = tmp_path / "storage", tmp_path / "files"
    folder.mkdir()
    for key in (FIRST, SECOND):
        (storage / key).parent.mkdir(parents=True, exist_ok=True)
        (storage / key).write_bytes(b"the same picture")
    found = Pool(folder, storage)
    found.collect()
    return found


@pytest.fixture
def subject(tmp_path: Path, pool: Pool) -> BackupSet:
    folder = tmp_path / "20261123T101500Z"
    folder.mkdir()
    (folder / backup_set.FILES).write_text(pools.written(pool.entries().values()))
    return BackupSet(folder, {}, None)


def test_a_damaged_content_is_that_of_every_file_that_shares_it(
    pool: Pool, subject: BackupSet
) -> None:
    assert list(verify.files(subject, pool)) == []
    path = pool.path(pool.entries()[FIRST].sha256)
    path.write_bytes(b"another picture!")

    assert [each.kind for each in verify.files(subject, pool)] == ["file_differs"] * 2
    assert not path.exists(), "so that the next run copies it anew"
    assert [file.kind for file in verify.files(subject, pool)] == ["file_missing"] * 2


def test_a_file_of_elsewhere_is_adopted_only_if_it_is_whole(tmp_path: Path, pool: Pool) -> None:
    theirs, entry = tmp_path / "theirs", pool.entries()[FIRST]
    theirs.write_bytes(b"the same picture")
    ours = Pool(tmp_path / "ours", None)
    ours.folder.mkdir()

    ours.adopt(SECOND, theirs, entry)
    assert ours.entries()[SECOND].sha256 == entry.sha256

    theirs.write_bytes(b"cut")
    with pytest.raises(BackupFailed, match="missing or damaged"):
        ours.adopt(FIRST, theirs, entry)
    with pytest.raises(BackupFailed, match="no name of a stored file"):
        ours.adopt("../etc/passwd", theirs)
