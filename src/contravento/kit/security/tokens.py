"""Random tokens, stored only as digests, and signed short-lived ones."""

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Any

import jwt

from contravento.kit.clock import now
from contravento.kit.settings import Settings

_ACCESS_TOKENS = b"contravento access tokens"
_DEVICES = b"contravento known devices"


def new_token() -> str:
    """256 random bits, fit for a URL."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What is stored of a token: enough to recognise it, useless to a thief."""
    return hashlib.sha256(token.encode()).digest()


class Signer:
    """HS256 tokens with a key id, so that two keys can overlap while one is replaced."""

    def __init__(self, settings: Settings) -> None:
        self._algorithm = settings.algorithm
        self._lifetime = timedelta(minutes=settings.access_token_expire_minutes)
        secrets_in_use = [settings.secret_key, settings.secret_key_previous]
        values = [secret.get_secret_value() for secret in secrets_in_use if secret]
        keys = [_derive(value, _ACCESS_TOKENS) for value in values]
        self._device_keys = [_derive(value, _DEVICES) for value in values]
        self._keys = {_key_id(key): key for key in keys}
        self._current = _key_id(keys[0])

    def mark_device(self, *logins: str) -> str:
        """What a device keeps to be known again by any of these logins. It tells nobody whose."""
        device = secrets.token_urlsafe(16)
        return ".".join([device, *(_mark(self._device_keys[0], device, login) for login in logins)])

    def find_device(self, kept: str, login: str) -> str | None:
        """The device's own random name, if this login was marked on it."""
        device, *marks = kept.split(".")
        expected = [_mark(key, device, login) for key in self._device_keys]
        known = (hmac.compare_digest(mark.encode(), e.encode()) for mark in marks for e in expected)
        return device if any(known) else None

    @property
    def lifetime_seconds(self) -> int:
        return int(self._lifetime.total_seconds())

    def sign(self, **claims: str) -> str:
        issued = now()
        return jwt.encode(
            {**claims, "iat": issued, "exp": issued + self._lifetime},
            self._keys[self._current],
            algorithm=self._algorithm,
            headers={"kid": self._current},
        )

    def read(self, token: str) -> dict[str, Any] | None:
        """The claims, or None if the token is not ours, was changed, or is past its time."""
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            options: Any = {"require": ["exp", "iat", "sub", "sid"]}
            return jwt.decode(token, key, algorithms=[self._algorithm], options=options)
        except (jwt.InvalidTokenError, KeyError, TypeError):
            return None


def _mark(key: bytes, device: str, login: str) -> str:
    return hmac.digest(key, f"{device} {login}".encode(), "sha256").hex()[:32]


def _derive(secret: str, purpose: bytes) -> bytes:
    """A key of its own for this purpose, so that no other use of the secret weakens it."""
    return hmac.digest(secret.encode(), purpose, "sha256")


def _key_id(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:12]
