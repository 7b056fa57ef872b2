"""Takes track files out of a zip archive: KMZ, exports of a whole journey. Bombs are refused."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from contravento.tracks import rules
from contravento.tracks.errors import (
    ArchiveTooLarge,
    DamagedArchive,
    LockedArchive,
    NoTrackInArchive,
    TooManyInArchive,
)

ENDINGS = (".gpx", ".fit", ".tcx", ".kml", ".kmz", ".geojson", ".json", ".igc", ".nmea", ".gz")
END_OF_TABLE = b"PK\x05\x06"
LONGEST_END_BYTES = 22 + 65_535  # with its remark
FAULTS = (
    zipfile.BadZipFile,
    NotImplementedError,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive that may hold a track, by its ending."""

    name: str
    content: bytes


def count_members(file: BinaryIO) -> int:
    """How many track files the archive holds.

    Raises DamagedArchive, LockedArchive, NoTrackInArchive, TooManyInArchive, ArchiveTooLarge.
    """
    return len(_list(_open(file)))


def unpacked_bytes(file: BinaryIO, size_bytes: int) -> int:
    """What an upload of this size takes up: of an archive of several tracks these together."""
    if not is_archive(file):
        return size_bytes
    tracks = _list(_open(file))
    return sum(info.file_size for info in tracks) if len(tracks) > 1 else size_bytes


def is_archive(file: BinaryIO) -> bool:
    file.seek(0)
    start = file.read(4)
    file.seek(0)
    return start == b"PK\x03\x04"


def read_members(file: BinaryIO) -> Iterator[Member]:
    """Unpack one track file after the other; raises as count_members does.

    No more is unpacked than the archive's table says, which is bounded by `rules`.
    """
    archive = _open(file)
    for info in _list(archive):
        try:
            with archive.open(info) as opened:
                content = opened.read(rules.LARGEST_FILE_BYTES + 1)
        except FAULTS as error:
            raise DamagedArchive from error
        rules.check_file_size(len(content))
        yield Member(PurePosixPath(info.filename).name, content)


def _open(file: BinaryIO) -> zipfile.ZipFile:
    if _table_bytes(file) > rules.LARGEST_ARCHIVE_TABLE_BYTES:
        raise TooManyInArchive(limit=rules.MOST_TRACKS_IN_ARCHIVE)
    try:
        return zipfile.ZipFile(file)
    except FAULTS as error:
        raise DamagedArchive from error


def _table_bytes(file: BinaryIO) -> int:
    """The length of the table of contents as its end says; `zipfile` reads all of it at once."""
    end_of_file = file.seek(0, io.SEEK_END)
    file.seek(max(0, end_of_file - LONGEST_END_BYTES))
    tail = file.read()
    at = tail.rfind(END_OF_TABLE)
    if at < 0 or at + 22 > len(tail):
        raise DamagedArchive
    return int.from_bytes(tail[at + 12 : at + 16], "little")


def _list(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    tracks = [info for info in archive.infolist() if _is_track(info)]
    if not tracks:
        raise NoTrackInArchive
    if len(tracks) > rules.MOST_TRACKS_IN_ARCHIVE:
        raise TooManyInArchive(limit=rules.MOST_TRACKS_IN_ARCHIVE)
    if any(info.flag_bits & 1 for info in tracks):
        raise LockedArchive
    if sum(info.file_size for info in tracks) > rules.LARGEST_ARCHIVE_BYTES:
        raise ArchiveTooLarge(megabytes=rules.LARGEST_ARCHIVE_BYTES // 2**20)
    return tracks


def _is_track(info: zipfile.ZipInfo) -> bool:
    """Files of the system that packed it, as `__MACOSX/._ride.gpx`, are none."""
    path = PurePosixPath(info.filename)
    is_hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return not info.is_dir() and not is_hidden and path.name.lower().endswith(ENDINGS)
