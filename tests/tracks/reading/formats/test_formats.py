"""KML, GeoJSON, NMEA and IGC: the same short ride, written as programs and devices write it."""

import numpy as np
import pytest

from contravento.tracks import errors, rules
from contravento.tracks.reading.read import read_recording
from contravento.tracks.recording import Recording
from tests.tracks.making import NOW

START = 1_748_764_800.0  # 1 June 2025, 08:00 UTC

KML_TRACK = b"""<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2">
<Document><name>Somewhere</name>
<Placemark><name>Spring</name><description>cold</description>
 <Point><coordinates>8.5,46.5,1800</coordinates></Point></Placemark>
<Placemark><name>Over the pass</name><gx:Track>
 <when>2025-06-01T08:00:00Z</when><when>2025-06-01T08:01:00Z</when><when>2025-06-01T08:02:00Z</when>
 <gx:coord>8.5 46.5 1800</gx:coord><gx:coord>8.501 46.501 1810</gx:coord><gx:coord></gx:coord>
</gx:Track>
<LineString><coordinates>8.5,46.5,0 8.501,46.501,0</coordinates></LineString></Placemark>
</Document></kml>"""
KML_LINE = b"""<kml><Placemark><name>Over the pass</name><MultiGeometry>
<LineString><coordinates> 8.5,46.5,0
 8.501, 46.501, 0 </coordinates></LineString>
<Polygon><outerBoundaryIs><LinearRing><coordinates>1,1 2,2 3,3</coordinates></LinearRing>
</outerBoundaryIs></Polygon></MultiGeometry></Placemark></kml>"""
GEOJSON = b"""{"type": "FeatureCollection", "features": [
 {"type": "Feature", "properties": {"name": "Spring", "sym": "Water", "desc": "cold"},
  "geometry": {"type": "Point", "coordinates": [8.5, 46.5, 1800]}},
 {"type": "Feature", "properties": {"name": "Over the pass",
   "coordinateProperties": {"times": [["2025-06-01T08:00:00Z", "2025-06-01T08:01:00Z"]]}},
  "geometry": {"type": "MultiLineString", "coordinates":
   [[[8.5, 46.5, 1800], [8.501, 46.501, 1810]]]}}]}"""
NMEA = b"""$GPGGA,080000.00,4630.0000,N,00830.0000,E,1,08,0.9,1800.0,M,48.0,M,,*5A\r
$GPRMC,080000.00,A,4630.0000,N,00830.0000,E,10.0,045.0,010625,,,A*6C\r
$GPRMC,080030.00,A,4631.0000,N,00831.0000,E,10.0,045.0,010625,,,A*00\r
$GNRMC,080100.00,A,4630.0600,N,00830.0600,E,10.0,045.0,010625,,,A\r
$GNGGA,080100.00,4630.0600,N,00830.0600,E,1,08,0.9,1810.0,M,48.0,M,,\r
$GNGSV,1,1,00\r
"""
IGC = b"""AXXXABC\r
HFDTEDATE:010625,01\r
HFPLTPILOTINCHARGE:Somebody\r
B0800004630000N00830000EA0179001800\r
B0801004630060N00830060EA0180001810\r
LXXX a remark\r
"""


def read(content: bytes) -> Recording:
    return read_recording(content, now=NOW)


@pytest.mark.parametrize(
    "content", [KML_TRACK, GEOJSON, NMEA, IGC], ids=["kml", "geojson", "nmea", "igc"]
)
def test_a_ride_with_times_is_read_alike_from_every_format(content: bytes) -> None:
    recording = read(content)
    np.testing.assert_allclose(recording.lon, [8.5, 8.501], atol=1e-9)
    np.testing.assert_allclose(recording.lat, [46.5, 46.501], atol=1e-9)
    np.testing.assert_array_equal(recording.elevation, [1800, 1810])
    np.testing.assert_array_equal(recording.time, [START, START + 60])


@pytest.mark.parametrize(("content", "kind"), [(KML_TRACK, ""), (GEOJSON, "Water")])
def test_marked_places_come_along(content: bytes, kind: str) -> None:
    (place,) = read(content).waypoints
    assert (place.name, place.note, place.elevation, place.kind) == ("Spring", "cold", 1800, kind)
    assert read(content).name == "Over the pass"


def test_a_line_on_the_ground_has_no_elevation() -> None:
    recording = read(KML_LINE)
    assert recording.lon.tolist() == [8.5, 8.501]
    assert np.isnan(recording.elevation).all()
    assert {remark.code for remark in recording.report} == {"no_elevation", "no_times"}


def test_a_damaged_sentence_is_left_out_and_said() -> None:
    (remark,) = (one for one in read(NMEA).report if one.code == "damaged_sentences")
    assert remark.params == {"count": 1}


def test_a_flight_past_midnight_goes_on_the_next_day() -> None:
    late = IGC.replace(b"B080000", b"B235930").replace(b"B080100", b"B000030")
    assert np.diff(read(late).time).tolist() == [60]


@pytest.mark.parametrize(
    "content",
    [
        b"<kml><Placemark><LineString><coordinates>"
        + b"1,2 " * (rules.MOST_POINTS + 1)
        + b"</coordinates></LineString></Placemark></kml>",
        b'{"type":"LineString","coordinates":[' + b"0," * rules.MOST_POINTS + b"0]}",
    ],
    ids=["kml", "geojson"],
)
def test_more_points_than_are_taken_are_refused(content: bytes) -> None:
    with pytest.raises(errors.TooManyPoints):
        read(content)


def test_collections_nested_without_end_are_refused() -> None:
    deep = b'{"type":"GeometryCollection","geometries":[' * 100 + b"]}" * 100
    with pytest.raises(errors.TooDeep):
        read(deep)
