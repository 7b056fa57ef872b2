"""The formats that tracks leave in, and a recording written in one of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Protocol

import numpy as np

from contravento.tracks.export.fit import Ends, FitWriter
from contravento.tracks.export.geojson import GeoJsonWriter
from contravento.tracks.export.gpx import GpxWriter
from contravento.tracks.export.kml import KmlWriter
from contravento.tracks.export.tcx import TcxWriter
from contravento.tracks.recording import Recording

POINTS_AT_ONCE = 8_192


class ExportFormat(StrEnum):
    GPX = "gpx"
    KML = "kml"
    GEOJSON = "geojson"
    TCX = "tcx"
    FIT = "fit"


MEDIA_TYPES = {
    ExportFormat.GPX: "application/gpx+xml",
    ExportFormat.KML: "application/vnd.google-earth.kml+xml",
    ExportFormat.GEOJSON: "application/geo+json",
    ExportFormat.TCX: "application/vnd.garmin.tcx+xml",
    ExportFormat.FIT: "application/vnd.ant.fit",
}


@dataclass(frozen=True, slots=True)
class TrackHead:
    """What has to be known of a track before its first point is written."""

    name: str
    points: int
    distance_metres: float


class Writer(Protocol):
    """Bytes of a file in the order in which its methods are called; `write` takes a stretch of a
    track, numbered by the segments of the whole. With `parts_tracks` each of the tracks that one
    uploaded file held is a track of its own."""

    @property
    def parts_tracks(self) -> bool: ...
    def open(self) -> bytes: ...
    def open_track(self, name: str) -> bytes: ...
    def write(self, stretch: Recording) -> bytes: ...
    def close_track(self) -> bytes: ...
    def close(self) -> bytes: ...


def make_writer(
    wanted: ExportFormat, heads: Sequence[TrackHead], name: str, *, ends: Ends | None = None
) -> Writer:
    """For these tracks in this order; `name` is that of all of them together, `ends` are where the
    first begins and the last ends, which some devices ask of a FIT course."""
    length = sum(head.distance_metres for head in heads)
    match wanted:
        case ExportFormat.GPX:
            return GpxWriter()
        case ExportFormat.KML:
            return KmlWriter()
        case ExportFormat.GEOJSON:
            return GeoJsonWriter()
        case ExportFormat.TCX:
            return TcxWriter([head.distance_metres for head in heads])
        case ExportFormat.FIT:
            return FitWriter(name, sum(head.points for head in heads), length, ends)


def write_stretch(
    writer: Writer, stretch: Recording, name: str, track_starts: Sequence[int], after: int
) -> bytes:
    """A stretch of a track, `after` being the segment in which the one before it ended, and -1 at
    the beginning. `track_starts` are the segments at which a file's tracks begin."""
    starts = np.array(track_starts if writer.parts_tracks else (), np.int64)
    before = np.append(after, stretch.segment[:-1])
    number = np.searchsorted(starts, stretch.segment, side="right")
    cuts = np.flatnonzero((number != np.searchsorted(starts, before, side="right")) & (before >= 0))
    written = []
    for first, end in pairwise(sorted({0, *cuts.tolist(), len(stretch)})):
        if first in cuts:
            written += [writer.close_track(), writer.open_track(name)]
        written.append(writer.write(slice_of(stretch, slice(first, end))))
    return b"".join(written)


def write_recording(recording: Recording, writer: Writer, *, name: str) -> bytes:
    """A whole file of one recording."""
    return b"".join(_write(recording, writer, name))


def _write(recording: Recording, writer: Writer, name: str) -> Iterator[bytes]:
    yield writer.open() + writer.open_track(name)
    after = -1
    for first in range(0, len(recording), POINTS_AT_ONCE):
        stretch = slice_of(recording, slice(first, first + POINTS_AT_ONCE))
        yield write_stretch(writer, stretch, name, recording.track_starts, after)
        after = int(stretch.segment[-1])
    yield writer.close_track() + writer.close()


def slice_of(recording: Recording, which: slice) -> Recording:
    return Recording(
        lon=recording.lon[which],
        lat=recording.lat[which],
        elevation=recording.elevation[which],
        time=recording.time[which],
        segment=recording.segment[which],
        tracks=recording.tracks,
    )
