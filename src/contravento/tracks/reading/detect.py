"""What kind of file some bytes are, by what they begin with and never by their name."""

import re
from enum import StrEnum

MOST_COMMENTS = 1_000  # before the first element
ROOT = re.compile(rb"<([^\s/>]{1,200})")


class Format(StrEnum):
    GPX = "gpx"
    TCX = "tcx"
    FIT = "fit"
    GZIP = "gzip"
    ARCHIVE = "archive"
    PICTURE = "picture"
    DOCUMENT = "document"
    WEB_PAGE = "web page"
    KML = "kml"
    OTHER_XML = "other xml"
    HAS_DOCTYPE = "has doctype"
    UNKNOWN = "unknown"


SIGNATURES = (
    (b"\x1f\x8b", Format.GZIP),
    (b"PK\x03\x04", Format.ARCHIVE),
    (b"PK\x05\x06", Format.ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", Format.ARCHIVE),
    (b"Rar!", Format.ARCHIVE),
    (b"\xfd7zXZ", Format.ARCHIVE),
    (b"BZh", Format.ARCHIVE),
    (b"\x28\xb5\x2f\xfd", Format.ARCHIVE),
    (b"\xff\xd8\xff", Format.PICTURE),
    (b"\x89PNG", Format.PICTURE),
    (b"GIF8", Format.PICTURE),
    (b"II*\x00", Format.PICTURE),
    (b"MM\x00*", Format.PICTURE),
    (b"%PDF-", Format.DOCUMENT),
)
ROOTS = {
    b"gpx": Format.GPX,
    b"trainingcenterdatabase": Format.TCX,
    b"kml": Format.KML,
    b"html": Format.WEB_PAGE,
    b"head": Format.WEB_PAGE,
    b"body": Format.WEB_PAGE,
}


def sniff_binary(content: bytes) -> Format:
    """The format that the first bytes give away; UNKNOWN for anything that may be text."""
    if content[8:12] == b".FIT":
        return Format.FIT
    if content[4:8] == b"ftyp" or (content[:4] == b"RIFF" and content[8:12] == b"WEBP"):
        return Format.PICTURE
    return next((kind for start, kind in SIGNATURES if content.startswith(start)), Format.UNKNOWN)


def sniff_markup(text: bytes) -> Format:
    """The format of a text in UTF-8, by its first element; UNKNOWN if it is not markup."""
    at = 0
    for _ in range(MOST_COMMENTS):
        while text[at : at + 1].isspace():
            at += 1
        if text.startswith(b"<?", at):
            end = text.find(b"?>", at)
        elif text.startswith(b"<!--", at):
            end = text.find(b"-->", at + 4) + 1
        else:
            return _sniff_root(text, at)
        if end <= 0:
            return Format.UNKNOWN
        at = end + 2
    return Format.UNKNOWN


def _sniff_root(text: bytes, at: int) -> Format:
    if text[at : at + 9].upper() == b"<!DOCTYPE":
        name = text[at + 9 : at + 100].split(None, 1)[:1]
        is_page = bool(name) and name[0].lower().startswith(b"html")
        return Format.WEB_PAGE if is_page else Format.HAS_DOCTYPE
    match = ROOT.match(text, at)
    if not match:
        return Format.UNKNOWN
    return ROOTS.get(match[1].rpartition(b":")[2].lower(), Format.OTHER_XML)
