"""Converts XML of any encoding, declared or not, to UTF-8."""

import codecs
import re

from contravento.tracks.reading import warnings
from contravento.tracks.recording import Remark

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
DECLARED = re.compile(rb"""\A<\?xml[^>]{1,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
SINGLE_BYTE_OR_ASIAN = re.compile(
    r"iso8859-\d+|cp125\d|koi8-[ru]|mac-roman|gb18030|gbk|gb2312|big5|shift_jis|cp932|euc_(jp|kr)"
)
FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
OFFENDING = re.compile("[\udc80-\udcff]+")
MOST_REPAIRED_PLACES = 10_000


def to_utf8(content: bytes) -> tuple[bytes, list[Remark]]:
    """Return the content as valid UTF-8 without byte-order mark or blank start, and remarks.

    Never fails: bytes that fit no encoding are read as windows-1252, which is what such files
    have nearly always been written in.
    """
    content, encoding = _take_mark(content)
    remarks = [warnings.BYTE_ORDER_MARK()] if encoding else []
    while encoding and content.startswith(codecs.BOM_UTF8):
        content = content.removeprefix(codecs.BOM_UTF8)  # one program after the other wrote its own
    encoding = encoding or _guess_wide(content)
    if encoding.startswith(("utf-16", "utf-32")):
        text = content.decode(encoding, "replace")
        return text.lstrip().encode("utf-8", "replace"), remarks
    utf8, odd = _narrow_to_utf8(content.lstrip())
    return utf8, remarks + odd


def _take_mark(content: bytes) -> tuple[bytes, str]:
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content.removeprefix(mark), encoding
    return content, ""


def _guess_wide(content: bytes) -> str:
    if content[:4] == b"<\x00?\x00" or content[:4] == b"<\x00g\x00":
        return "utf-16-le"
    if content[:4] == b"\x00<\x00?" or content[:4] == b"\x00<\x00g":
        return "utf-16-be"
    return "utf-8"


def _narrow_to_utf8(content: bytes) -> tuple[bytes, list[Remark]]:
    if content.isascii():
        return content, []
    declared = _declared_encoding(content)
    if _is_utf8(content):
        agrees = declared in ("utf-8", "ascii")
        return content, [] if agrees else [warnings.ENCODING(encoding="UTF-8")]
    if SINGLE_BYTE_OR_ASIAN.fullmatch(declared):
        return content.decode(declared, "replace").encode("utf-8", "replace"), []
    return _repair_utf8(content), [warnings.ENCODING(encoding="windows-1252")]


def _declared_encoding(content: bytes) -> str:
    """The codec the XML declaration names, UTF-8 when it names none that there is."""
    match = DECLARED.match(content)
    if not match:
        return "utf-8"
    try:
        name = codecs.lookup(match[1].decode("ascii")).name
    except LookupError:
        return "utf-8"
    if name == "iso8859-1":  # as browsers do: nobody means the control characters of ISO 8859-1
        return "cp1252"
    return name


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _repair_utf8(content: bytes) -> bytes:
    """Valid UTF-8, each stretch of offending bytes taken for windows-1252; linear in the length."""
    text = content.decode("utf-8", "surrogateescape")
    return OFFENDING.sub(_from_windows, text, count=MOST_REPAIRED_PLACES).encode("utf-8", "replace")


def _from_windows(offending: re.Match[str]) -> str:
    return offending[0].encode("utf-8", "surrogateescape").decode("cp1252", "replace")


def without_forbidden(text: str) -> str:
    """The text without the characters that no XML may hold, lone surrogates among them."""
    return FORBIDDEN.sub("", text)
