"""Small rides that were measured wrongly once, made by hand, so that the right value is known."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from contravento.tracks.analysis.measures import Measures, measure
from contravento.tracks.reading.read import read_recording

CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Right:
    """Kilometres, seconds, metres; None where the file does not tell or it does not matter."""

    kilometres: float
    elapsed: float | None = 198
    moving: float | None = None
    ascent: float | None = 0
    lowest: float | None = None
    remark: str | None = None


RIGHT = {
    "a01_antimeridian.gpx": Right(1.52),
    "a04_teleport_three_points.gpx": Right(1.10, remark="spikes"),
    "a05_teleport_no_times.gpx": Right(1.10, elapsed=None, remark="spikes"),
    "a06_jitter_standing_30min.gpx": Right(0.66, elapsed=1918, remark="standing"),
    "a11_ele_zero_first_then_1200.gpx": Right(1.10, lowest=1200, remark="false_heights"),
    "a12_ele_dropout_zero_mid.gpx": Right(1.10, lowest=1200, remark="false_heights"),
    "a18_baro_warmup.gpx": Right(1.10, lowest=2257, remark="false_heights"),
    "b15_one_stale_first_time.gpx": Right(0.66, elapsed=118, remark="stale_times"),
    "c03_rpt_garmin_route_extension.gpx": Right(45.14, elapsed=None, ascent=None, remark="route"),
    "c13_kml_gxtrack_with_times.kml": Right(2.11, elapsed=1140),
    "d01_growing_segments_outrun.gpx": Right(1.10, moving=198, remark="overlaps"),
    "d06_mapy_ele_8.9e11_nan_text.gpx": Right(
        0.21, elapsed=38, lowest=12.5, remark="bad_elevations"
    ),
    "d08_latlon_swapped.gpx": Right(0.30, elapsed=None, remark="swapped"),
    "d09_lon_0_360.gpx": Right(0.54, elapsed=98, remark="longitudes_to_360"),
    "d11_speed_spike_opentracks.gpx": Right(1.10, remark="spikes"),
    "e04_tcx_course_and_activity.tcx": Right(0.43, elapsed=78, remark="routes_left_out"),
    "f10_pause_train_autopause_no_event.fit": Right(0.87, elapsed=None, remark="transfers"),
    "f11_first_fix_stale_pos.fit": Right(0.645, elapsed=116, remark="spikes"),
    "f12_records_reordered.fit": Right(0.656, elapsed=118, remark="out_of_order"),
    "f16_alt_zero_until_fix.fit": Right(0.656, elapsed=118, lowest=1200, remark="false_heights"),
    "g03_time_jump_20_days_mid.gpx": Right(1.10, moving=198, remark="clock_leaps"),
    "g23_utf8_bom_twice.gpx": Right(0.32, elapsed=58, remark="byte_order_mark"),
    "h01_bryton_pos_and_alt_in_two_records.fit": Right(0.656, elapsed=118, ascent=None),
    "h06_no_data_size_zero_header.fit": Right(0.656, elapsed=118, remark="broken_off"),
}


def test_every_case_has_its_right_value() -> None:
    assert {path.name for path in CASES.iterdir()} == set(RIGHT)


@pytest.mark.parametrize(("name", "right"), RIGHT.items(), ids=RIGHT)
def test_a_ride_is_measured_as_it_was(name: str, right: Right) -> None:
    recording = read_recording((CASES / name).read_bytes(), file_name=name)
    measures = measure(recording)
    assert measures.distance_metres / 1000 == pytest.approx(right.kilometres, rel=0.015)
    if right.elapsed is not None:
        assert measures.elapsed_seconds == pytest.approx(right.elapsed, abs=1)
    if right.moving is not None:
        assert measures.moving_seconds == pytest.approx(right.moving, abs=2)
    if right.ascent is not None:
        assert measures.ascent_metres == pytest.approx(right.ascent, abs=0.5)
    if right.lowest is not None:
        assert measures.lowest_metres == right.lowest
    assert right.remark in [None, *(remark.code for remark in recording.report)]
    check_bicycle(measures)


def check_bicycle(measures: Measures) -> None:
    """What no bicycle can have."""
    assert (measures.moving_seconds or 0) <= (measures.elapsed_seconds or 0)
    assert (measures.top_speed or 0) < 42
    assert len(measures.days) <= 1


def test_an_altitude_in_a_record_of_its_own_belongs_to_the_position_of_its_second() -> None:
    name = "h01_bryton_pos_and_alt_in_two_records.fit"
    recording = read_recording((CASES / name).read_bytes(), file_name=name)
    assert len(recording) == 60
    assert (recording.elevation == recording.elevation).all()
