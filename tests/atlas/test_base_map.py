"""The archive of vector tiles that is committed: complete, small enough, and full of names."""

import gzip
import json
from collections.abc import Iterator
from math import asinh, cos, pi, radians, tan
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import pytest
import shapely
import shapely.affinity
from pmtiles.reader import MmapSource, Reader

from contravento.demo.stories import TRIPS

ARCHIVE = Path(__file__).parents[2] / "src/contravento/web/static/map/world.pmtiles"
LARGEST_BYTES = 25_000_000
LARGEST_TILE_BYTES = 100_000
EQUATOR_KILOMETRES, VIEW_KILOMETRES = 40_075, 20
SCALE = 1 / 4096 / 256  # from a tile's units to the world's width at zoom 8
NAMED_SHARE = 0.75  # of the places of a ride; the others are sea and fell
RIDES = {trip.title: trip.rides for trip in TRIPS}


@pytest.fixture(scope="module")
def archive() -> Iterator[Any]:
    with ARCHIVE.open("rb") as file:
        yield Reader(MmapSource(file))


def tile(archive: Any, zoom: int, column: int, row: int) -> dict[str, Any]:
    packed = archive.get(zoom, column, row)
    return mapbox_vector_tile.decode(gzip.decompress(packed)) if packed else {}


def test_it_is_small_enough_and_says_whose_it_is(archive: Any) -> None:
    header, metadata = archive.header(), archive.metadata()

    assert ARCHIVE.stat().st_size <= LARGEST_BYTES
    assert (header["min_zoom"], header["max_zoom"]) == (0, 8)
    assert "GeoNames" in metadata["attribution"]
    assert "Natural Earth" in metadata["attribution"]
    layers = {layer["id"] for layer in metadata["vector_layers"]}
    assert layers >= {"land", "water", "ice", "river", "urban", "border", "province", "label"}


def test_the_whole_world_is_there_in_one_tile(archive: Any) -> None:
    world = tile(archive, 0, 0, 0)

    assert set(world) >= {"land", "border"}


def test_no_tile_of_europe_is_large(archive: Any) -> None:
    sizes = {
        (column, row): len(archive.get(8, column, row) or b"")
        for column in range(120, 150)
        for row in range(70, 105)
    }

    assert max(sizes.values()) < LARGEST_TILE_BYTES
    assert sum(size > 0 for size in sizes.values()) > 500


def names_round(archive: Any, longitude: float, latitude: float) -> set[str]:
    """What a view of 20 km by 20 km could name."""
    reach = VIEW_KILOMETRES / 2 / (EQUATOR_KILOMETRES * cos(radians(latitude)))
    x, y = longitude / 360 + 0.5, 0.5 - asinh(tan(radians(latitude))) / 2 / pi
    names = set()
    for column in range(int((x - reach) * 256), int((x + reach) * 256) + 1):
        for row in range(int((y - reach) * 256), int((y + reach) * 256) + 1):
            box = shapely.box(x - reach, y - reach, x + reach, y + reach)
            for feature in tile(archive, 8, column, row).get("label", {}).get("features", ()):
                shape = shapely.from_geojson(json.dumps(feature["geometry"]))
                placed = shapely.affinity.affine_transform(
                    shape, [SCALE, 0, 0, -SCALE, column / 256, (row + 1) / 256]
                )
                if placed.intersects(box):
                    names.add(feature["properties"]["name"])
    return names


@pytest.mark.parametrize("title", RIDES)
def test_hardly_a_view_along_a_ride_is_without_names(archive: Any, title: str) -> None:
    """What else lies there has fewer than 500 inhabitants, and no free list names it."""
    places = [place for ride in RIDES[title] for leg in ride.legs for place in leg]
    sample = places[:: max(1, len(places) // 20)]
    counts = [len(names_round(archive, place.longitude, place.latitude)) for place in sample]

    assert sum(count > 0 for count in counts) >= NAMED_SHARE * len(counts), counts


def test_twenty_kilometres_of_peopled_land_have_five_names(archive: Any) -> None:
    """Along the Danube, in the Netherlands, in Lombardy and in Kent."""
    for place in ((15.43, 48.38), (5.79, 53.2), (9.6, 45.6), (0.9, 51.2)):
        assert len(names_round(archive, *place)) >= 5
