from datetime import UTC, datetime

import numpy as np
from hypothesis import given, strategies as st

from contravento.tracks.export.gpx import GpxWriter
from contravento.tracks.export.write import POINTS_AT_ONCE, write_recording
from contravento.tracks.reading.read import read_recording
from tests.tracks.making import NAN, recording

WHOLE = """<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="ContraVento" xmlns="http://www.topografix.com/GPX/1/1">
 <trk>
  <name>Sun &amp; &lt;wind&gt;</name>
  <trkseg>
   <trkpt lat="43.5000000" lon="-5.1234568"><ele>-1.50</ele>@</trkpt>
   <trkpt lat="43.6000000" lon="-5.2000000"></trkpt>
  </trkseg>
  <trkseg>
   <trkpt lat="44.0000000" lon="-6.0000000"><ele>0.00</ele></trkpt>
  </trkseg>
 </trk>
</gpx>
""".replace("@", "<time>2024-06-01T12:00:00Z</time>")


def test_a_file_is_written_whole() -> None:
    one = recording(
        [(-5.12345678, 43.5), (-5.2, 43.6), (-6, 44)],
        elevation=[-1.5, NAN, 0],
        time=[1_717_243_200, NAN, NAN],
        segment=[0, 0, 1],
    )
    assert write_recording(one, GpxWriter(), name="Sun & <wind>\0").decode() == WHOLE


def test_parts_of_seconds_are_kept_where_there_are_any() -> None:
    one = recording([(1, 2), (1, 3)], time=[1_717_243_200.25, 1_717_243_201])
    written = write_recording(one, GpxWriter(), name="")
    assert b"<time>2024-06-01T12:00:00.250Z</time>" in written
    assert b"<time>2024-06-01T12:00:01.000Z</time>" in written


def test_nothing_of_the_rider_or_the_device_is_in_it() -> None:
    content = b"""<gpx version="1.1" creator="Secret Device 7" xmlns="http://www.topografix.com/GPX/1/1">
      <metadata><author><name>Ana Secret</name><email id="ana" domain="secret.example"/></author>
      <keywords>secret</keywords><desc>secret</desc></metadata>
      <wpt lat="1" lon="1"><name>Secret home</name></wpt>
      <trk><name>secret name</name><cmt>secret</cmt><src>secret</src><trkseg>
      <trkpt lat="1" lon="2"><ele>3</ele><time>2024-01-01T00:00:00Z</time><cmt>secret</cmt>
      <extensions><hr>171</hr><secret/></extensions></trkpt></trkseg></trk></gpx>"""
    written = write_recording(read_recording(content), GpxWriter(), name="Coast").lower()
    assert b"secret" not in written
    assert b"171" not in written


heights = st.just(NAN) | st.integers(-50_000, 900_000).map(lambda centimetres: centimetres / 100)
moments = st.just(NAN) | st.integers(631_152_000, 4_000_000_000).map(float)
lines = st.lists(
    st.tuples(
        st.integers(-180 * 10**7, 180 * 10**7),
        st.integers(-90 * 10**7, 90 * 10**7),
        heights,
        moments,
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=12,
)


@given(lines=lines)
def test_numbers_are_written_as_python_writes_them(
    lines: list[tuple[int, int, float, float, int]],
) -> None:
    lon, lat, elevation, time, steps = zip(*lines, strict=True)
    one = recording(
        [(x / 1e7, y / 1e7) for x, y in zip(lon, lat, strict=True)],
        elevation=list(elevation),
        time=list(time),
        segment=np.cumsum(steps) - steps[0],
    )
    expected = [
        f'   <trkpt lat="{y / 1e7:.7f}" lon="{x / 1e7:.7f}">'
        + ("" if metres != metres else f"<ele>{metres:.2f}</ele>")
        + ("" if seconds != seconds else f"<time>{moment_of(seconds)}</time>")
        + "</trkpt>"
        for x, y, metres, seconds, _ in lines
    ]
    written = write_recording(one, GpxWriter(), name="x").decode().splitlines()
    assert [line for line in written if "trkpt" in line] == expected
    assert written.count("  <trkseg>") == written.count("  </trkseg>") == one.segments


def moment_of(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_track_in_stretches_is_written_as_in_one() -> None:
    count = POINTS_AT_ONCE + 10
    places = [(1 + at / 1e5, 2.0) for at in range(count)]
    one = recording(places, segment=np.arange(count) // (POINTS_AT_ONCE // 3))
    written = write_recording(one, GpxWriter(), name="x")
    assert read_recording(written).segments == one.segments
    assert written.count(b"<trkpt ") == count
