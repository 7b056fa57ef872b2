import gzip
import pickle
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import example, given, settings, strategies as st

from contravento.tracks import errors, rules
from contravento.tracks.pipeline import digest
from contravento.tracks.reading.read import read_recording
from tests.support.corpus import corpus_file
from tests.tracks import making
from tests.tracks.making import NOW, gpx, one_track, point, segment, track


def codes(content: bytes) -> list[str]:
    return [remark.code for remark in read_recording(content, now=NOW).report]


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", errors.EmptyFile),
        (b"\0" * 100, errors.NotATrack),
        (b"   \n", errors.NotATrack),
        (b"Notes of a ride", errors.NotATrack),
        (b"<?xml version='1.0'?>", errors.NotATrack),
        (b"<!-- without an end", errors.NotATrack),
        (b"<!---->" * 100_000 + b"<gpx/>", errors.NotATrack),
        (b"<!-- a -->\n<!----> <?x?> <gpx/>", errors.NoPoints),
        (b"<!DOCTYPE html><html></html>", errors.WebPage),
        (b"<HTML><body>Sign in</body>", errors.WebPage),
        (b"<kml xmlns='x'><Document/></kml>", errors.NoPoints),
        (b"<kml><Placemark><LineString><coordinates>1,2", errors.BrokenBeforeFirstPoint),
        (
            b"<kml><Placemark><Point><coordinates>1,x</coordinates></Point></Placemark></kml>",
            errors.WaypointsOnly,
        ),
        (b"{", errors.NotATrack),
        (b'{"type": "Topology"}', errors.NotATrack),
        (b'{"type": "FeatureCollection", "features": [1, {"type": 2}, null]}', errors.NoPoints),
        (b'{"type": "Point", "coordinates": [1, 92]}', errors.WaypointsOnly),
        (b'{"type": "LineString", "coordinates": [["1", "2"], [true, []]]}', errors.NoPositions),
        (b"$GPRMC,,V,,,,,,,,,,N*53\r\n", errors.NoPoints),
        (b"AXXX001\nHFDTE010625\nHFPLT:Somebody\n", errors.NoPoints),
        (b"<?xml version='1.0'?><svg/>", errors.OtherXml),
        (b"PK\x03\x04rest of a zip", errors.DamagedArchive),
        (b"Rar!\x1a\x07rest", errors.Archive),
        (b"\xff\xd8\xff\xe0 a photo", errors.Picture),
        (b"\0\0\0\x18ftypheic", errors.Picture),
        (b"%PDF-1.7", errors.Document),
        (b"\x1f\x8bnot really gzip", errors.Archive),
        (gzip.compress(b"", mtime=0), errors.EmptyFile),
        (gzip.compress(gzip.compress(b"<gpx/>", mtime=0), mtime=0), errors.Archive),
        (b"<gpx/>", errors.NoPoints),
        (b"<gpx><trk><trkseg>", errors.BrokenBeforeFirstPoint),
        (b"<gpx><wpt lat='91' lon='2'/></gpx>", errors.WaypointsOnly),
        (making.BILLION_LAUGHS, errors.HasDoctype),
        (b"<!DOCTYPE gpx SYSTEM 'file:///etc/passwd'><gpx/>", errors.HasDoctype),
        (b"<gpx><!DOCTYPE gpx></gpx>", errors.BrokenBeforeFirstPoint),
        (making.nested(rules.DEEPEST_ELEMENT + 1), errors.TooDeep),
        (making.nested(100_000), errors.TooDeep),
        (b"<gpx><" + b"a" * 10_000 + b"/></gpx>", errors.TooDeep),
        (b"<gpx>" + b"".join(b"<a%d/>" % i for i in range(1_001)) + b"</gpx>", errors.TooDeep),
        (one_track(point("x", "y")), errors.NoPositions),
        (one_track(point("nan", "inf"), point("1e999", 2), point(181, 2)), errors.NoPositions),
        (b"<TrainingCenterDatabase/>", errors.NoPoints),
        (b"<TrainingCenterDatabase><Activities>", errors.BrokenBeforeFirstPoint),
        (b"\x0e\x10\0\0\0\0\0\0.FIT\0\0\0\0", errors.NoPoints),
        (b"\x0e\x10\0\0\xff\0\0\0.FIT\0\0", errors.BrokenBeforeFirstPoint),
        (b"12345678.FIT", errors.BrokenBeforeFirstPoint),
    ],
)
def test_what_is_no_track_is_refused_for_its_reason(
    content: bytes, refusal: type[errors.UnreadableTrack]
) -> None:
    with pytest.raises(errors.UnreadableTrack) as caught:
        read_recording(content, file_name="odd.gpx")
    assert type(caught.value) is refusal
    assert "%(" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"<gpx><wpt lat='1' lon='2'><name>Spring</name><sym>Water</sym></wpt></gpx>",
        b"<kml><Placemark><name>Spring</name><Point><coordinates>2,1</coordinates></Point>"
        b"</Placemark></kml>",
        b'{"type": "Feature", "properties": {"name": "Spring"}, "geometry": '
        b'{"type": "Point", "coordinates": [2, 1]}}',
    ],
    ids=["GPX", "KML", "GeoJSON"],
)
def test_a_file_that_only_marks_places_is_a_recording_without_points(content: bytes) -> None:
    recording = read_recording(content)
    assert (len(recording), recording.segments, recording.tracks) == (0, 0, 0)
    (place,) = recording.waypoints
    assert (place.lon, place.lat, place.name) == (2, 1, "Spring")
    assert "places_alone" in [remark.code for remark in recording.report]


