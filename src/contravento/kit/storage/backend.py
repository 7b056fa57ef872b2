"""A storage backend: a folder or an S3-compatible bucket, by its URL."""

import asyncio
import errno
import logging
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urlparse

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, S3Store

from contravento.kit.errors import NotFound, OutOfSpace, Unavailable
from contravento.kit.i18n.marks import N_

CHUNK_BYTES = 1024 * 1024
CONNECT_SECONDS = 5.0
SILENT_SECONDS = 30.0  # sending a part of a file counts as silence, too: a thin line needs a while
REQUEST_SECONDS = 600.0
RETRIES, RETRY_SECONDS = 2, 15.0
PAUSE_SECONDS = 5.0
PARTS_AT_ONCE = 2  # of one large file, so that several files at once fit into memory
NOWHERE = "look/00/nothing-is-here"
SILENT = "it does not answer"
NO_VERSION = ("", "null")  # what unversioned buckets call it

log = logging.getLogger(__name__)

type Content = bytes | BinaryIO | AsyncIterator[bytes]
type Span = tuple[int, int]  # the first byte, and the one after the last


class FileMissing(NotFound):
    """A stored file is gone. The row that names it says which."""


class StorageAway(Unavailable):
    """The place does not answer, or not us. `why` is for who runs the server."""

    message = N_("Files cannot be reached at the moment. Try again in a minute.")

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why
        log.warning("the storage cannot be used: %s", why)

    def __str__(self) -> str:
        return f"{self.message} ({self.why})"


@dataclass(frozen=True, slots=True)
class Access:
    """To S3-compatible storage. What is not said is taken from AWS_… or the machine."""

    endpoint: str | None = None
    region: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    silent_seconds: float = SILENT_SECONDS
    pause_seconds: float = PAUSE_SECONDS


@dataclass(frozen=True, slots=True)
class Found:
    key: str
    bytes: int
    changed_at: datetime


class StorageBackend:
    """Puts, gets, lists and deletes whole files by key; what `put` returned from is safe.

    A bucket that did not answer is let alone for a moment, and then asked by one at first: who
    waits for it holds a connection to the database, and there are few.
    """

    def __init__(self, url: str, access: Access | None = None) -> None:
        self.url = url
        self._pause_seconds = (access or Access()).pause_seconds
        self._silent_since: float | None = None
        self.folder: Path | None = None
        # obstore's union of stores is wider than what we use of it.
        self._store: Any
        if url.startswith("file://"):
            self.folder = Path(unquote(urlparse(url).path))
            self.folder.mkdir(parents=True, exist_ok=True)
            self._store = LocalStore(self.folder)
        else:
            self._store = _bucket(url, access or Access())

    async def put(self, key: str, content: Content) -> str:
        """Store under a new key; the version that the place calls it, if it keeps versions.

        Raises OutOfSpace when the disk is full, and StorageAway; then nothing is kept.
        """
        with self._told():
            result = await self._store.put_async(key, content, max_concurrency=PARTS_AT_ONCE)
            if self.folder:
                await asyncio.to_thread(_flush, self.folder / key)
        version = str(result["version"] or "")
        return "" if version in NO_VERSION else version

    async def get(self, key: str) -> bytes:
        with self._told():
            response = await self._store.get_async(key)
            return bytes(await response.bytes_async())

    async def stream(self, key: str, span: Span | None = None) -> AsyncIterator[bytes]:
        """The file, or a part of it, in chunks; raises FileMissing before the first one."""
        with self._told():
            response = await self._store.get_async(key, options={"range": span} if span else None)
            async for chunk in response.stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(chunk)

    async def find(self, key: str) -> Found | None:
        try:
            with self._told():
                return _found(await self._store.head_async(key))
        except FileMissing:
            return None

    async def list_files(self) -> AsyncIterator[Found]:
        with self._told():
            async for batch in self._store.list():
                for entry in batch:
                    yield _found(entry)

    async def delete(self, *keys: str) -> None:
        """Delete what is there; what is already gone is no error."""
        for key in keys:
            try:
                with self._told():
                    await self._store.delete_async(key)
            except FileMissing:
                continue

    async def look(self) -> None:
        """Ask for what nobody keeps. Raises StorageAway where that is not told."""
        try:
            await self.get(NOWHERE)
        except FileMissing:
            return

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the library raises, as errors of ours. It hands on what S3 said only as text."""
        self._refuse_silent()
        try:
            yield
            self._silent_since = None
        except FileNotFoundError as error:
            self._silent_since = None
            if "NoSuchBucket" in str(error):
                raise StorageAway("the bucket does not exist") from error
            raise FileMissing from error
        except (PermissionDeniedError, UnauthenticatedError) as error:
            if self.folder:
                raise
            self._silent_since = None
            raise StorageAway("the keys are refused, or may not do that") from error
        except (OSError, BaseError) as error:
            if _is_full(error):
                raise OutOfSpace from error
            if self.folder:
                raise
            self._silent_since = time.monotonic()
            raise StorageAway(SILENT) from error

    def _refuse_silent(self) -> None:
        if self._silent_since is None:
            return
        now = time.monotonic()
        if now - self._silent_since < self._pause_seconds:
            raise StorageAway(SILENT)
        self._silent_since = now  # who asks finds out; others are refused meanwhile


def _bucket(url: str, access: Access) -> S3Store:
    """Waits are bounded: a rider is told soon, and a job is tried again later."""
    credentials = {
        "region": access.region,
        "aws_access_key_id": access.access_key,
        "aws_secret_access_key": access.secret_key,
    }
    config: Any = {name: value for name, value in credentials.items() if value}
    options: Any = {
        "connect_timeout": timedelta(seconds=min(CONNECT_SECONDS, access.silent_seconds)),
        "read_timeout": timedelta(seconds=access.silent_seconds),
        "timeout": timedelta(seconds=REQUEST_SECONDS),
    }
    if access.endpoint:
        # named in the path: buckets of small servers have no names in the DNS
        config |= {"endpoint": access.endpoint, "virtual_hosted_style_request": False}
        options["allow_http"] = access.endpoint.startswith("http://")
    return S3Store.from_url(
        url,
        config=config,
        client_options=options,
        retry_config={
            "max_retries": RETRIES,
            "retry_timeout": timedelta(seconds=RETRY_SECONDS),
        },
    )


def _found(meta: Any) -> Found:
    return Found(str(meta["path"]), int(meta["size"]), meta["last_modified"])


def _flush(path: Path) -> None:
    """Make the file, its name and its folder's name survive a power cut."""
    for folder in (path, path.parent, path.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _is_full(error: Exception) -> bool:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    # obstore hands on the system's error only as text
    return any(sign in str(error) for sign in ("StorageFull", "No space left", "QuotaExceeded"))
