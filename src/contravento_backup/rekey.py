"""Another key: what was kept with the old one is encrypted and sealed anew, set by set."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from contravento_backup.kit import encryption
from contravento_backup.kit.errors import BackupFailed
from contravento_backup.offsite import OffsiteRepository
from contravento_backup.sets import backup_set
from contravento_backup.sets.backup_set import BackupSet
from contravento_backup.storage.folder import Store, sha256_of, write_json

KEY = "BACKUP_ENCRYPTION_KEY"
WAIT_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Keys:
    old: str
    new: str


def read(lines: list[str], wanted: int) -> list[str]:
    """As they come through a pipe, one on a line. Raises BackupFailed."""
    found = [line.strip() for line in lines if line.strip()]
    if len(found) != wanted:
        raise BackupFailed(f"{wanted} keys are to come on standard input, one on a line.")
    return found


def rekey(store: Store, keys: Keys, carrier: OffsiteRepository | None) -> int:
    """How many sets are of the new key then. Running it again is harmless; it goes on.

    A set that is sealed with neither, or was changed since, is left as it is.
    """
    with store.alone("taking another key", wait_seconds=WAIT_SECONDS):
        if carrier:
            carrier.let_in(keys.new)
        return sum(_rekey(each, keys) for each in backup_set.list_all(store.sets))


def opened_by(store: Store, key: str, carrier: OffsiteRepository | None) -> list[str]:
    """What still opens with the key; nothing if it is dead."""
    found = [each.name for each in backup_set.list_all(store.sets) if _opens(each, key)]
    if carrier and carrier.lets_in(key):
        found.append("the off-site copy")
    return found


def _rekey(each: BackupSet, keys: Keys) -> bool:
    manifest = each.manifest
    if manifest is None:
        return False
    if manifest.get("key") == encryption.fingerprint(keys.new):
        return True
    if not encryption.is_sealed(manifest, keys.old):
        return False
    file = each.folder / backup_set.ENVIRONMENT
    _encrypt_anew(file, keys)
    part = {"bytes": file.stat().st_size, "sha256": sha256_of(file)}
    parts = {
        **manifest["parts"],
        backup_set.ENVIRONMENT: {**manifest["parts"][backup_set.ENVIRONMENT], **part},
    }
    changed = {**manifest, "parts": parts, "key": encryption.fingerprint(keys.new)}
    write_json(
        each.folder / backup_set.MANIFEST, {**changed, "seal": encryption.seal(changed, keys.new)}
    )
    return True


def _encrypt_anew(file: Path, keys: Keys) -> None:
    """The file names the key that it is encrypted with, by which a lost server is rebuilt."""
    content = _decrypted(file, keys.old)
    if content is None:
        if _decrypted(file, keys.new) is None:
            raise BackupFailed(f"{file} opens with neither of the two keys.")
        return  # it was done, and broken off before the manifest
    unfinished = file.with_suffix(".new")
    with tempfile.NamedTemporaryFile("w") as plain:  # in /tmp, which is memory
        plain.write(content.replace(f"{KEY}={keys.old}", f"{KEY}={keys.new}"))
        plain.flush()
        encryption.encrypt(Path(plain.name), unfinished, keys.new)
    unfinished.replace(file)


def _decrypted(file: Path, key: str) -> str | None:
    """One wrong key of 256 gives rubbish without a complaint."""
    try:
        content = encryption.decrypt(file, key)
    except BackupFailed:
        return None
    return content if f"{KEY}=" in content else None


def _opens(each: BackupSet, key: str) -> bool:
    if each.manifest and encryption.is_sealed(each.manifest, key):
        return True
    return _decrypted(each.folder / backup_set.ENVIRONMENT, key) is not None
