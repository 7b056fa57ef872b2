"""Zip archives: one track, a journey of many, and those made to do harm."""

import io
import zipfile

import pytest

from contravento.tracks import errors, rules
from contravento.tracks.reading import archive
from contravento.tracks.reading.read import read_recording
from tests.tracks.making import one_track, point

RIDE = one_track(point(8.5, 46.5), point(8.501, 46.501))


def packed(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return target.getvalue()


def test_a_single_track_is_read_from_its_archive() -> None:
    others = {"readme.txt": b"x", "__MACOSX/._ride.gpx": b"x", "images/a.png": b"x"}
    recording = read_recording(packed({"day/ride.gpx": RIDE, **others}))
    assert len(recording) == 2
    assert recording.report[0].params == {"name": "ride.gpx"}


def test_a_journey_comes_out_file_by_file() -> None:
    files = {f"tour/day-{day}.gpx": RIDE + b" " * day for day in range(3)}
    file = io.BytesIO(packed(files))
    members = list(archive.read_members(file))
    assert [member.name for member in members] == ["day-0.gpx", "day-1.gpx", "day-2.gpx"]
    assert [member.content for member in members] == list(files.values())
    assert archive.unpacked_bytes(file, 1) == sum(map(len, files.values()))
    with pytest.raises(errors.SeveralTracks):
        read_recording(packed(files))


def damaged() -> bytes:
    content = bytearray(packed({"ride.gpx": RIDE * 50}))
    content[60:70] = b"\0" * 10
    return bytes(content)


def locked() -> bytes:
    content = bytearray(packed({"ride.gpx": RIDE}))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def claiming(size_bytes: int) -> bytes:
    content = bytearray(packed({"ride.gpx": RIDE * 50}))
    at = content.index(b"PK\x01\x02")
    content[at + 24 : at + 28] = size_bytes.to_bytes(4, "little")
    return bytes(content)


REFUSED = {
    "empty": (packed({}), errors.NoTrackInArchive),
    "no track": (packed({"photo.jpg": b"x"}), errors.NoTrackInArchive),
    "damaged": (damaged(), errors.DamagedArchive),
    "locked": (locked(), errors.LockedArchive),
    "larger than it says": (claiming(100), errors.DamagedArchive),
    "bomb": (claiming(rules.LARGEST_ARCHIVE_BYTES + 1), errors.ArchiveTooLarge),
    "big": (packed({"big.gpx": b" " * (rules.LARGEST_FILE_BYTES + 1)}), errors.FileTooLarge),
    "many": (packed({f"{n}.gpx": b"x" for n in range(101)}), errors.TooManyInArchive),
    "long table": (packed({f"{'x' * 250}{n}": b"" for n in range(4_000)}), errors.TooManyInArchive),
    "nested": (packed({"inner.gpx": packed({"ride.gpx": RIDE})}), errors.Archive),
}


@pytest.mark.parametrize(("content", "refusal"), REFUSED.values(), ids=REFUSED)
def test_an_archive_that_cannot_be_read_is_refused_for_its_reason(
    content: bytes, refusal: type[errors.UnreadableTrack]
) -> None:
    with pytest.raises(errors.UnreadableTrack) as caught:
        read_recording(content)
    assert type(caught.value) is refusal
