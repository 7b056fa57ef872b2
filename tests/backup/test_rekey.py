"""Another key for backups: old sets open with the new one, and with nothing else."""

import json
from pathlib import Path

import pytest

from contravento_backup import rekey
from contravento_backup.kit import encryption
from contravento_backup.kit.errors import BackupFailed
from contravento_backup.rekey import Keys
from contravento_backup.restore import rebuild
from contravento_backup.sets import backup_set
from contravento_backup.storage.folder import Store, sha256_of

OLD, NEW, OTHER = "o" * 40 + "ld", "n" * 40 + "ew", "x" * 40 + "yz"
KEYS = Keys(OLD, NEW)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    found = Store(tmp_path / "backups")
    found.make()
    return found


def make_set(store: Store, name: str, key: str = OLD) -> Path:
    folder = store.sets / name
    folder.mkdir()
    plain = store.root / "plain"
    plain.write_text(f"DOMAIN=diary.velo.test\nBACKUP_ENCRYPTION_KEY={key}\n")
    encryption.encrypt(plain, folder / backup_set.ENVIRONMENT, key)
    plain.unlink()
    file = folder / backup_set.ENVIRONMENT
    part = {"bytes": file.stat().st_size, "sha256": sha256_of(file)}
    manifest = {
        "name": name,
        "key": encryption.fingerprint(key),
        "parts": {backup_set.ENVIRONMENT: part},
    }
    sealed = {**manifest, "seal": encryption.seal(manifest, key)}
    (folder / backup_set.MANIFEST).write_text(json.dumps(sealed))
    return folder


def manifest_of(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / backup_set.MANIFEST).read_text())
    return found


def test_old_sets_open_with_the_new_key_and_with_nothing_else(store: Store) -> None:
    folder = make_set(store, "20261101T000000Z")
    assert rekey.opened_by(store, OLD, None) == [folder.name]

    assert rekey.rekey(store, KEYS, None) == 1

    assert encryption.is_sealed(manifest_of(folder), NEW)
    parts = manifest_of(folder)["parts"]
    assert parts == {
        backup_set.ENVIRONMENT: {
            "bytes": (folder / backup_set.ENVIRONMENT).stat().st_size,
            "sha256": sha256_of(folder / backup_set.ENVIRONMENT),
        }
    }
    assert rekey.opened_by(store, OLD, None) == []
    assert rekey.opened_by(store, NEW, None) == [folder.name]


def test_a_lost_server_is_rebuilt_from_them_with_the_new_key(store: Store) -> None:
    make_set(store, "20261101T000000Z")

    rekey.rekey(store, KEYS, None)

    assert f"BACKUP_ENCRYPTION_KEY={NEW}\n" in rebuild.environment_of(store, NEW)


def test_going_on_after_it_was_broken_off_and_going_back(store: Store) -> None:
    folder = make_set(store, "20261101T000000Z")
    before = (folder / backup_set.MANIFEST).read_bytes()
    rekey.rekey(store, KEYS, None)
    (folder / backup_set.MANIFEST).write_bytes(before)  # as if killed between the two files

    assert rekey.rekey(store, KEYS, None) == 1
    assert encryption.is_sealed(manifest_of(folder), NEW)
    assert rekey.rekey(store, Keys(NEW, OLD), None) == 1
    assert rekey.opened_by(store, NEW, None) == []


def test_what_was_changed_or_is_of_another_key_gets_no_new_seal(store: Store) -> None:
    changed, foreign = (
        make_set(store, "20261101T000000Z"),
        make_set(store, "20261102T000000Z", key=OTHER),
    )
    spoiled = {**manifest_of(changed), "rows": 0}
    (changed / backup_set.MANIFEST).write_text(json.dumps(spoiled))

    assert rekey.rekey(store, KEYS, None) == 0
    assert not encryption.is_sealed(manifest_of(changed), NEW)
    assert encryption.is_sealed(manifest_of(foreign), OTHER)


def test_both_keys_are_wanted(store: Store) -> None:
    assert rekey.read([f"{OLD}\n", f"{NEW}\n", "\n"], 2) == [OLD, NEW]
    with pytest.raises(BackupFailed, match="2 keys"):
        rekey.read([f"{OLD}\n"], 2)
