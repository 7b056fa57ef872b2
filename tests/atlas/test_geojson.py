"""The ground for live maps."""

from pathlib import Path

import orjson

from contravento.atlas.geojson import sheet_geojson, world_geojson

WORLD = Path(__file__).resolve().parents[2] / "src/contravento/web/static/atlas/world.json"


def kinds(document: object) -> set[str]:
    assert isinstance(document, dict)
    return {feature["properties"]["kind"] for feature in document["features"]}


def test_a_sheet_covers_more_than_the_track_in_whole_degrees() -> None:
    sheet = sheet_geojson((-9.3, 42.6, -2.9, 43.6))

    west, south, east, north = sheet["bbox"]
    assert west < -9.3 < -2.9 < east
    assert south < 42.6 < 43.6 < north
    assert all(edge == int(edge) for edge in sheet["bbox"])
    assert kinds(sheet) == {"sheet", "land", "coast", "border"}


def test_a_sheet_may_cross_the_date_line() -> None:
    west, _, east, _ = sheet_geojson((177.0, -18.5, -179.9, -16.0))["bbox"]

    assert 170 < west < 180 < east < 190


def test_the_committed_world_is_the_one_we_would_write() -> None:
    world = world_geojson()

    assert kinds(world) == {"land", "border"}
    assert orjson.loads(WORLD.read_bytes()) == orjson.loads(orjson.dumps(world))
