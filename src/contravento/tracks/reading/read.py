"""Reads a track file of any format into a recording."""

import io
import zlib
from datetime import UTC, datetime
from pathlib import PurePath

from contravento.tracks import rules
from contravento.tracks.errors import (
    Archive,
    Document,
    EmptyFile,
    HasDoctype,
    NotATrack,
    OtherXml,
    Picture,
    SeveralTracks,
    UnreadableTrack,
    WebPage,
)
from contravento.tracks.reading import archive, text_encoding, warnings
from contravento.tracks.reading.cleaning.clean import clean
from contravento.tracks.reading.detect import TrackFormat, sniff_binary, sniff_text
from contravento.tracks.reading.formats import fit, geojson, gpx, igc, kml, nmea, tcx
from contravento.tracks.reading.numbers import short_text
from contravento.tracks.reading.parsed_file import Findings
from contravento.tracks.recording import Recording, Remark

READERS = {
    TrackFormat.GPX: gpx.read,
    TrackFormat.TCX: tcx.read,
    TrackFormat.KML: kml.read,
    TrackFormat.GEOJSON: geojson.read,
    TrackFormat.IGC: igc.read,
    TrackFormat.NMEA: nmea.read,
}
REFUSALS: dict[TrackFormat, type[UnreadableTrack]] = {
    TrackFormat.GZIP: Archive,
    TrackFormat.ZIP: Archive,
    TrackFormat.ARCHIVE: Archive,
    TrackFormat.PICTURE: Picture,
    TrackFormat.DOCUMENT: Document,
    TrackFormat.OTHER_XML: OtherXml,
    TrackFormat.HAS_DOCTYPE: HasDoctype,
    TrackFormat.UNKNOWN: NotATrack,
}


def read_recording(
    content: bytes, *, file_name: str = "", now: datetime | None = None
) -> Recording:
    """Read a GPX, TCX, FIT, KML, GeoJSON, IGC or NMEA file by what it holds, not by its name;
    packed with gzip or alone in a zip archive (as KMZ is), too.

    Raises a subclass of UnreadableTrack that says why, and nothing else, whatever the bytes are.
    What was odd is in the recording's report. `now` is for tests: times after it are not believed.
    """
    if not content:
        raise EmptyFile
    content, file_name, remarks = _take_out(content, file_name)
    content, unpacked = _unpack(content)
    remarks += unpacked
    findings = _read(content, file_name)
    findings.remarks[:0] = remarks
    return clean(findings, now=(now or datetime.now(UTC)).timestamp())


def _take_out(content: bytes, file_name: str) -> tuple[bytes, str, list[Remark]]:
    """The one track of a zip archive with its name."""
    if sniff_binary(content) != TrackFormat.ZIP:
        return content, file_name, []
    file = io.BytesIO(content)
    if (count := archive.count_members(file)) > 1:
        raise SeveralTracks(count=count)
    member = next(archive.read_members(file))
    return member.content, member.name, [warnings.FROM_ARCHIVE(name=short_text(member.name))]


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
    kind = sniff_text(text)
    if kind == TrackFormat.WEB_PAGE:
        raise WebPage(ending=PurePath(file_name).suffix[:10] or ".html")
    if kind in REFUSALS:
        raise REFUSALS[kind]
    findings = READERS[kind](text)
    findings.remarks[:0] = remarks
    return findings
