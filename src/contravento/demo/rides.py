"""Make GPX of rides nobody rode: real valleys and towns, invented bends, believable times."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

type Values = NDArray[np.float64]

METRES_PER_DEGREE = 111_195.0
DRAWN_EVERY_METRES = 10.0
RECORDED_EVERY_METRES = 20.0
MAX_POINTS = 5_800  # a leg
CORNER_METRES = 80.0  # how far before an anchor a road begins to turn
STEEPEST_MEAN = 0.062  # where anchors ask for more, the road takes bends instead
STEEPEST = 0.10
BEND_METRES = (5_200.0, 2_300.0, 1_000.0, 480.0, 230.0)
ROLL_METRES = (3_200.0, 1_700.0, 800.0)
BOAT_KMH, BOAT_WAIT = 28.0, timedelta(minutes=25)
SLOWEST_KMH, FASTEST_KMH = 5.5, 46.0


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place the road goes through: degrees and metres above the sea."""

    latitude: float
    longitude: float
    height: float


type Leg = tuple[Anchor, ...]


@dataclass(frozen=True, slots=True)
class RideSketch:
    """One day on the road. Between two legs there is a boat.

    `winding` is how much the road bends (0.3 a dike, 1 a valley, 1.4 a coast of coves), `rolling`
    the metres it goes up and down between anchors, `pace_kmh` the speed on the level.
    """

    name: str
    starts_at: datetime
    legs: tuple[Leg, ...]
    seed: int
    winding: float = 1.0
    rolling: float = 14.0
    pace_kmh: float = 19.0


@dataclass(frozen=True, slots=True)
class _Recorded:
    latitudes: Values
    longitudes: Values
    heights: Values
    seconds: Values


def make_ride(ride: RideSketch) -> bytes:
    """Give GPX 1.1 with one track, a segment a leg, a point about every 20 m."""
    rng = np.random.default_rng(ride.seed)
    starts_at, segments = ride.starts_at.astimezone(UTC), []
    for number, leg in enumerate(ride.legs):
        if number:
            starts_at += _crossing(ride.legs[number - 1][-1], leg[0])
        recorded = _ride_leg(leg, ride, rng)
        segments.append(_segment(recorded, starts_at))
        starts_at += timedelta(seconds=float(recorded.seconds[-1]))
    return _document(ride, segments)


def _crossing(quay: Anchor, other: Anchor) -> timedelta:
    """How long the boat takes, with the wait for it."""
    north = other.latitude - quay.latitude
    east = (other.longitude - quay.longitude) * np.cos(np.radians(quay.latitude))
    hours = np.hypot(north, east) * METRES_PER_DEGREE / 1000 / BOAT_KMH
    return BOAT_WAIT + timedelta(hours=float(hours))


def _ride_leg(leg: Leg, ride: RideSketch, rng: np.random.Generator) -> _Recorded:
    """Lay a road on a plane of metres around the leg, ride it, and go back to degrees."""
    origin = leg[0]
    scale = METRES_PER_DEGREE * np.array([np.cos(np.radians(origin.latitude)), 1.0])
    start = np.array([origin.longitude, origin.latitude])
    places = np.array([(anchor.longitude, anchor.latitude) for anchor in leg])
    heights = np.array([anchor.height for anchor in leg])

    way, anchored = _road((places - start) * scale, heights, ride.winding, rng)
    along = _distance(way)
    ground = _ground(along, along[anchored], heights, ride.rolling, rng)
    stops = _recording_stops(along[-1], rng)
    seconds = _seconds(stops, np.interp(stops, along, ground), ride.pace_kmh, rng)
    trace = np.stack([np.interp(stops, along, axis) for axis in way.T], axis=1)
    degrees = trace / scale + start
    heights_read = np.interp(stops, along, ground) + rng.normal(0, 0.15, len(stops))
    return _Recorded(degrees[:, 1], degrees[:, 0], heights_read, seconds)


def _road(
    places: Values, heights: Values, winding: float, rng: np.random.Generator
) -> tuple[Values, NDArray[np.intp]]:
    """Give the road's points (n, 2) in metres and which of them are the anchors."""
    pieces, anchored, count = [], [0], 0
    for (start, end), (low, high) in zip(pairwise(places), pairwise(heights), strict=True):
        piece = _stretch(start, end, abs(high - low), winding, rng)
        pieces.append(piece)
        count += len(piece)
        anchored.append(count)
    way = np.concatenate([*pieces, places[-1:]])
    window = int(CORNER_METRES / DRAWN_EVERY_METRES)
    return np.stack([_smooth(axis, window) for axis in way.T], axis=1), np.array(anchored)


def _stretch(
    start: Values, end: Values, climb: float, winding: float, rng: np.random.Generator
) -> Values:
    """Bend a straight line until it is long enough for its climb."""
    chord = float(np.hypot(*(end - start))) or 1.0
    along = np.linspace(0, 1, max(2, round(chord / DRAWN_EVERY_METRES)), endpoint=False)
    across = np.array([start[1] - end[1], end[0] - start[0]]) / chord
    bends = sum(
        (size * weight * _noise(along * chord / size, rng))
        for size, weight in zip(BEND_METRES, (0.10, 0.17, 0.25, 0.31, 0.32), strict=True)
    )
    shape = np.asarray(bends) * np.minimum(1, np.minimum(along, 1 - along) * chord / 600)
    straight = start + along[:, None] * (end - start)
    for stronger in (1.0, 1.3, 1.7, 2.2, 2.9, 3.7, 4.6):
        way = straight + (shape * winding * stronger)[:, None] * across
        if climb / max(1.0, float(_distance(way)[-1])) <= STEEPEST_MEAN:
            break
    return np.asarray(way)


