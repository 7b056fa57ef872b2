"""Points read thousands at once are those that the XML parser reads one by one."""

from collections.abc import Callable
from unittest.mock import patch

import pytest
from hypothesis import given, settings, strategies as st

from contravento.tracks.reading import regular_points, text_encoding
from contravento.tracks.reading.formats import gpx, tcx
from contravento.tracks.reading.parsed_file import ParsedPoints
from contravento.tracks.reading.xml_reader import parse
from tests.support.corpus import FILES, corpus_folder

POINT = (
    '<trkpt lat="46.5" lon="{lon}"><ele>12.5</ele><time>2025-06-01T08:00:00Z</time><extensions>'
    "<a:hr>90</a:hr></extensions></trkpt>"
)


def contents(line: ParsedPoints) -> tuple[object, ...]:
    """NaN compares equal to itself as text."""
    numbers = [repr(column.tolist()) for column in (line.lon, line.lat, line.elevation)]
    return (*numbers, line.times, line.track_starts, line.segment_starts, line.names)


def check_gpx(text: bytes) -> bool:
    """Whether the fast way was taken; it has to lead to the same place."""
    fast = gpx._parse_regular(text)
    if fast is None:
        return False
    slow, remarks = parse(text, gpx._Gpx)
    assert remarks == []
    for name in ("tracks", "routes"):
        assert contents(getattr(fast[0], name)) == contents(getattr(slow, name))
    for name in ("name", "root", "root_attributes", "commas", "bad_elevations"):
        assert getattr(fast[0], name) == getattr(slow, name)
    assert fast[0].waypoints.taken == slow.waypoints.taken
    assert set(fast[0].names) - {regular_points.RUN} == set(slow.names)
    return True


def check_tcx(text: bytes) -> bool:
    fast = tcx._parse_regular(text)
    if fast is None:
        return False
    slow, remarks = parse(text, tcx._Tcx)
    assert remarks == []
    for name in ("activities", "courses"):
        assert contents(getattr(fast[0], name)) == contents(getattr(slow, name))
    assert fast[0].bad_elevations == slow.bad_elevations
    return True


@pytest.mark.parametrize(
    ("ending", "check", "fewest"), [("gpx", check_gpx, 4), ("tcx", check_tcx, 0)]
)
def test_real_files_are_read_alike(
    ending: str, check: Callable[[bytes], bool], fewest: int
) -> None:
    files = [*FILES.glob(f"*.{ending}"), *corpus_folder().rglob(f"*.{ending}")]
    texts = [text_encoding.to_utf8(path.read_bytes())[0] for path in files]
    assert sum(check(text) for text in texts) >= fewest


def track(*pieces: str) -> bytes:
    inner = "\n".join(pieces)
    return f"<gpx><trk><name>A</name><trkseg>{inner}</trkseg></trk></gpx>".encode()


USUAL = POINT.format(lon="8.5")
PIECES = {
    "usual": USUAL,
    "another": POINT.format(lon="-8.5012"),
    "no elevation": USUAL.replace("<ele>12.5</ele>", ""),
    "nothing in it": '<trkpt lat="46.5" lon="8.5"/>',
    "comma": POINT.format(lon="8,5"),
    "exponent": POINT.format(lon="1e1"),
    "two dots": POINT.format(lon="1.2.3"),
    "no number": USUAL.replace("12.5", "high"),
    "leading zeros": USUAL.replace("12.5", "007"),
    "entity": USUAL.replace("90", "&lt;"),
    "comment in it": USUAL.replace("<ele>", "<!-- x --><ele>"),
    "commented out": f"<!-- {USUAL} -->",
    "in a text": f"<desc><![CDATA[{USUAL}]]></desc>",
    "in a name": f"<name>{USUAL}</name>",
    "in extensions": f"<extensions>{USUAL}</extensions>",
    "in a point": f'<trkpt lat="1" lon="2">{USUAL}</trkpt>',
    "waypoint": '<wpt lat="1" lon="2"><name>W</name></wpt>',
    "route point": USUAL.replace("trkpt", "rtept"),
    "way": '<rtept lat="1" lon="2"><extensions><x:rpt lat="3" lon="4"/></extensions></rtept>',
    "segment": "</trkseg><trkseg>",
    "track": "</trkseg></trk><trk><name>B</name><trkseg>",
    "end too many": "</ele>",
    "end of CDATA": USUAL.replace("90", "]]>"),
    "control character": USUAL.replace("90", "\x01"),
    "cut short": USUAL[:-9],
    "the mark": regular_points.MARKER,
}


@given(st.lists(st.sampled_from(sorted(PIECES)), max_size=12))
@settings(max_examples=400, deadline=None)
def test_whatever_is_between_the_points_they_are_read_alike(names: list[str]) -> None:
    with patch.object(regular_points, "SAMPLES", 1):
        check_gpx(track(USUAL, *(PIECES[name] for name in names)))


@pytest.mark.parametrize(
    "name", ["comma", "no elevation", "segment", "track", "waypoint", "commented out"]
)
def test_one_odd_thing_does_not_slow_the_others(name: str) -> None:
    text = track(*[USUAL] * 5, PIECES[name], *[USUAL] * 5)
    was_fast = check_gpx(text)
    assert was_fast == (name != "commented out")  # a run that the parser does not hear


def test_chunks_end_between_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regular_points, "CHUNK_BYTES", 300)
    assert check_gpx(track(*[USUAL] * 20, PIECES["segment"], *[USUAL] * 20))


def test_the_longest_of_the_first_points_is_the_sample() -> None:
    text = track(PIECES["nothing in it"], *[USUAL] * 20)
    skeleton = regular_points.cut_out(text, gpx.VOCABULARY)
    assert skeleton is not None
    assert (len(skeleton.times), len(skeleton.runs)) == (21, 1)
