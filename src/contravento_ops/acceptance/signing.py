"""Verdicts with a seal: who holds the key has checked, and what they found cannot be changed."""

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from contravento_ops.kit.errors import CommandError, Exit

UNPROVEN = "Production takes only what staging has proven"
KEY, PUBLIC_KEY, VERDICT = "verdict.key", "verdict.pub", "verdict.json"


@dataclass(frozen=True, slots=True)
class Seal:
    """Where a host keeps its key, the public one that it believes, and the newest verdict."""

    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / VERDICT

    def make_key(self) -> bool:
        """Whether one was made; one that is there stays."""
        path = self.folder / KEY
        if path.exists():
            return False
        self.folder.mkdir(parents=True, exist_ok=True)
        key = Ed25519PrivateKey.generate()
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(
                key.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
            )
        self._write_public(key.public_key())
        return True

    def sign(self, statement: Mapping[str, Any]) -> Path:
        """The statement with its signature, where the next deployment looks."""
        self.make_key()
        key = serialization.load_pem_private_key((self.folder / KEY).read_bytes(), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise CommandError(f"{self.folder / KEY} is no Ed25519 key.", status=Exit.ENVIRONMENT)
        signature = base64.b64encode(key.sign(_written(statement))).decode()
        signed = {"statement": statement, "signature": signature}
        self.file.write_text(json.dumps(signed, indent=2) + "\n")
        return self.file

    def read(self) -> dict[str, Any]:
        """The statement, believed. Raises CommandError (REFUSED) where there is none to believe."""
        try:
            signed = json.loads(self.file.read_text())
            statement, signature = signed["statement"], base64.b64decode(signed["signature"])
        except FileNotFoundError:
            raise _refused("there is no verdict; run ./deploy.sh staging check") from None
        except (ValueError, KeyError, TypeError):
            raise _refused(f"{self.file} cannot be read") from None
        try:
            self._public().verify(signature, _written(statement))
        except InvalidSignature:
            raise _refused(f"{self.file} was changed, or signed with another key") from None
        found: dict[str, Any] = statement
        return found

    def _public(self) -> Ed25519PublicKey:
        path = self.folder / PUBLIC_KEY
        if not path.exists():
            raise _refused(f"there is no {path}; copy it from staging's host")
        try:
            key = serialization.load_pem_public_key(path.read_bytes())
        except ValueError:
            raise _refused(f"{path} is no public key") from None
        if not isinstance(key, Ed25519PublicKey):
            raise _refused(f"{path} is no Ed25519 key")
        return key

    def _write_public(self, key: Ed25519PublicKey) -> None:
        written = key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (self.folder / PUBLIC_KEY).write_bytes(written)


def _written(statement: Mapping[str, Any]) -> bytes:
    """One way to write it, so that the same statement has the same bytes."""
    return json.dumps(statement, sort_keys=True, separators=(",", ":")).encode()


def _refused(why: str) -> CommandError:
    return CommandError(f"{UNPROVEN}: {why}.", status=Exit.REFUSED)
