"""Password hashing."""

import asyncio
import base64
import hashlib
import os

import bcrypt

# bcrypt reads 72 bytes and stops; a digest of the whole password never reaches that.
_PREHASH = hashlib.sha256


class Passwords:
    """bcrypt off the event loop, at most as many at once as there are processors."""

    def __init__(self, rounds: int) -> None:
        self._rounds = rounds
        self._turns = asyncio.Semaphore(max(1, os.cpu_count() or 1))
        self._nobodys = bcrypt.hashpw(_prehash("nobody's password"), bcrypt.gensalt(rounds))

    async def hash(self, password: str) -> str:
        async with self._turns:
            hashed = await asyncio.to_thread(
                bcrypt.hashpw, _prehash(password), bcrypt.gensalt(self._rounds)
            )
        return hashed.decode()

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Takes as long when there is nothing to compare with, so that time tells nothing."""
        against = hashed.encode() if hashed else self._nobodys
        async with self._turns:
            same = await asyncio.to_thread(bcrypt.checkpw, _prehash(password), against)
        return same and hashed is not None

    def is_outdated(self, hashed: str) -> bool:
        """Whether it was made with other rounds than are asked for now."""
        return int(hashed.split("$")[2]) != self._rounds


def _prehash(password: str) -> bytes:
    return base64.b64encode(_PREHASH(password.encode()).digest())
