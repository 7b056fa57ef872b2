"""Packed points in the storage, read piece by piece: lines to draw, files to download.

However long a track is, no more than a block of it is in memory.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from contravento.kit.resources import Resources
from contravento.tracks import export, geometry
from contravento.tracks.codec import (
    Contents,
    Span,
    WholePacking,
    read_contents,
    repack,
    unpack_block,
)
from contravento.tracks.errors import TrackBeingPrepared

HEAD_BYTES = 16_384  # enough for the table of contents of the longest track
MOST_POINTS_REPACKED = 200_000  # of an older file, while somebody waits for it


@dataclass(frozen=True, slots=True)
class PackedTrack:
    """A file's table of contents, and a way to read the rest."""

    contents: Contents
    read: Callable[[Span], AsyncIterator[bytes]]

    async def levels(self, count: int) -> list[bytes]:
        """The coarsest so many levels of the line."""
        spans = self.contents.levels[:count]
        first = spans[0][0]
        whole = b"".join([chunk async for chunk in self.read((first, spans[-1][1]))])
        return [whole[begin - first : end - first] for begin, end in spans]

    async def blocks(self) -> AsyncIterator[bytes]:
        """One after the other, as they come from the storage."""
        spans = self.contents.blocks
        sizes = iter([end - begin for begin, end in spans])
        size, pending = next(sizes, 0), bytearray()
        async for chunk in self.read((spans[0][0], spans[-1][1])):
            pending += chunk
            while size and len(pending) >= size:
                yield bytes(pending[:size])
                del pending[:size]
                size = next(sizes, 0)


async def open_track(resources: Resources, key: str, *, points: int) -> PackedTrack:
    """Raises FileMissing, StorageAway, and TrackBeingPrepared for a long, older one."""
    storage = resources.storage

    def read(span: Span) -> AsyncIterator[bytes]:
        return _slice(head, span) if span[1] <= len(head) else storage.stream(key, span)

    head = b"".join([chunk async for chunk in storage.stream(key, (0, HEAD_BYTES))])
    try:
        return PackedTrack(read_contents(head), read)
    except WholePacking:
        if points > MOST_POINTS_REPACKED:
            raise TrackBeingPrepared from None
        packed = await resources.compute(repack, await storage.get(key))
        return PackedTrack(read_contents(packed), partial(_slice, packed))


async def draw(tracks: Sequence[PackedTrack], tolerance_metres: float) -> bytes:
    """These tracks as one GeoJSON Feature, as fine as asked for or as can be afforded."""
    level_points = [track.contents.level_points for track in tracks]
    count = geometry.affordable_levels(level_points, tolerance_metres) if tracks else 1
    lines = []
    for track in tracks:
        levels = await track.levels(count)
        lines.append(await asyncio.to_thread(geometry.read_levels, levels))
    return await asyncio.to_thread(geometry.draw_lines, lines, geometry.LADDER[count - 1])


async def write_gpx(
    resources: Resources, named: Sequence[tuple[str, str, int]]
) -> AsyncIterator[bytes]:
    """One GPX file of tracks by name, key and number of points, each a `<trk>` of its own."""
    yield export.open_gpx()
    for name, key, points in named:
        track = await open_track(resources, key, points=points)
        yield export.open_track(name)
        after = -1
        async for block in track.blocks():
            text, after = await asyncio.to_thread(_write_block, block, after)
            yield text
        yield export.CLOSE_TRACK
    yield export.TAIL


def _write_block(block: bytes, after: int) -> tuple[bytes, int]:
    stretch, _ = unpack_block(block)
    return export.write_points(stretch, after=after), int(stretch.segment[-1])


async def _slice(packed: bytes, span: Span) -> AsyncIterator[bytes]:
    yield packed[slice(*span)]
