"""A place for files is a folder or a bucket, and what it cannot do is said in our own words."""

import os
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from pathlib import Path

import pytest

from contravento.kit.storage.backend import Access, FileMissing, StorageAway, StorageBackend
from tests.support.s3 import Line, Server, line_to, s3_server

MEGABYTE = 1024 * 1024
SILENT_SECONDS = 0.4


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path, s3: Server) -> StorageBackend:
    if request.param == "folder":
        return StorageBackend((tmp_path / "some folder").as_uri())
    return StorageBackend(f"s3://{s3.make_bucket()}/some/prefix", s3.access())


@pytest.fixture
def strict_s3(tmp_path: Path) -> Iterator[Server]:
    """One that lets nobody in whom it does not know, once its bucket is made."""
    with s3_server(tmp_path, INITIAL_NO_AUTH_ACTION_COUNT="1") as server:
        yield server


@pytest.fixture
async def line(s3: Server) -> AsyncIterator[Line]:
    async with line_to(s3) as line:
        yield line


def behind(line: Line, bucket: str) -> StorageBackend:
    return StorageBackend(f"s3://{bucket}", line.server.access(silent_seconds=SILENT_SECONDS))


async def in_chunks(content: bytes) -> AsyncIterator[bytes]:
    for begin in range(0, len(content), MEGABYTE):
        yield content[begin : begin + MEGABYTE]


async def test_what_was_put_comes_back_whole_and_in_parts(place: StorageBackend) -> None:
    content = os.urandom(12 * MEGABYTE + 17)
    for key, given in (
        ("a/bytes", content),
        ("a/file", BytesIO(content)),
        ("a/chunks", in_chunks(content)),
    ):
        await place.put(key, given)
        assert await place.get(key) == content
        assert b"".join([chunk async for chunk in place.stream(key)]) == content
        part = [chunk async for chunk in place.stream(key, (5, 5 + 2 * MEGABYTE))]
        assert b"".join(part) == content[5 : 5 + 2 * MEGABYTE]


async def test_its_files_are_found_and_listed(place: StorageBackend) -> None:
    for key in ("tracks/aa/1", "photos/bb/2"):
        await place.put(key, key.encode())

    file = await place.find("tracks/aa/1")

    assert file
    assert (file.key, file.bytes) == ("tracks/aa/1", 11)
    assert await place.find("tracks/aa/none") is None
    listed = [file async for file in place.list_files()]
    assert {(item.key, item.bytes) for item in listed} == {("tracks/aa/1", 11), ("photos/bb/2", 11)}


async def test_what_is_missing_is_said_and_deleting_it_is_harmless(place: StorageBackend) -> None:
    await place.put("a", b"x")
    await place.delete("a", "never-there", "a")
    for key in ("a", "never-there"):
        with pytest.raises(FileMissing):
            await place.get(key)
        with pytest.raises(FileMissing):
            await anext(place.stream(key))
    await place.look()


async def test_a_bucket_says_whether_it_keeps_versions(s3: Server) -> None:
    plain = StorageBackend(f"s3://{s3.make_bucket()}", s3.access())
    versioned = StorageBackend(f"s3://{s3.make_bucket(keeps_versions=True)}", s3.access())

    for content in (b"small", in_chunks(b"x" * 6 * MEGABYTE)):
        assert await plain.put("a", content) == ""
        assert await versioned.put("a", b"x")


async def test_a_bucket_that_is_not_there_is_no_missing_file(s3: Server) -> None:
    place = StorageBackend("s3://nobody-made-this", s3.access())

    for ask in (place.get("a"), place.put("a", b"x"), place.delete("a"), place.look()):
        with pytest.raises(StorageAway) as told:
            await ask
        assert told.value.why == "the bucket does not exist"


async def test_wrong_keys_are_said_and_never_shown(strict_s3: Server) -> None:
    bucket = strict_s3.make_bucket()
    place = StorageBackend(f"s3://{bucket}", strict_s3.access())

    for ask in (place.get("a"), place.put("a", b"x"), place.look()):
        with pytest.raises(StorageAway) as told:
            await ask
        assert told.value.why == "the keys are refused, or may not do that"
    assert "only-for-tests" not in repr(strict_s3.access())


async def test_a_server_that_is_away_is_said_and_used_again_when_it_is_back(
    s3: Server, line: Line
) -> None:
    place = behind(line, s3.make_bucket())
    await place.put("a", b"before")

    await line.cut()
    for ask in (place.get("a"), place.put("b", b"x"), place.delete("a"), place.find("a")):
        with pytest.raises(StorageAway) as told:
            await ask
        assert told.value.why == "it does not answer"

    await line.mend()
    assert await place.get("a") == b"before"
    assert await place.find("b") is None


async def test_a_server_that_says_nothing_is_not_waited_for(s3: Server, line: Line) -> None:
    place = behind(line, s3.make_bucket())
    await place.put("a", b"x")

    line.answers.clear()
    for ask in (place.get("a"), place.put("b", b"x")):
        with pytest.raises(StorageAway):
            await ask


async def test_one_that_was_silent_is_let_alone_for_a_moment(s3: Server, line: Line) -> None:
    access = line.server.access(silent_seconds=SILENT_SECONDS, pause_seconds=600.0)
    place = StorageBackend(f"s3://{s3.make_bucket()}", access)
    await place.put("a", b"x")
    line.answers.clear()
    with pytest.raises(StorageAway):
        await place.get("a")

    asked = line.taken
    for ask in (place.get("a"), place.put("b", b"x"), place.find("a")):
        with pytest.raises(StorageAway):
            await ask
    assert line.taken == asked, "it was asked again"

    line.answers.set()
    place._pause_seconds = 0.0  # it is over
    assert await place.get("a") == b"x"
    place._pause_seconds = 600.0
    assert await place.get("a") == b"x"


async def test_nobody_listens_there() -> None:
    place = StorageBackend(
        "s3://diary", Access("http://127.0.0.1:9", access_key="a", secret_key="b")
    )
    with pytest.raises(StorageAway):
        await place.look()
