"""Packed points without the words beside them: the application's format, as far as that needs.

Words are names of a track and of its waypoints, and remarks, which may quote them. They are a zlib
stream of JSON at the end of the file, whose length the header tells. Earlier, they were the first
so many bytes of one stream of everything.
"""

import json
import struct
import zlib

from contravento_backup.kit.errors import BackupFailed

MAGIC, VERSION, WHOLE_VERSION = b"CVTR", 2, 1
HEADER = struct.Struct("<4sBII")  # magic, version, points, bytes of JSON; then others
LEVEL = 4
FIGURES = ("tracks", "track_starts")
WORDLESS: dict[str, object] = {"name": None, "waypoints": [], "report": []}


def without_words(packed: bytes) -> bytes:
    """The same points; the same bytes where nothing was said. Raises BackupFailed."""
    try:
        magic, version, *_ = HEADER.unpack_from(packed)
        if magic != MAGIC or version not in (VERSION, WHOLE_VERSION):
            raise ValueError
        return _in_pieces(packed) if version == VERSION else _whole(packed)
    except (struct.error, zlib.error, ValueError, KeyError, TypeError) as error:
        raise BackupFailed("Points are packed in a way that this version cannot read.") from error


def _in_pieces(packed: bytes) -> bytes:
    _, _, points, text_bytes = HEADER.unpack_from(packed)
    text = _wordless(zlib.decompress(packed[-text_bytes:]))
    if text is None:
        return packed
    stream = zlib.compress(text, LEVEL)
    header = HEADER.pack(MAGIC, VERSION, points, len(stream))
    return header + packed[HEADER.size : -text_bytes] + stream


def _whole(packed: bytes) -> bytes:
    _, _, points, text_bytes = HEADER.unpack_from(packed)
    body = zlib.decompress(memoryview(packed)[HEADER.size :])
    text = _wordless(body[:text_bytes])
    if text is None:
        return packed
    header = HEADER.pack(MAGIC, WHOLE_VERSION, points, len(text))
    return header + zlib.compress(text + body[text_bytes:], LEVEL)


def _wordless(text: bytes) -> bytes | None:
    """The JSON without words, or None where it has none."""
    said = json.loads(text)
    if {**said, **WORDLESS} == said:
        return None
    figures = {name: said[name] for name in FIGURES if name in said}
    return json.dumps({**figures, **WORDLESS}, separators=(",", ":")).encode()
