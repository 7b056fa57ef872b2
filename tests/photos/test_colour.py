"""Colours that a file describes otherwise than by an ICC profile."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from contravento.photos import colour
from contravento.photos.image_formats import ImageFormat
from contravento.photos.images import prepare


def png(value: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A grey picture of one value, with chunks before its pixels."""
    buffer = BytesIO()
    Image.new("RGB", (32, 32), (value, value, value)).save(buffer, "PNG")
    plain = buffer.getvalue()
    extra = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    return plain[:33] + extra + plain[33:]


GAMMA_1 = (b"gAMA", struct.pack(">I", 100_000))
GAMMA_USUAL = (b"gAMA", struct.pack(">I", 45_455))
PQ_2020 = (b"cICP", bytes([9, 16, 0, 1]))
HLG_2020 = (b"cICP", bytes([9, 18, 0, 1]))


@pytest.mark.parametrize(
    ("value", "chunks", "grey"),
    [
        (128, [], 128),
        (128, [GAMMA_USUAL], 128),
        (54, [GAMMA_1], 127),
        (54, [(b"sRGB", b"\0"), GAMMA_1], 54),
        (54, [(b"gAMA", b"\0\0\0\0")], 54),
        (54, [(b"cICP", bytes([99, 99, 0, 1])), GAMMA_1], 54),
        (0, [PQ_2020], 0),
        (255, [HLG_2020], 255),
    ],
)
def test_a_grey_is_as_bright_as_the_file_says(
    value: int, chunks: list[tuple[bytes, bytes]], grey: int
) -> None:
    shown = int(prepare(png(value, *chunks)).colour[1:3], 16)
    assert shown == pytest.approx(grey, abs=2)


def test_white_paper_in_hdr_is_light_but_leaves_room_for_what_is_brighter() -> None:
    paper = round(0.5806 * 255)  # 203 cd/m² in PQ
    shown = [int(prepare(png(value, PQ_2020)).colour[1:3], 16) for value in (paper, 192, 255)]
    assert 180 < shown[0] < 200
    assert shown[0] < shown[1] <= shown[2] == 255


def test_pure_red_of_display_p3_is_redder_than_srgb_can_show() -> None:
    source = colour.SourceColour(lambda values: values, colour.DISPLAY_P3)
    red = colour.to_srgb(Image.new("RGB", (2, 2), (255, 0, 0)), source)
    assert red.getpixel((0, 0)) == (255, 0, 0)


def test_primaries_convert_white_to_white() -> None:
    for primaries in (colour.SRGB, colour.BT2020, colour.DISPLAY_P3):
        white = colour._conversion(primaries) @ np.ones(3)
        assert white == pytest.approx(np.ones(3), abs=1e-5)


def test_an_iso_media_file_says_its_colour_in_a_box() -> None:
    head = b"\0\0\0\x13colrnclx" + struct.pack(">HHHB", 9, 16, 9, 0)
    source = colour.source_colour(b"ftypavif" + head, ImageFormat.AVIF)
    assert source
    assert source.is_hdr
    assert colour.source_colour(b"ftypavif" + head[:14], ImageFormat.AVIF) is None
