"""Everything that is computed from an uploaded file, in one call for another process."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contravento.tracks import rules
from contravento.tracks.analysis import geodesy
from contravento.tracks.analysis.measures import (
    Measures,
    longest_segments,
    measure,
    step_lengths,
)
from contravento.tracks.analysis.notable_climbs import Climb
from contravento.tracks.analysis.profile import Profile, draw_profile
from contravento.tracks.analysis.simplify import significance
from contravento.tracks.analysis.transfers import Transfer, list_transfers
from contravento.tracks.codec import pack, unpack
from contravento.tracks.reading.read import read_recording
from contravento.tracks.recording import Recording, Remark, Waypoint

type Outline = list[list[tuple[float, float]]]


@dataclass(frozen=True, slots=True, eq=False)
class Digest:
    """What is kept of a file. `outline`: a few lines of [lon, lat] for small drawings; `packed`
    is empty where a file marks places and has no line."""

    measures: Measures
    profile: Profile | None
    outline: Outline
    packed: bytes
    report: tuple[Remark, ...]
    name: str | None
    waypoints: tuple[Waypoint, ...] = ()
    transfers: tuple[Transfer, ...] = ()


def digest(content: bytes, file_name: str) -> Digest:
    """Read a file and work everything out. Raises a subclass of UnreadableTrack."""
    recording = read_recording(content, file_name=file_name)
    if not len(recording):
        return _places_alone(recording)
    weights = significance(recording)
    steps = step_lengths(recording)
    return Digest(
        measures=measure(recording, steps=steps),
        profile=draw_profile(recording, steps=steps),
        outline=draw_outline(recording, weights),
        packed=pack(recording, weights),
        report=recording.report,
        name=recording.name,
        waypoints=recording.waypoints,
        transfers=list_transfers(recording),
    )


def find_packed_climbs(packed: bytes) -> tuple[tuple[Climb, ...], dict[str, float] | None]:
    """Climbs, and how much of the way is how steep, of points that are kept already."""
    measures = measure(unpack(packed)[0])
    return measures.climbs, measures.gradients


def _places_alone(recording: Recording) -> Digest:
    return Digest(
        measures=measure(recording),
        profile=None,
        outline=[],
        packed=b"",
        report=recording.report,
        name=recording.name,
        waypoints=recording.waypoints,
    )


def draw_outline(
    recording: Recording,
    weights: NDArray[np.float32],
    at_most: int = rules.OUTLINE_POINTS,
) -> Outline:
    """The most significant points, at most so many, as one line for each segment drawn.

    Longitudes run on past ±180° where the track crosses the antimeridian, so that it can be drawn
    in one piece. Where there are more segments than half the points, the longest are drawn.
    """
    drawn = longest_segments(recording, at_most // 2)
    weights = np.where(drawn[recording.segment], weights, -1.0).astype(np.float32)
    kept = _heaviest(weights, at_most)
    kept = kept[weights[kept] > 0]
    lon = geodesy.unroll(recording.lon)[kept]
    points = np.stack((lon, recording.lat[kept]), axis=1).round(5)
    cuts = np.flatnonzero(np.diff(recording.segment[kept])) + 1
    return [[(x, y) for x, y in line.tolist()] for line in np.split(points, cuts)]


def _heaviest(weights: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Indices of the heaviest so many, ascending; of equal ones the first."""
    if len(weights) > count:
        least = np.partition(weights, -count)[-count]
        candidates = np.flatnonzero(weights >= least)
    else:
        candidates = np.arange(len(weights))
    order = np.argsort(-weights[candidates], kind="stable")[:count]
    return np.sort(candidates[order])
