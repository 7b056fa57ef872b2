"""Reads a track file of any format into a recording."""

import zlib
from datetime import UTC, datetime
from pathlib import PurePath

from contravento.tracks import rules
from contravento.tracks.errors import (
    Archive,
    Document,
    EmptyFile,
    HasDoctype,
    KmlFile,
    NotATrack,
    OtherXml,
    Picture,
    UnreadableTrack,
    WebPage,
)
from contravento.tracks.reading import fit, gpx, tcx, text_encoding, warnings
from contravento.tracks.reading.cleaning.clean import clean
from contravento.tracks.reading.detect import TrackFormat, sniff_binary, sniff_markup
from contravento.tracks.reading.parsed_file import Findings
from contravento.tracks.recording import Recording, Remark

READERS = {TrackFormat.GPX: gpx.read, TrackFormat.TCX: tcx.read}
REFUSALS: dict[TrackFormat, type[UnreadableTrack]] = {
    TrackFormat.GZIP: Archive,
    TrackFormat.ARCHIVE: Archive,
    TrackFormat.PICTURE: Picture,
    TrackFormat.DOCUMENT: Document,
    TrackFormat.KML: KmlFile,
    TrackFormat.OTHER_XML: OtherXml,
    TrackFormat.HAS_DOCTYPE: HasDoctype,
    TrackFormat.UNKNOWN: NotATrack,
}


def read_recording(
    content: bytes, *, file_name: str = "", now: datetime | None = None
) -> Recording:
    """Read a GPX, TCX or FIT file, packed with gzip or not, by what it holds and not by its name.

    Raises a subclass of UnreadableTrack that says why, and nothing else, whatever the bytes are.
    What was odd is in the recording's report. `now` is for tests: times after it are not believed.
    """
    if not content:
        raise EmptyFile
    content, remarks = _unpack(content)
    findings = _read(content, file_name)
    findings.remarks[:0] = remarks
    return clean(findings, now=(now or datetime.now(UTC)).timestamp())


def _unpack(content: bytes) -> tuple[bytes, list[Remark]]:
    """Undo gzip once, never making more bytes than a file may have."""
    rules.check_file_size(len(content))
    if sniff_binary(content) != TrackFormat.GZIP:
        return content, []
    unpacking = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacking.decompress(content, rules.LARGEST_FILE_BYTES + 1)
    except zlib.error as error:
        raise Archive from error
    rules.check_file_size(len(unpacked))
    if not unpacking.eof:
        return unpacked, [warnings.UNPACKED(), warnings.PACKED_PART()]
    return unpacked, [warnings.UNPACKED()]


def _read(content: bytes, file_name: str) -> Findings:
    kind = sniff_binary(content)
    if kind == TrackFormat.FIT:
        return fit.read(content)
    if kind != TrackFormat.UNKNOWN:
        raise REFUSALS[kind]
    text, remarks = text_encoding.to_utf8(content)
    kind = sniff_markup(text)
    if kind == TrackFormat.WEB_PAGE:
        raise WebPage(ending=PurePath(file_name).suffix[:10] or ".html")
    if kind in REFUSALS:
        raise REFUSALS[kind]
    findings = READERS[kind](text)
    findings.remarks[:0] = remarks
    return findings
