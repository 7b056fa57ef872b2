"""Detects image formats by their first bytes, and truncated files by their last."""

from enum import StrEnum
from typing import BinaryIO

from contravento.photos.errors import (
    GifNotTaken,
    NotAPicture,
    OtherPictureNotTaken,
    PdfNotTaken,
    RawNotTaken,
    SvgNotTaken,
    UnreadablePhoto,
    VideoNotTaken,
    WebPageNotTaken,
)


class ImageFormat(StrEnum):
    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    HEIF = "HEIF"
    AVIF = "AVIF"


LOOK_AT_BYTES = 2048

# ISO base media files say what they are in four-letter brands after "ftyp".
HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
AVIF_BRANDS = {b"avif", b"avis"}
RAW_BRANDS = {b"crx "}

REFUSED_BEGINNINGS: tuple[tuple[bytes, type[UnreadablePhoto]], ...] = (
    (b"GIF8", GifNotTaken),
    (b"%PDF", PdfNotTaken),
    (b"II*\x00", RawNotTaken),
    (b"MM\x00*", RawNotTaken),
    (b"II+\x00", RawNotTaken),
    (b"IIRO", RawNotTaken),
    (b"IIRS", RawNotTaken),
    (b"IIU\x00", RawNotTaken),
    (b"FUJIFILMCCD-RAW", RawNotTaken),
    (b"FOVb", RawNotTaken),
    (b"\x00MRM", RawNotTaken),
    (b"\x1aE\xdf\xa3", VideoNotTaken),
    (b"\x00\x00\x01\xba", VideoNotTaken),
    (b"\x00\x00\x01\xb3", VideoNotTaken),
    (b"FLV\x01", VideoNotTaken),
    (b"BM", OtherPictureNotTaken),
    (b"\xff\x0a", OtherPictureNotTaken),
    (b"\x00\x00\x00\x0cJXL ", OtherPictureNotTaken),
    (b"\x00\x00\x00\x0cjP  ", OtherPictureNotTaken),
    (b"8BPS", OtherPictureNotTaken),
)


def recognise(content: bytes) -> ImageFormat:
    """Name the format, or refuse by a sentence about what the file is instead."""
    if content.startswith(b"\xff\xd8\xff"):
        return ImageFormat.JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return ImageFormat.PNG
    if content[:4] == b"RIFF":
        return _recognise_riff(content)
    if content[4:8] == b"ftyp":
        return _recognise_iso_media(content)
    raise _refusal(content)


def check_beginning(file: BinaryIO) -> None:
    """Raises UnreadablePhoto for what does not begin like a picture that we take."""
    beginning = file.read(LOOK_AT_BYTES)
    file.seek(0)
    recognise(beginning)


def _recognise_riff(content: bytes) -> ImageFormat:
    if content[8:12] == b"WEBP":
        return ImageFormat.WEBP
    raise VideoNotTaken if content[8:12] == b"AVI " else NotAPicture


def _recognise_iso_media(content: bytes) -> ImageFormat:
    brand, listed = content[8:12], _compatible_brands(content)
    if brand in AVIF_BRANDS or (brand in {b"mif1", b"msf1"} and listed & AVIF_BRANDS):
        return ImageFormat.AVIF
    if brand in RAW_BRANDS:
        raise RawNotTaken
    if brand in HEIF_BRANDS or listed & (HEIF_BRANDS - {b"mif1", b"msf1"}):
        return ImageFormat.HEIF
    raise VideoNotTaken


def _compatible_brands(content: bytes) -> set[bytes]:
    end = min(int.from_bytes(content[:4]), LOOK_AT_BYTES)
    return {content[at : at + 4] for at in range(16, end, 4)}


def _refusal(content: bytes) -> UnreadablePhoto:
    for beginning, refusal in REFUSED_BEGINNINGS:
        if content.startswith(beginning):
            return refusal()
    text = content[:LOOK_AT_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not text.startswith(b"<"):
        return NotAPicture()
    if b"<svg" in text:
        return SvgNotTaken()
    return WebPageNotTaken() if b"<html" in text or b"<!doctype html" in text else NotAPicture()


def is_cut_short(content: bytes, kind: ImageFormat) -> bool:
    """Whether the file ends before it says it does."""
    match kind:
        case ImageFormat.JPEG:
            return b"\xff\xd9" not in content[content.rfind(b"\xff\xda") :]
        case ImageFormat.PNG:
            return b"IEND" not in content[-64:]
        case ImageFormat.WEBP:
            return int.from_bytes(content[4:8], "little") + 8 > len(content)
        case ImageFormat.HEIF | ImageFormat.AVIF:
            return _boxes_end(content) > len(content)


def _boxes_end(content: bytes) -> int:
    """Where the last top-level box of an ISO media file claims to end."""
    at = 0
    while at + 8 <= len(content):
        size = int.from_bytes(content[at : at + 4])
        if size == 1:
            size = int.from_bytes(content[at + 8 : at + 16])
        if size < 8:  # 0: "to the end of the file"; anything else is nonsense
            return len(content)
        at += size
    return at
