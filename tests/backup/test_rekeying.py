"""Another key for backups: old sets open with the new one, and with nothing else."""

import json
from pathlib import Path

import pytest

from contravento_backup import rebuilding, rekeying, secrecy, sets
from contravento_backup.failures import BackupFailed
from contravento_backup.rekeying import Keys
from contravento_backup.store import Store, sha256_of

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
    secrecy.encrypt(plain, folder / sets.ENVIRONMENT, key)
    plain.unlink()
    file = folder / sets.ENVIRONMENT
    part = {"bytes": file.stat().st_size, "sha256": sha256_of(file)}
    manifest = {"name": name, "key": secrecy.fingerprint(key), "parts": {sets.ENVIRONMENT: part}}
    sealed = {**manifest, "seal": secrecy.seal(manifest, key)}
    (folder / sets.MANIFEST).write_text(json.dumps(sealed))
    return folder


def manifest_of(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / sets.MANIFEST).read_text())
    return found


def test_old_sets_open_with_the_new_key_and_with_nothing_else(store: Store) -> None:
    folder = make_set(store, "20261101T000000Z")
    assert rekeying.opened_by(store, OLD, None) == [folder.name]

    assert rekeying.rekey(store, KEYS, None) == 1

    assert secrecy.is_sealed(manifest_of(folder), NEW)
    parts = manifest_of(folder)["parts"]
    assert parts == {
        sets.ENVIRONMENT: {
            "bytes": (folder / sets.ENVIRONMENT).stat().st_size,
            "sha256": sha256_of(folder / sets.ENVIRONMENT),
        }
    }
    assert rekeying.opened_by(store, OLD, None) == []
    assert rekeying.opened_by(store, NEW, None) == [folder.name]


def test_a_lost_server_is_rebuilt_from_them_with_the_new_key(store: Store) -> None:
    make_set(store, "20261101T000000Z")

    rekeying.rekey(store, KEYS, None)

    assert f"BACKUP_ENCRYPTION_KEY={NEW}\n" in rebuilding.environment_of(store, NEW)


def test_going_on_after_it_was_broken_off_and_going_back(store: Store) -> None:
    folder = make_set(store, "20261101T000000Z")
    before = (folder / sets.MANIFEST).read_bytes()
    rekeying.rekey(store, KEYS, None)
    (folder / sets.MANIFEST).write_bytes(before)  # as if killed between the two files

    assert rekeying.rekey(store, KEYS, None) == 1
    assert secrecy.is_sealed(manifest_of(folder), NEW)
    assert rekeying.rekey(store, Keys(NEW, OLD), None) == 1
    assert rekeying.opened_by(store, NEW, None) == []


def test_what_was_changed_or_is_of_another_key_gets_no_new_seal(store: Store) -> None:
    changed, foreign = (
        make_set(store, "20261101T000000Z"),
        make_set(store, "20261102T000000Z", key=OTHER),
    )
    spoiled = {**manifest_of(changed), "rows": 0}
    (changed / sets.MANIFEST).write_text(json.dumps(spoiled))

    assert rekeying.rekey(store, KEYS, None) == 0
    assert not secrecy.is_sealed(manifest_of(changed), NEW)
    assert secrecy.is_sealed(manifest_of(foreign), OTHER)


def test_both_keys_are_wanted(store: Store) -> None:
    assert rekeying.read([f"{OLD}\n", f"{NEW}\n", "\n"], 2) == [OLD, NEW]
    with pytest.raises(BackupFailed, match="2 keys"):
        rekeying.read([f"{OLD}\n"], 2)
