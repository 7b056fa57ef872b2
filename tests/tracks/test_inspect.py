"""`contravento tracks inspect`, without a database."""

import gzip
import json
import zipfile
from datetime import UTC, datetime
from functools import reduce
from io import BytesIO
from operator import xor
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from contravento.cli.tracks import app
from contravento.tracks import rules
from contravento.tracks.analysis.measures import measure
from contravento.tracks.export.write import (
    ExportFormat,
    TrackHead,
    make_writer,
    write_recording,
)
from contravento.tracks.reading.read import read_recording
from tests.support.corpus import FILES
from tests.tracks.making import ride

KEYS = (
    "distance_metres ascent_metres descent_metres highest_metres lowest_metres elapsed_seconds "
    "moving_seconds points segments tracks waypoints started_at ended_at bounds report"
)


def inspect(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["inspect", *map(str, arguments)])


def test_the_figures_are_given_as_json() -> None:
    result = inspect(FILES / "zeeland-2023-09-13.fit", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    shown = json.loads(result.stdout)
    assert list(shown) == KEYS.split()
    assert shown["started_at"] == "2023-09-13T17:58:54Z"
    assert shown["points"] == 311
    assert shown["bounds"] == pytest.approx([3.455566, 51.384970, 3.459349, 51.393720], abs=1e-6)
    message = "The device wrote 6 of 317 entries before it knew where it was, or in between."
    told = {"code": "no_fix", "consequence": "note", "message": message}
    assert shown["report"] == [told]


def test_what_a_file_does_not_hold_is_null() -> None:
    shown = json.loads(inspect(FILES / "ten-tracks.gpx", "--json").stdout)
    assert shown["ascent_metres"] is shown["elapsed_seconds"] is shown["started_at"] is None


def test_the_figures_are_given_to_people() -> None:
    result = inspect(FILES / "komoot-six-points.gpx")
    assert result.exit_code == 0
    assert "distance  0.02 km\n" in result.stdout
    assert "name      USA Day 70: From Ragged Point to Carmel\n" in result.stdout
    assert (
        "note: Segments without a point were left out (1)."
        in inspect(FILES / "empty-segment.gpx").stdout
    )


def test_what_was_read_is_written_as_a_clean_file_and_never_over_another(tmp_path: Path) -> None:
    target = tmp_path / "clean.gpx"
    assert inspect(FILES / "zeeland-2023-09-13.fit", "--repair", target).exit_code == 0
    again = json.loads(inspect(target, "--json").stdout)
    assert (again["points"], again["report"]) == (311, [])
    before = target.read_bytes()
    second = inspect(FILES / "komoot-six-points.gpx", "--repair", target)
    assert (second.exit_code, second.stderr) == (1, f"There is a file {target} already.\n")
    assert target.read_bytes() == before
    nowhere = inspect(FILES / "komoot-six-points.gpx", "--repair", tmp_path / "no" / "a.gpx")
    assert (nowhere.exit_code, "cannot be written" in nowhere.stderr) == (1, True)


def test_places_alone_are_counted() -> None:
    shown = json.loads(inspect(FILES / "waypoints-only.gpx", "--json").stdout)
    assert (shown["points"], shown["waypoints"], shown["distance_metres"]) == (0, 40, 0)
    assert shown["report"][-1]["code"] == "places_alone"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nowhere.gpx", "There is no file "),
        (".", " is not a file that could hold a track."),
        ("/dev/null", "/dev/null is not a file that could hold a track."),
        ("empty.gpx", "This file is empty."),
        ("large.gpx", "This file is larger than 1 MB."),
    ],
)
def test_a_refusal_is_one_sentence_and_a_status(
    name: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "LARGEST_FILE_BYTES", 2**20)
    (tmp_path / "empty.gpx").touch()
    (tmp_path / "large.gpx").write_bytes(b" " * (2**20 + 1))
    result = inspect(tmp_path / name, "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


RIDE = read_recording(ride(400))
NAME = "Over the pass"


def _written(wanted: ExportFormat) -> bytes:
    head = TrackHead(NAME, len(RIDE), measure(RIDE).distance_metres)
    return write_recording(RIDE, make_writer(wanted, [head], NAME), name=NAME)


def _zipped(content: bytes) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("ride.kml", content)
    return file.getvalue()


def _nmea() -> bytes:
    rows = [
        _sentence(f"GPRMC,{_clock(time)},A,{_angle(lat, 2)},N,{_angle(-lon, 3)},W,,,290524,,")
        for lon, lat, time in zip(RIDE.lon, RIDE.lat, RIDE.time, strict=True)
    ]
    return "".join(rows).encode()


def _igc() -> bytes:
    rows = [
        f"B{_clock(time)}{_angle(lat, 2).replace('.', '')[:7]}N"
        f"{_angle(-lon, 3).replace('.', '')[:8]}WA0030000300\n"
        for lon, lat, time in zip(RIDE.lon, RIDE.lat, RIDE.time, strict=True)
    ]
    return ("AXXX001\nHFDTE290524\n" + "".join(rows)).encode()


def _sentence(body: str) -> str:
    checksum = reduce(xor, body.encode())
    return f"${body}*{checksum:02X}\r\n"


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%H%M%S")


def _angle(degrees: float, digits: int) -> str:
    """Degrees and minutes in one number, as NMEA and IGC write them."""
    whole = int(degrees)
    return f"{whole:0{digits}}{(degrees - whole) * 60:07.4f}"


FORMATS = {
    "GPX": _written(ExportFormat.GPX),
    "GPX in gzip": gzip.compress(_written(ExportFormat.GPX)),
    "KML": _written(ExportFormat.KML),
    "KMZ": _zipped(_written(ExportFormat.KML)),
    "GeoJSON": _written(ExportFormat.GEOJSON),
    "TCX": _written(ExportFormat.TCX),
    "FIT": _written(ExportFormat.FIT),
    "NMEA": _nmea(),
    "IGC": _igc(),
}
TIMED = {"GPX", "GPX in gzip", "NMEA", "IGC"}


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_ride_has_the_same_figures_in_every_format(name: str, tmp_path: Path) -> None:
    file, clean = tmp_path / "ride", tmp_path / "clean.gpx"
    file.write_bytes(FORMATS[name])
    result = inspect(file, "--json", "--repair", clean)
    assert (result.exit_code, result.stderr) == (0, "")
    shown = json.loads(result.stdout)
    assert (shown["points"], shown["segments"], shown["tracks"]) == (400, 1, 1)
    assert shown["distance_metres"] == pytest.approx(measure(RIDE).distance_metres, rel=0.005)
    assert shown["elapsed_seconds"] == (399 * 3 if name in TIMED else None)
    assert json.loads(inspect(clean, "--json").stdout)["points"] == 400
    assert {each["consequence"] for each in shown["report"]} <= {"note"}