def _ground(
    along: Values, anchored: Values, heights: Values, rolling: float, rng: np.random.Generator
) -> Values:
    """Heights along the road; by the sea, below it and on long climbs the land hardly rolls."""
    even = np.interp(along, anchored, heights)
    waves = sum((0.7**step * _noise(along / size, rng)) for step, size in enumerate(ROLL_METRES))
    steepness = np.abs(np.gradient(even, along))
    calm = np.clip(np.abs(even) / (2 * rolling + 20), 0.02, 1) * np.clip(
        1 - steepness / 0.07, 0.15, 1
    )
    rough = even + rolling * calm * np.asarray(waves)
    spacing = float(along[-1]) / len(along)
    return _gentled(along, _smooth(rough, max(1, int(260 / spacing))), anchored)


def _gentled(along: Values, ground: Values, anchored: Values) -> Values:
    """Take off the steepest ramps and spread what is missing evenly between the anchors."""
    steps = np.diff(along)
    slopes = np.clip(np.diff(ground) / steps, -STEEPEST, STEEPEST)
    gentle = np.concatenate([ground[:1], ground[0] + np.cumsum(slopes * steps)])
    missing = np.interp(anchored, along, ground - gentle)
    return np.asarray(gentle + np.interp(along, anchored, missing))


def _recording_stops(length: float, rng: np.random.Generator) -> Values:
    spacing = max(RECORDED_EVERY_METRES, length / MAX_POINTS)
    count = max(2, int(length / spacing))
    stops = np.linspace(0, length, count)
    stops[1:-1] += rng.uniform(-0.22, 0.22, count - 2) * spacing
    return stops


def _seconds(stops: Values, ground: Values, pace_kmh: float, rng: np.random.Generator) -> Values:
    """Ride by the gradient, and rest: short of an hour on the level, more on a climb."""
    steps = np.diff(stops)
    grade = _smooth(np.diff(ground) / steps, 5) * 100
    uphill = pace_kmh / (1 + 0.17 * np.clip(grade, 0, None))
    speed = uphill * (1 + 0.11 * np.clip(-grade, 0, None))
    speed *= 1 + 0.10 * _noise(stops[1:] / 900, rng) + 0.05 * _noise(stops[1:] / 150, rng)
    taken = steps / (np.clip(speed, SLOWEST_KMH, FASTEST_KMH) / 3.6)
    for place, minutes in _rests(taken, rng):
        taken[place] += 60 * minutes
    return np.concatenate([[0.0], np.cumsum(taken)])


def _rests(taken: Values, rng: np.random.Generator) -> list[tuple[int, float]]:
    """A pause about every 80 minutes, and one long one past the middle, with bread."""
    clock = np.cumsum(taken)
    pauses = int(clock[-1] // (80 * 60))
    times = (np.arange(pauses) + rng.uniform(0.6, 1.1, pauses)) * 80 * 60
    minutes = rng.uniform(6, 18, pauses)
    if pauses > 1:
        minutes[pauses // 2] = rng.uniform(40, 75)
    places = np.minimum(np.searchsorted(clock, times), len(taken) - 1)
    return list(zip(places.tolist(), minutes.tolist(), strict=True))


def _distance(way: Values) -> Values:
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(way, axis=0).T))])


def _noise(at: Values, rng: np.random.Generator) -> Values:
    """Smooth noise between -1 and 1 that changes once per unit."""
    values = rng.uniform(-1, 1, int(np.max(at)) + 3)
    left = at.astype(int)
    share = at - left
    eased = share * share * (3 - 2 * share)
    return np.asarray(values[left] * (1 - eased) + values[left + 1] * eased)


def _smooth(line: Values, window: int) -> Values:
    """A weighted running mean that leaves both ends where they are."""
    window = max(1, min(window, (len(line) - 1) // 2))
    before, after = 2 * line[0] - line[window:0:-1], 2 * line[-1] - line[-2 : -window - 2 : -1]
    kernel = np.hanning(2 * window + 3)[1:-1]
    return np.convolve(np.concatenate([before, line, after]), kernel / kernel.sum(), mode="valid")


def _segment(recorded: _Recorded, starts_at: datetime) -> str:
    start = np.datetime64(starts_at.replace(tzinfo=None), "s")
    times = start + recorded.seconds.round().astype("timedelta64[s]")
    rows = zip(
        recorded.latitudes.tolist(),
        recorded.longitudes.tolist(),
        recorded.heights.tolist(),
        np.datetime_as_string(times).tolist(),
        strict=True,
    )
    points = "".join(
        f'<trkpt lat="{latitude:.6f}" lon="{longitude:.6f}">'
        f"<ele>{height:.1f}</ele><time>{time}Z</time></trkpt>\n"
        for latitude, longitude, height, time in rows
    )
    return f"<trkseg>\n{points}</trkseg>\n"


def _document(ride: RideSketch, segments: list[str]) -> bytes:
    name = escape(ride.name)
    starts_at = ride.starts_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<gpx version="1.1" creator="ContraVento demo" xmlns="http://www.topografix.com/GPX/1/1">\n'
        f"<metadata><name>{name}</name><time>{starts_at}</time></metadata>\n"
        f"<trk><name>{name}</name><type>cycling</type>\n{''.join(segments)}</trk>\n</gpx>\n"
    ).encode()