def test_a_web_page_is_told_by_the_ending_it_was_saved_with() -> None:
    with pytest.raises(errors.WebPage, match=r"web page saved with the ending \.gpx\."):
        read_recording(b"<!doctype HTML>", file_name="My ride.gpx")


def test_every_refusal_has_a_kind_of_its_own_and_survives_another_process() -> None:
    classes = errors.UnreadableTrack.__subclasses__()
    assert len({refusal.kind for refusal in classes}) == len(classes)
    refusal = pickle.loads(pickle.dumps(errors.WaypointsOnly(count=40)))  # noqa: S301
    assert type(refusal) is errors.WaypointsOnly
    assert "(40)" in str(refusal)


def test_a_file_beyond_the_limit_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "LARGEST_FILE_BYTES", 2**20)
    with pytest.raises(errors.FileTooLarge, match="larger than 1 MB"):
        read_recording(b"<gpx>" + b" " * 2**20)


def test_a_gzip_bomb_is_unpacked_no_further_than_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules, "LARGEST_FILE_BYTES", 2**20)
    bomb = making.gzip_bomb(64 * 2**20)
    assert len(bomb) < 2**20
    tracemalloc.start()
    with pytest.raises(errors.FileTooLarge):
        read_recording(bomb)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 8 * 2**20


def test_too_many_points_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_POINTS", 3)
    assert len(read_recording(one_track(*[point(1, i) for i in range(3)]))) == 3
    with pytest.raises(errors.TooManyPoints, match="more than 3 points"):
        read_recording(one_track(*[point(1, i) for i in range(4)]))


