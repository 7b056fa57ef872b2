"""Any track file, whatever its format, read into a recording."""

import zlib
from datetime import UTC, datetime
from pathlib import PurePath

from contravento.tracks import rules
from contravento.tracks.errors import (
    Archive,
    Document,
    EmptyFile,
    FileTooLarge,
    HasDoctype,
    KmlFile,
    NotATrack,
    OtherXml,
    Picture,
    UnreadableTrack,
    WebPage,
)
from contravento.tracks.reading import fit, gpx, tcx, text_encoding, warnings
from contravento.tracks.reading.cleaning import clean
from contravento.tracks.reading.detect import Format, sniff_binary, sniff_markup
from contravento.tracks.reading.parsed_file import Findings
from contravento.tracks.recording import Recording, Remark

READERS = {Format.GPX: gpx.read, Format.TCX: tcx.read}
REFUSALS: dict[Format, type[UnreadableTrack]] = {
    Format.GZIP: Archive,
    Format.ARCHIVE: Archive,
    Format.PICTURE: Picture,
    Format.DOCUMENT: Document,
    Format.KML: KmlFile,
    Format.OTHER_XML: OtherXml,
    Format.HAS_DOCTYPE: HasDoctype,
    Format.UNKNOWN: NotATrack,
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
    content, found = _unpack(content)
    findings = _read(content, file_name)
    findings.remarks[:0] = found
    return clean(findings, now=(now or datetime.now(UTC)).timestamp())


def _unpack(content: bytes) -> tuple[bytes, list[Remark]]:
    """Undo gzip once, never making more bytes than a file may have."""
    _check_size(content)
    if sniff_binary(content) != Format.GZIP:
        return content, []
    unpacking = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacking.decompress(content, rules.LARGEST_FILE_BYTES + 1)
    except zlib.error as error:
        raise Archive from error
    _check_size(unpacked)
    if not unpacked:
        raise EmptyFile
    if not unpacking.eof:
        return unpacked, [warnings.UNPACKED(), warnings.PACKED_PART()]
    return unpacked, [warnings.UNPACKED()]


def _check_size(content: bytes) -> None:
    if len(content) > rules.LARGEST_FILE_BYTES:
        raise FileTooLarge(megabytes=rules.LARGEST_FILE_BYTES // 2**20)


def _read(content: bytes, file_name: str) -> Findings:
    kind = sniff_binary(content)
    if kind == Format.FIT:
        return fit.read(content)
    if kind != Format.UNKNOWN:
        raise REFUSALS[kind]
    text, found = text_encoding.to_utf8(content)
    kind = sniff_markup(text)
    if kind == Format.WEB_PAGE:
        raise WebPage(ending=PurePath(file_name).suffix[:10] or ".html")
    if kind in REFUSALS:
        raise REFUSALS[kind]
    findings = READERS[kind](text)
    findings.remarks[:0] = found
    return findings
