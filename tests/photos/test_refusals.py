"""What is no picture we take, and files that are damaged or hostile."""

import pickle
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from contravento.photos import errors, rules
from contravento.photos.images import prepare
from tests.photos.making import (
    assert_upright,
    corners,
    display_p3,
    noise,
    opened,
    png,
    telling_exif,
    written,
)


def iso_media(brand: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + brand + bytes(4) + b"".join(compatible)
    return struct.pack(">I", len(body) + 4) + body + bytes(64)


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", errors.EmptyPhoto),
        (b"\0" * 50, errors.NotAPicture),
        (b"Dear diary,", errors.NotAPicture),
        (b"<gpx>", errors.NotAPicture),
        (b"II*\0\x08\0\0\0CR", errors.RawNotTaken),
        (iso_media(b"crx ", b"isom"), errors.RawNotTaken),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', errors.SvgNotTaken),
        (b"GIF89a\1\0\1\0", errors.GifNotTaken),
        (b"%PDF-1.7", errors.PdfNotTaken),
        (iso_media(b"qt  ", b"qt  "), errors.VideoNotTaken),
        (iso_media(b"isom", b"mp41"), errors.VideoNotTaken),
        (b"\x1aE\xdf\xa3webm", errors.VideoNotTaken),
        (b"RIFF\0\0\0\0AVI LIST", errors.VideoNotTaken),
        (b"\n<!DOCTYPE html><html>", errors.WebPageNotTaken),
        (b"BM\0\0\0\0", errors.OtherPictureNotTaken),
        (b"\xff\xd8\xff" + bytes(60), errors.UnreadablePhoto),
        (iso_media(b"heic", b"mif1"), errors.UnreadablePhoto),
    ],
)
def test_what_is_no_photograph_is_told_what_it_is(
    content: bytes, refusal: type[errors.UnreadablePhoto]
) -> None:
    with pytest.raises(refusal) as refused:
        prepare(content)
    assert str(refused.value).endswith(".")
    assert "%" not in str(refused.value)


def test_too_many_pixels_are_refused_before_they_are_unpacked() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 50_000, 8, 2, 0, 0, 0)
    bomb = png((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))))
    with pytest.raises(errors.TooManyPixels, match="has 3000 million pixels") as refused:
        prepare(bomb)
    assert refused.value.status == 413


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    content = written(noise(), progressive=True)
    scan = content[content.rfind(b"\xff\xda") : -2]
    with pytest.raises(errors.UnreadablePhoto):
        prepare(content[:-2] + scan * (rules.MAX_JPEG_SCANS + 1) + b"\xff\xd9")


def test_a_jpeg_that_lacks_only_its_end_marker_is_taken() -> None:
    assert_upright(opened(prepare(written(corners((800, 600)))[:-2]).renditions[-1]))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.8])
def test_a_file_that_was_cut_short_says_so(kind: str, share: float) -> None:
    content = written(noise(), kind, quality=90)
    with pytest.raises(errors.CutShort):
        prepare(content[: int(len(content) * share)])


SMALL = {
    "JPEG": lambda: written(corners((64, 48)), exif=telling_exif(6), icc_profile=display_p3()),
    "progressive": lambda: written(corners((64, 48)), progressive=True),
    "PNG": lambda: written(
        corners((64, 48)), "PNG", exif=telling_exif(3), icc_profile=display_p3()
    ),
    "palette": lambda: written(corners((64, 48)).convert("P"), "PNG", transparency=b"\0\xff"),
    "WEBP": lambda: written(corners((64, 48)), "WEBP", exif=telling_exif(8)),
    "HEIF": lambda: written(corners((64, 48)), "HEIF", exif=telling_exif(5).tobytes()),
}


@pytest.mark.parametrize("make", SMALL.values(), ids=SMALL.keys())
@given(
    changes=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6)), max_size=12),
    kept=st.one_of(st.just(1.0), st.floats(0.01, 1)),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_happens_to_the_bytes_only_our_own_refusals_escape(
    make: Callable[[], bytes], changes: list[tuple[float, bytes]], kept: float
) -> None:
    content = bytearray(make())
    for at, bytes_put in changes:
        start = int(at * (len(content) - 1))
        content[start : start + len(bytes_put)] = bytes_put
    with suppress(errors.UnreadablePhoto):
        prepared = prepare(bytes(content[: max(1, int(len(content) * kept))]))
        assert len(prepared.renditions) == 8


@given(st.binary(max_size=400))
@settings(max_examples=100, deadline=None)
def test_noise_is_refused(content: bytes) -> None:
    with pytest.raises(errors.UnreadablePhoto):
        prepare(content)


def test_what_is_made_and_what_is_refused_can_cross_a_process_boundary() -> None:
    prepared = prepare(written(corners()))
    assert pickle.loads(pickle.dumps(prepared)) == prepared  # noqa: S301

    refused = pickle.loads(pickle.dumps(errors.TooManyPixels(megapixels=120, limit=100)))  # noqa: S301
    assert "120 million" in str(refused)