def test_a_packed_file_is_unpacked_and_that_is_said() -> None:
    content = gzip.compress(one_track(point(1, 2, 3, "2024-05-01T10:00:00Z"), point(1, 3, 3)))
    assert codes(content) == ["unpacked", "partly_timed"]
    cut = gzip.compress(making.ride(500))[:-500]
    assert codes(cut)[:3] == ["unpacked", "packed_part", "truncated"]


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("iso-8859-1", "ISO-8859-1"),
        ("windows-1252", "windows-1252"),
        ("iso-8859-15", "ISO-8859-15"),
        ("cp1251", "windows-1251"),
        ("shift_jis", "Shift_JIS"),
        ("iso-8859-1", "UTF-8"),
        ("windows-1252", "nonsense"),
        ("utf-8", "UTF-16"),
        ("utf-8", "ISO-8859-1"),
    ],
)
def test_a_name_is_right_in_whatever_encoding_it_comes(encoding: str, declared: str) -> None:
    name = {"cp1251": "Эльбрус", "shift_jis": "峠道"}.get(encoding, "Cañón del Río Lobos, 1ª etapa")
    text = gpx(
        track(segment(point(1, 2)), name=name),
        declaration=f'<?xml version="1.0" encoding="{declared}"?>',
    )
    recording = read_recording(text.encode(encoding))
    assert recording.name == name
    said = "encoding" in [remark.code for remark in recording.report]
    wrong = (encoding, declared) in {
        ("iso-8859-1", "UTF-8"),
        ("windows-1252", "nonsense"),
        ("utf-8", "UTF-16"),
        ("utf-8", "ISO-8859-1"),
    }
    assert said == wrong


def test_single_bytes_of_another_encoding_are_repaired_where_they_stand() -> None:
    text = gpx(track(segment(point(1, 2)), name="Cañón @ Río")).encode()
    recording = read_recording(text.replace(b"@", b"\x96 \xe9"))
    assert recording.name == "Cañón – é Río"


def test_forbidden_characters_and_bare_ampersands_are_repaired() -> None:
    text = gpx(track(segment(point(1, 2)), name="Bread\0 & &nbsp; cheese &#1; &amp; &#233;"))
    recording = read_recording(text.encode())
    assert recording.name == "Bread & &nbsp; cheese &#1; & é"
    found = {remark.code: remark.params for remark in recording.report}
    assert found["control_characters"] == {"count": 1}
    assert found["ampersands"] == {"count": 3}


def test_a_tail_of_zeros_from_a_device_that_died_is_cut_off() -> None:
    content = making.ride(10)[:-200] + b"\0" * 5000
    assert codes(content)[:2] == ["control_characters", "truncated"]


def test_blank_lines_before_the_declaration_do_no_harm() -> None:
    assert codes(b"\n\n " + making.ride(2)) == []


def test_what_follows_the_end_is_left_out_and_that_is_said() -> None:
    assert codes(making.ride(2) + making.ride(2)) == ["trailing"]


SEEDS = [
    "gpx/komoot-six-points.gpx",
    "gpx/ten-tracks.gpx",
    "fit/unexpected-eof.fit",
    "fit/bad-checksum.fit",
]
STARTS = [
    b"",
    b"<gpx>",
    b"<gpx><trk><trkpt lat='1' lon='2'>",
    b"\x1f\x8b\x08\0",
    b"\xff\xfe<\0",
    b"\x0e\x10\0\0\x40\0\0\0.FIT\0\0\x40\0\0\x14\0\x02\0\x04\x85\x01\x04\x85",
]
edits = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), st.binary(max_size=6)), max_size=12)


@settings(max_examples=300, deadline=None)
@given(seed=st.sampled_from(SEEDS), edits=edits)
def test_garbled_files_are_read_or_refused_and_nothing_else(
    seed: str, edits: list[tuple[float, int, bytes]]
) -> None:
    content = bytearray(corpus_file(seed))
    for place, removed, inserted in edits:
        at = int(place * len(content))
        content[at : at + removed] = inserted
    read_or_refuse(bytes(content))


@settings(max_examples=200, deadline=None)
@given(
    start=st.sampled_from(STARTS),
    rest=st.binary(max_size=200),
)
@example(start=b"<gpx>", rest=b"\x00\xff")
def test_random_bytes_are_read_or_refused_and_nothing_else(start: bytes, rest: bytes) -> None:
    read_or_refuse(start + rest)


def read_or_refuse(content: bytes) -> None:
    """Fail by any exception that is not a refusal."""
    with suppress(errors.UnreadableTrack):
        result = digest(content, "garbled.gpx")
        assert result.measures.points > 0
        assert result.measures.distance_metres >= 0
