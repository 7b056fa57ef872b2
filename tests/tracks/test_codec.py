import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st

from contravento.tracks.analysis.simplify import significance
from contravento.tracks.codec import LARGEST, UnknownPacking, pack, unpack
from contravento.tracks.reading.read import read_recording
from contravento.tracks.recording import Remark, Waypoint
from tests.tracks.making import NAN, recording, ride

maybe = st.none() | st.floats(-500, 9000)
moment = st.none() | st.floats(6e8, 2e9)
rows = st.lists(
    st.tuples(st.floats(-180, 180), st.floats(-90, 90), maybe, moment, st.integers(0, 1)),
    min_size=1,
    max_size=30,
)


@settings(deadline=None)
@given(rows=rows)
@example(rows=[(0.0, 90.0, None, None, 0), (0.0, 0.0, None, None, 0), (0.0, 90.0, None, None, 0)])
def test_what_is_packed_comes_out_again(
    rows: list[tuple[float, float, float | None, float | None, int]],
) -> None:
    lon, lat, elevation, time, steps = zip(*rows, strict=True)
    one = recording(
        list(zip(lon, lat, strict=True)),
        elevation=[NAN if value is None else value for value in elevation],
        time=[NAN if value is None else value for value in time],
        segment=np.cumsum(steps) - steps[0],
    )
    one = dataclasses.replace(
        one,
        name="Cañón",
        waypoints=(Waypoint(1, 2, "Water", None),),
        report=(Remark("partly_timed", "%(count)s of %(total)s", {"count": 1, "total": 2}),),
    )
    weights = significance(one)
    again, weights_again = unpack(pack(one, weights))
    np.testing.assert_allclose(again.lon, one.lon, atol=0.6e-7, rtol=0)
    np.testing.assert_allclose(again.lat, one.lat, atol=0.6e-7, rtol=0)
    np.testing.assert_allclose(again.elevation, one.elevation, atol=0.0051, rtol=0)
    np.testing.assert_allclose(again.time, one.time, atol=0.00051, rtol=0)
    assert again.segment.tolist() == one.segment.tolist()
    assert again.segment.dtype == np.int32
    assert (again.name, again.waypoints, again.report) == (one.name, one.waypoints, one.report)
    assert np.isinf(weights_again).tolist() == np.isinf(weights).tolist()
    finite = np.isfinite(weights)
    expected = np.minimum(weights[finite], LARGEST)
    np.testing.assert_allclose(weights_again[finite], expected, atol=0.011, rtol=1e-6)


def test_a_packed_ride_is_a_small_part_of_its_file() -> None:
    content = ride(10_000)
    one = read_recording(content)
    assert len(pack(one, significance(one))) < len(content) / 15


@pytest.mark.parametrize("spoil", [lambda b: b[:-1], lambda b: b"X" + b[1:], lambda _: b""])
def test_anything_else_is_not_unpacked(spoil: Callable[[bytes], bytes]) -> None:
    one = recording([(1, 2), (3, 4)])
    with pytest.raises(UnknownPacking):
        unpack(spoil(pack(one, significance(one))))
