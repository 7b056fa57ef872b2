"""Files, forms and addresses for these tests."""

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from contravento.photos.images import Rendition

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 170, 60), (30, 60, 200), (250, 250, 250)


GPS_CANARY = "canary-43.1234N"


def corners(size: tuple[int, int] = (120, 80)) -> Image.Image:
    """Red top left, green top right, blue bottom left, white bottom right."""
    small = Image.new("RGB", (2, 2))
    small.putdata([RED, GREEN, BLUE, WHITE])
    return small.resize(size, Image.Resampling.NEAREST)


def noise(size: tuple[int, int] = (640, 480)) -> Image.Image:
    rng = np.random.default_rng(7)
    rough = Image.fromarray(rng.integers(0, 255, (12, 16, 3), dtype=np.uint8))
    return rough.resize(size, Image.Resampling.BICUBIC)


def written(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def telling_exif(orientation: int = 1, taken_at: str = "2025:06:07 18:30:05") -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "canary-maker"
    exif.get_ifd(0x8769).update({0x9003: taken_at, 0x927C: b"canary-makernote"})
    exif.get_ifd(0x8825).update({1: "N", 2: (43.0, 7.0, 24.4), 0x1D: GPS_CANARY})
    return exif


def opened(one: Rendition) -> Image.Image:
    image = Image.open(BytesIO(one.content))
    image.load()
    return image


def pixel(image: Image.Image, at: tuple[float, float]) -> np.ndarray[Any, np.dtype[np.int64]]:
    point = (int(image.width * at[0]), int(image.height * at[1]))
    return np.asarray(image.convert("RGB").getpixel(point), dtype=np.int64)


def assert_upright(image: Image.Image) -> None:
    for at, colour in [
        ((0.25, 0.25), RED),
        ((0.75, 0.25), GREEN),
        ((0.25, 0.75), BLUE),
        ((0.75, 0.75), WHITE),
    ]:
        assert abs(pixel(image, at) - np.array(colour)).max() < 12, at


def display_p3() -> bytes:
    """A matrix profile with Display P3's primaries (adapted to D50) and the sRGB-like gamma 2.2.

    Primaries: https://www.color.org/chardata/rgb/DisplayP3.xalter
    """
    columns = [(0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407)]
    tags = {b"wtpt": xyz((0.9642, 1.0, 0.8249)), b"desc": text(b"Display P3")}
    tags |= {
        name: xyz(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)
    }
    tags |= dict.fromkeys(
        (b"rTRC", b"gTRC", b"bTRC"), struct.pack(">4sIIHH", b"curv", 0, 1, 0x0233, 0)
    )
    return assembled(tags)


def xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in values)


def text(words: bytes) -> bytes:
    return struct.pack(">4sII", b"desc", 0, len(words) + 1) + words + bytes(80)


def assembled(tags: dict[bytes, bytes]) -> bytes:
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        value += bytes(-len(value) % 4)
        table += struct.pack(">4sII", name, start + len(body), len(value))
        body += value
    header = struct.pack(">I4sI4s4s4s", start + len(body), bytes(4), 0x02100000, *PROFILE_KIND)
    header += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + table + body


PROFILE_KIND = (b"mntr", b"RGB ", b"XYZ ")


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    made = b"\x89PNG\r\n\x1a\n"
    for name, body in (*chunks, (b"IEND", b"")):
        made += struct.pack(">I", len(body)) + name + body
        made += struct.pack(">I", zlib.crc32(name + body))
    return made
