"""Writes the coarse world that every live map starts from: static/atlas/world.json."""

from pathlib import Path

import orjson

from contravento.atlas.geojson import world_geojson

WORLD = Path(__file__).resolve().parent.parent / "src/contravento/web/static/atlas/world.json"


def main() -> None:
    WORLD.parent.mkdir(parents=True, exist_ok=True)
    WORLD.write_bytes(orjson.dumps(world_geojson()))


if __name__ == "__main__":
    main()
