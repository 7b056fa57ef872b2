"""Detects a file's format by its content, never by its name."""

import re
from enum import StrEnum

from contravento.tracks.reading.formats import igc, nmea

MOST_COMMENTS = 1_000  # before the first element
ROOT = re.compile(rb"<([^\s/>]{1,200})")


class TrackFormat(StrEnum):
    GPX = "gpx"
    TCX = "tcx"
    FIT = "fit"
    GZIP = "gzip"
    ZIP = "zip"
    ARCHIVE = "archive"
    PICTURE = "picture"
    DOCUMENT = "document"
    WEB_PAGE = "web page"
    KML = "kml"
    GEOJSON = "geojson"
    IGC = "igc"
    NMEA = "nmea"
    OTHER_XML = "other xml"
    HAS_DOCTYPE = "has doctype"
    UNKNOWN = "unknown"


SIGNATURES = (
    (b"\x1f\x8b", TrackFormat.GZIP),
    (b"PK\x03\x04", TrackFormat.ZIP),
    (b"PK\x05\x06", TrackFormat.ZIP),
    (b"7z\xbc\xaf\x27\x1c", TrackFormat.ARCHIVE),
    (b"Rar!", TrackFormat.ARCHIVE),
    (b"\xfd7zXZ", TrackFormat.ARCHIVE),
    (b"BZh", TrackFormat.ARCHIVE),
    (b"\x28\xb5\x2f\xfd", TrackFormat.ARCHIVE),
    (b"\xff\xd8\xff", TrackFormat.PICTURE),
    (b"\x89PNG", TrackFormat.PICTURE),
    (b"GIF8", TrackFormat.PICTURE),
    (b"II*\x00", TrackFormat.PICTURE),
    (b"MM\x00*", TrackFormat.PICTURE),
    (b"%PDF-", TrackFormat.DOCUMENT),
)
ROOTS = {
    b"gpx": TrackFormat.GPX,
    b"trainingcenterdatabase": TrackFormat.TCX,
    b"kml": TrackFormat.KML,
    b"html": TrackFormat.WEB_PAGE,
    b"head": TrackFormat.WEB_PAGE,
    b"body": TrackFormat.WEB_PAGE,
}


def sniff_binary(content: bytes) -> TrackFormat:
    """The format that the first bytes give away; UNKNOWN for anything that may be text."""
    if content[8:12] == b".FIT":
        return TrackFormat.FIT
    if content[4:8] == b"ftyp" or (content[:4] == b"RIFF" and content[8:12] == b"WEBP"):
        return TrackFormat.PICTURE
    return next(
        (kind for start, kind in SIGNATURES if content.startswith(start)), TrackFormat.UNKNOWN
    )


def sniff_text(text: bytes) -> TrackFormat:
    """The format of a text in UTF-8, by how it begins; UNKNOWN if it is none that we know."""
    if text.lstrip()[:1] == b"{":
        return TrackFormat.GEOJSON
    if nmea.START.match(text):
        return TrackFormat.NMEA
    if igc.START.match(text):
        return TrackFormat.IGC
    return _sniff_markup(text)


def _sniff_markup(text: bytes) -> TrackFormat:
    """By the first element."""
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
            return TrackFormat.UNKNOWN
        at = end + 2
    return TrackFormat.UNKNOWN


def _sniff_root(text: bytes, at: int) -> TrackFormat:
    if text[at : at + 9].upper() == b"<!DOCTYPE":
        name = text[at + 9 : at + 100].split(None, 1)[:1]
        is_page = bool(name) and name[0].lower().startswith(b"html")
        return TrackFormat.WEB_PAGE if is_page else TrackFormat.HAS_DOCTYPE
    match = ROOT.match(text, at)
    if not match:
        return TrackFormat.UNKNOWN
    return ROOTS.get(match[1].rpartition(b":")[2].lower(), TrackFormat.OTHER_XML)
