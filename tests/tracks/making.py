"""Track files made up for tests: large, odd, hostile."""

import gzip
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import numpy as np

from contravento.tracks.recording import Recording

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NAN = float("nan")

type Place = tuple[float, float]


def point(
    lon: object, lat: object, ele: object = None, time: object = None, tag: str = "trkpt"
) -> str:
    elevation = "" if ele is None else f"<ele>{ele}</ele>"
    moment = "" if time is None else f"<time>{time}</time>"
    return f'<{tag} lat="{lat}" lon="{lon}">{elevation}{moment}</{tag}>'


def segment(*points: str) -> str:
    return f"<trkseg>{''.join(points)}</trkseg>"


def track(*segments: str, name: str = "") -> str:
    return f"<trk><name>{name}</name>{''.join(segments)}</trk>"


def gpx(*contents: str, declaration: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    return (
        f'{declaration}<gpx version="1.1" creator="tests" '
        f'xmlns="http://www.topografix.com/GPX/1/1">{"".join(contents)}</gpx>'
    )


def one_track(*points: str) -> bytes:
    return gpx(track(segment(*points))).encode()


def ride(count: int, *, first: int = 1_717_000_000, seconds: int = 3) -> bytes:
    """A winding ride of so many points with elevations and times, some 110 bytes a point."""
    along = np.arange(count)
    lon = -5 + along * 1e-4 + 1e-3 * np.sin(along / 40)
    lat = 43 + along * 5e-5 + 1e-3 * np.cos(along / 60)
    elevation = 300 + 200 * np.sin(along / 900)
    moments = np.datetime_as_string(
        (first + seconds * along).astype("datetime64[s]"), timezone="UTC"
    )
    rows = zip(lon.tolist(), lat.tolist(), elevation.tolist(), moments.tolist(), strict=True)
    points = [point(f"{x:.7f}", f"{y:.7f}", f"{z:.1f}", t) + "\n" for x, y, z, t in rows]
    return one_track(*points)


def recording(
    places: Sequence[Place],
    *,
    elevation: Iterable[float] | None = None,
    time: Iterable[float] | None = None,
    segment: Iterable[int] | None = None,
) -> Recording:
    count = len(places)
    return Recording(
        lon=np.array([lon for lon, _ in places], np.float64),
        lat=np.array([lat for _, lat in places], np.float64),
        elevation=np.full(count, NAN) if elevation is None else np.array([*elevation], float),
        time=np.full(count, NAN) if time is None else np.array([*time], float),
        segment=np.zeros(count, np.int32) if segment is None else np.array([*segment], np.int32),
        tracks=1,
    )


def nested(depth: int) -> bytes:
    return gpx("<a>" * depth + "</a>" * depth, track(segment(point(1, 2)))).encode()


def gzip_bomb(unpacked_bytes: int) -> bytes:
    return gzip.compress(b"<gpx>" + b" " * unpacked_bytes, 9)


BILLION_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{i} "{f"&a{i - 1 or str()};" * 10}">' for i in range(1, 10))
    + ']><gpx><trk><name>&a9;</name><trkseg><trkpt lat="1" lon="2"/></trkseg></trk></gpx>'
).encode()
