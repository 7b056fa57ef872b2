"""Packed points without the words beside them: the application's format, as far as that needs.

A header says how many bytes of JSON the zlib stream behind it begins with: names of a track and of
its waypoints, and remarks, which may quote them.
"""

import json
import struct
import zlib

from contravento_backup.kit.errors import BackupFailed

MAGIC, VERSION = b"CVTR", 1
HEADER = struct.Struct("<4sBII")  # magic, version, points, bytes of JSON
LEVEL = 4
WORDLESS: dict[str, object] = {"name": None, "waypoints": [], "report": []}


def without_words(packed: bytes) -> bytes:
    """The same points; the same bytes where nothing was said. Raises BackupFailed."""
    try:
        magic, version, points, text_bytes = HEADER.unpack_from(packed)
        if (magic, version) != (MAGIC, VERSION):
            raise ValueError
        stream = memoryview(packed)[HEADER.size :]
        said = json.loads(zlib.decompressobj().decompress(stream, max(text_bytes, 1)))
        if {**said, **WORDLESS} == said:
            return packed
        text = json.dumps({"tracks": said["tracks"], **WORDLESS}, separators=(",", ":")).encode()
        body = zlib.decompress(stream)
    except (struct.error, zlib.error, ValueError, KeyError, TypeError) as error:
        raise BackupFailed("Points are packed in a way that this version cannot read.") from error
    header = HEADER.pack(MAGIC, VERSION, points, len(text))
    return header + zlib.compress(text + body[text_bytes:], LEVEL)
