"""Reads untrusted XML: no DTD, no entities, no depth; broken files up to the break."""

import re
from collections.abc import Callable
from typing import Protocol
from xml.parsers import expat

from contravento.tracks import rules
from contravento.tracks.errors import HasDoctype, TooDeep
from contravento.tracks.reading import warnings
from contravento.tracks.reading.numbers import short_text
from contravento.tracks.recording import Remark

FORBIDDEN_BYTES = bytes(set(range(32)) - {9, 10, 13})
REFERENCE = re.compile(rb"&(#x[0-9A-Fa-f]{1,6};|#[0-9]{1,7};|(?:amp|lt|gt|quot|apos);)?")
MOST_PREFIXES = 10
MOST_REFERENCES = 100_000

_codes = expat.errors.codes
AT_THE_END = {
    _codes[expat.errors.XML_ERROR_NO_ELEMENTS],
    _codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN],
    _codes[expat.errors.XML_ERROR_PARTIAL_CHAR],
    _codes[expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION],
}
AFTER_THE_END = _codes[expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]
REPAIRABLE = {
    _codes[expat.errors.XML_ERROR_INVALID_TOKEN],
    _codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY],
    _codes[expat.errors.XML_ERROR_BAD_CHAR_REF],
}


class Reader(Protocol):
    """What hears the elements of a document, as expat finds them, prefixes and all."""

    text: list[str]

    def start(self, name: str, attributes: dict[str, str]) -> None: ...
    def end(self, name: str) -> None: ...


def parse[R: Reader](text: bytes, make_reader: Callable[[], R]) -> tuple[R, list[Remark]]:
    """Let a reader hear the document and return it, with remarks on what is broken in the XML.

    `text` is UTF-8 whatever its declaration says. Raises HasDoctype; what the reader raises
    passes through.
    """
    reader = make_reader()
    error = run(text, reader)
    if error is None:
        return reader, []
    remarks: list[Remark] = []
    if error.code in REPAIRABLE:
        text, remarks = _repair(text)
        if remarks:
            reader = make_reader()
            error = run(text, reader)
    return reader, remarks + ([_describe(error)] if error else [])


class LocalNames(dict[str, str]):
    """Every element name met, and what is left of it without its prefix.

    Raises TooDeep for names that are longer or more than any format has.
    """

    def __missing__(self, name: str) -> str:
        if len(self) >= rules.MOST_ELEMENT_NAMES or len(name) > rules.LONGEST_ELEMENT_NAME:
            raise TooDeep
        local = self[name] = name.rpartition(":")[2]
        return local


def undeclared_prefixes(names: LocalNames, text: bytes) -> list[Remark]:
    """Remarks on the first few prefixes of element names that the document declares nowhere."""
    prefixes = {name.partition(":")[0] for name in names if ":" in name}
    return [
        warnings.UNDECLARED_PREFIX(prefix=short_text(prefix))
        for prefix in sorted(prefixes)[:MOST_PREFIXES]
        if b"xmlns:" + prefix.encode() not in text
    ]


def run(text: bytes, reader: Reader) -> expat.ExpatError | None:
    """Let a reader hear the document as far as it is whole; the error that ended it, if any."""
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text.append
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        return error
    return None


def _refuse_doctype(*_declaration: object) -> None:
    raise HasDoctype


def _describe(error: expat.ExpatError) -> Remark:
    if error.code in AT_THE_END:
        return warnings.TRUNCATED(line=error.lineno)
    if error.code == AFTER_THE_END:
        return warnings.TRAILING(line=error.lineno)
    return warnings.BROKEN(line=error.lineno)


def _repair(text: bytes) -> tuple[bytes, list[Remark]]:
    """Take out characters that XML forbids and escape ampersands that begin no reference."""
    remarks = []
    cleaned = text.translate(None, FORBIDDEN_BYTES).replace(b"\xef\xbf\xbe", b"")
    cleaned = cleaned.replace(b"\xef\xbf\xbf", b"")
    if len(cleaned) < len(text):
        remarks.append(warnings.CONTROL_CHARACTERS(count=len(text) - len(cleaned)))
    repaired = REFERENCE.sub(_repair_reference, cleaned, count=MOST_REFERENCES)
    if len(repaired) != len(cleaned):
        remarks.append(warnings.AMPERSANDS(count=(len(repaired) - len(cleaned)) // len(b"amp;")))
    return repaired, remarks


def _repair_reference(match: re.Match[bytes]) -> bytes:
    reference = match[1]
    if reference is None:
        return b"&amp;"
    if reference.startswith(b"#"):
        digits = reference[1:-1]
        point = int(digits[1:], 16) if digits.startswith(b"x") else int(digits)
        allowed = point in (9, 10, 13) or 32 <= point < 0xD800 or 0xE000 <= point < 0xFFFE
        if not (allowed or 0x10000 <= point < 0x110000):
            return b"&amp;" + reference
    return match[0]
