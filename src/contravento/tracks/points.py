"""Packed points in the storage, read piece by piece: lines to draw, files to download.

However long a track is, no more than a block of it is in memory.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from contravento.kit.resources import Resources
from contravento.tracks import geometry
from contravento.tracks.codec import (
    Contents,
    Span,
    WholePacking,
    read_contents,
    read_track_starts,
    repack,
    unpack_block,
)
from contravento.tracks.errors import TrackBeingPrepared
from contravento.tracks.export.fit import Ends
from contravento.tracks.export.write import (
    ExportFormat,
    TrackHead,
    make_writer,
    write_stretch,
)

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

    async def track_starts(self) -> tuple[int, ...]:
        """The segments at which the tracks begin that the uploaded file held."""
        text = b"".join([chunk async for chunk in self.read(self.contents.text)])
        return await asyncio.to_thread(read_track_starts, text)

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


@dataclass(frozen=True, slots=True)
class KeptTrack:
    """A track to be written, and the key of its points."""

    key: str
    head: TrackHead


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


async def write_tracks(
    resources: Resources, tracks: Sequence[KeptTrack], wanted: ExportFormat, *, name: str
) -> AsyncIterator[bytes]:
    """One file of these tracks, which together are called so."""
    ends = await _ends_of(resources, tracks) if wanted is ExportFormat.FIT else None
    writer = make_writer(wanted, [track.head for track in tracks], name, ends=ends)
    yield writer.open()
    for track in tracks:
        opened = await open_track(resources, track.key, points=track.head.points)
        starts = await opened.track_starts()
        yield writer.open_track(track.head.name)
        after = -1
        async for block in opened.blocks():
            stretch, _ = await asyncio.to_thread(unpack_block, block)
            yield await asyncio.to_thread(
                write_stretch, writer, stretch, track.head.name, starts, after
            )
            after = int(stretch.segment[-1])
        yield writer.close_track()
    yield writer.close()


async def _ends_of(resources: Resources, tracks: Sequence[KeptTrack]) -> Ends:
    """Where the first track begins and the last one ends; reads a block of each."""
    places = []
    for track, at in ((tracks[0], 0), (tracks[-1], -1)):
        opened = await open_track(resources, track.key, points=track.head.points)
        block = b"".join([chunk async for chunk in opened.read(opened.contents.blocks[at])])
        stretch, _ = await asyncio.to_thread(unpack_block, block)
        places.append((float(stretch.lon[at]), float(stretch.lat[at])))
    return places[0], places[1]


async def _slice(packed: bytes, span: Span) -> AsyncIterator[bytes]:
    yield packed[slice(*span)]
