"""FIT files built here byte by byte, after the protocol's own description."""

import struct

import numpy as np
import pytest
from fastcrc import crc16
from hypothesis import given, settings, strategies as st

from contravento.tracks import errors, rules
from contravento.tracks.reading.read import read_recording
from contravento.tracks.recording import Recording
from tests.tracks.making import NAN

EPOCH = 631_065_600
NOON = 1_717_243_200
RECORD, EVENT, FILE_ID, COURSE = 20, 21, 0, 31
NO_POSITION, NO_ALTITUDE = 0x7FFF_FFFF, 0xFFFF


def definition(local: int, message: int, *fields: tuple[int, int, int], order: str = "<") -> bytes:
    return (
        struct.pack("BBB", 0x40 | local, 0, order == ">")
        + struct.pack(f"{order}H", message)
        + bytes([len(fields)])
        + b"".join(map(bytes, fields))
    )


def fit(*messages: bytes) -> bytes:
    body = b"".join(messages)
    content = struct.pack("<BBHI4s", 12, 0x10, 2132, len(body), b".FIT") + body
    return content + struct.pack("<H", crc16.arc(content))


def record_fields(order: str = "<") -> bytes:
    """Local message 0: time, latitude, longitude, altitude, and a heart rate that nobody reads."""
    fields = ((253, 4, 0x86), (0, 4, 0x85), (1, 4, 0x85), (2, 2, 0x84), (3, 1, 0x02))
    return definition(0, RECORD, *fields, order=order)


def semicircles(degrees: float) -> int:
    return round(degrees / 180 * 2**31)


def record(
    time: int, lon: float | None, lat: float | None, height: float | None, order: str = "<"
) -> bytes:
    return b"\0" + struct.pack(
        f"{order}IiiHB",
        time - EPOCH,
        NO_POSITION if lat is None else semicircles(lat),
        NO_POSITION if lon is None else semicircles(lon),
        NO_ALTITUDE if height is None else round((height + 500) * 5),
        171,
    )


def timer(time: int, kind: int) -> bytes:
    fields = ((253, 4, 0x86), (0, 1, 0), (1, 1, 0))
    return definition(1, EVENT, *fields) + b"\1" + struct.pack("<IBB", time - EPOCH, 0, kind)


def file_type(kind: int) -> bytes:
    return definition(2, FILE_ID, (0, 1, 0)) + bytes([2, kind])


def codes(recording: Recording) -> list[str]:
    return [remark.code for remark in recording.report]


@pytest.mark.parametrize("order", ["<", ">"])
def test_records_are_read_in_either_byte_order(order: str) -> None:
    recording = read_recording(
        fit(
            file_type(4),
            record_fields(order),
            record(NOON, -5.5, 43.25, -3.2, order),
            record(NOON + 60, -5.51, 43.26, None, order),
        )
    )
    assert recording.lon == pytest.approx([-5.5, -5.51], abs=1e-7)
    assert recording.lat == pytest.approx([43.25, 43.26], abs=1e-7)
    np.testing.assert_allclose(recording.elevation, [-3.2, NAN])
    assert recording.time.tolist() == [NOON, NOON + 60]
    assert codes(recording) == ["partly_elevated"]


def test_the_finer_altitude_goes_before_the_coarse() -> None:
    fields = ((0, 4, 0x85), (1, 4, 0x85), (2, 2, 0x84), (78, 4, 0x86))
    values = struct.pack("<iiHI", semicircles(1), semicircles(2), 5 * 600, 5 * 640)
    recording = read_recording(fit(definition(0, RECORD, *fields) + b"\0" + values))
    assert recording.elevation.tolist() == [140]
    assert np.isnan(recording.time).all()


def test_a_time_in_the_header_of_a_message_counts_on_from_the_last_full_one() -> None:
    start = (NOON - EPOCH) // 32 * 32 + EPOCH + 30
    short = definition(1, RECORD, (0, 4, 0x85), (1, 4, 0x85))
    place = struct.pack("<ii", semicircles(43), semicircles(1))
    recording = read_recording(
        fit(
            record_fields(),
            record(start, 1, 43, 0),
            short,
            bytes([0x80 | 1 << 5 | 31]) + place,
            bytes([0x80 | 1 << 5 | 2]) + place,
        )
    )
    assert recording.time.tolist() == [start, start + 1, start + 4]


