"""Files: what was put is there, whole; what was deleted is gone; a full disk is said."""

import os
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from contravento.kit.errors import OutOfSpace
from contravento.kit.storage.storage import FileMissing, Storage, random_key

MEGABYTE = 1024 * 1024


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage((tmp_path / "some folder").as_uri())


async def test_what_was_put_comes_back_whole_and_in_chunks(storage: Storage) -> None:
    content = os.urandom(3 * MEGABYTE + 17)
    for key, given in (("a/bytes", content), ("a/file", BytesIO(content))):
        await storage.put(key, given)
        assert await storage.get(key) == content
        assert b"".join([chunk async for chunk in storage.stream(key)]) == content


async def test_what_is_missing_is_said_before_the_first_chunk(storage: Storage) -> None:
    with pytest.raises(FileMissing):
        await storage.get("not/there")
    with pytest.raises(FileMissing):
        await anext(storage.stream("not/there"))


async def test_deleting_twice_is_harmless(storage: Storage) -> None:
    await storage.put("a", b"x")
    await storage.delete("a", "never-there", "a")
    with pytest.raises(FileMissing):
        await storage.get("a")


async def test_a_file_goes_again_when_what_follows_fails(storage: Storage) -> None:
    async def fail() -> None:
        async with storage.putting("a", b"x"):
            assert await storage.get("a") == b"x"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    with pytest.raises(FileMissing):
        await storage.get("a")


async def test_a_file_stays_when_all_went_well(storage: Storage) -> None:
    async with storage.putting("a", b"x"):
        pass
    assert await storage.get("a") == b"x"


def test_names_cannot_be_guessed_or_meet() -> None:
    keys = {random_key("photos", ".jpg") for _ in range(1000)}
    assert len(keys) == 1000
    assert all(key.startswith("photos/") and key.endswith(".jpg") for key in keys)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte; needs the right to mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounting, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root and the right to mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def kept(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


async def test_a_full_disk_is_said_and_nothing_is_kept(small_disk: Path) -> None:
    storage = Storage(small_disk.as_uri())
    await storage.put("tracks/small", b"x" * 1000)
    for content in (b"x" * 2 * MEGABYTE, BytesIO(b"x" * 2 * MEGABYTE)):
        with pytest.raises(OutOfSpace):
            await storage.put("tracks/large", content)

    assert kept(small_disk) == ["small"]
    await storage.put("tracks/another", b"y")
    free = await storage.free_bytes()
    assert free is not None
    assert 0 < free < MEGABYTE
