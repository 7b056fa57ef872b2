"""What the key does here: it encrypts the environment file and seals manifests."""

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contravento_backup.kit import programs
from contravento_backup.kit.errors import BackupFailed
from contravento_backup.kit.programs import ProgramFailed

CIPHER = ("-aes-256-cbc", "-pbkdf2", "-iter", "200000", "-md", "sha256")


def fingerprint(key: str) -> str:
    """Tells one key from another without telling either."""
    return hashlib.sha256(f"contravento backup key\0{key}".encode()).hexdigest()[:16]


def seal(manifest: Mapping[str, Any], key: str) -> str:
    """Over everything in it but the seal."""
    rest = {name: value for name, value in manifest.items() if name != "seal"}
    plain = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hmac.new(key.encode(), plain.encode(), hashlib.sha256).hexdigest()


def is_sealed(manifest: Mapping[str, Any], key: str) -> bool:
    return hmac.compare_digest(str(manifest.get("seal", "")), seal(manifest, key))


def encrypt(source: Path, target: Path, key: str) -> None:
    _openssl(key, "-salt", "-in", str(source), "-out", str(target))


def decrypt(source: Path, key: str) -> str:
    """Raises BackupFailed where the key is another one, or the file is damaged."""
    try:
        return _openssl(key, "-d", "-in", str(source))
    except ProgramFailed as error:
        raise BackupFailed(
            f"{source.name} cannot be decrypted: the key is another one, or the file is damaged."
        ) from error


def _openssl(key: str, *words: str) -> str:
    """The key goes through a pipe, so that no process list and no disk shows it."""
    reading, writing = os.pipe()
    try:
        os.write(writing, f"{key}\n".encode())
        os.close(writing)
        said = ("openssl", "enc", *CIPHER, "-pass", f"fd:{reading}", *words)
        return programs.run(*said, passed=(reading,))
    finally:
        os.close(reading)