def test_fields_that_apps_add_are_stepped_over() -> None:
    added = definition(0, RECORD, (0, 4, 0x85), (1, 4, 0x85))
    added = bytes([added[0] | 0x20]) + added[1:] + bytes([2, 0, 4, 0, 1, 3, 0])
    values = struct.pack("<ii7s", semicircles(43), semicircles(1), b"\xff" * 7)
    recording = read_recording(fit(added, b"\0" + values, b"\0" + values[:-1] + b"\0"))
    assert recording.lat == pytest.approx([43], abs=1e-7)
    assert codes(recording)[0] == "duplicates"


def test_a_pause_that_ends_elsewhere_begins_a_segment() -> None:
    def after_pause(lon: float) -> Recording:
        return read_recording(
            fit(
                timer(NOON, 0),
                record_fields(),
                record(NOON, 1, 43, 0),
                timer(NOON + 1, 4),
                timer(NOON + 900, 0),
                record(NOON + 900, None, None, 0),
                record(NOON + 901, lon, 43, 0),
            )
        )

    assert after_pause(1.0001).segment.tolist() == [0, 0]
    assert after_pause(1.1).segment.tolist() == [0, 1]


def test_a_course_is_a_route_with_a_name() -> None:
    named = definition(3, COURSE, (5, 16, 7)) + b"\3" + "Río Deva".encode().ljust(16, b"\0")
    recording = read_recording(fit(file_type(6), named, record_fields(), record(NOON, 1, 43, 0)))
    assert recording.name == "Río Deva"
    assert codes(recording)[0] == "route"


def test_several_files_in_one_are_several_tracks() -> None:
    one = fit(record_fields(), record(NOON, 1, 43, 0))
    two = fit(record_fields(), record(NOON + 9, 2, 43, 0))
    recording = read_recording(one + two)
    assert (recording.tracks, recording.segments) == (2, 2)
    assert recording.report == ()


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (fit(file_type(4)), errors.NoPoints),
        (fit(file_type(5)), errors.NotAnActivity),
        (fit(record_fields(), record(NOON, None, None, 0)), errors.NoPositions),
        (fit(b"\5"), errors.BrokenBeforeFirstPoint),
        (fit(record_fields(), record(NOON, 1, 43, 0))[:30], errors.BrokenBeforeFirstPoint),
    ],
)
def test_what_holds_no_ride_is_refused(
    content: bytes, refusal: type[errors.UnreadableTrack]
) -> None:
    with pytest.raises(errors.UnreadableTrack) as caught:
        read_recording(content)
    assert type(caught.value) is refusal


def test_damage_is_read_up_to_and_told() -> None:
    whole = fit(record_fields(), record(NOON, 1, 43, 0), record(NOON + 1, 1, 43.001, 0))
    assert codes(read_recording(whole[:-6])) == ["broken_off", "single_point"]
    assert codes(read_recording(whole[:-1] + b"?")) == ["bad_checksum"]
    assert codes(read_recording(whole + b"tail")) == ["trailing"]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=120))
def test_any_messages_are_read_or_refused(body: bytes) -> None:
    for content in (fit(body), fit(record_fields(), record(NOON, 1, 43, 0), body)):
        try:
            assert len(read_recording(content)) > 0
        except errors.UnreadableTrack as refusal:
            assert refusal.kind != "unreadable"  # noqa: PT017


def test_empty_messages_without_number_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_MESSAGES", 1_000)
    with pytest.raises(errors.TooManyMessages):
        read_recording(fit(definition(0, 99), b"\0" * 2_000))


def test_definitions_without_number_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_DEFINITIONS", 100)
    with pytest.raises(errors.TooManyMessages):
        read_recording(fit(definition(0, RECORD) * 101))


def test_messages_of_several_pieces_count_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_MESSAGES", 1_000)
    with pytest.raises(errors.TooManyMessages):
        read_recording(fit(definition(0, 99), b"\0" * 600) * 2)
