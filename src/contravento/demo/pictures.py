"""Paint the demo's photographs: landscapes and portraits in the manner of the house, by seed."""

from collections.abc import Callable

from contravento.demo import scenes
from contravento.demo.portraits import draw_portrait
from contravento.demo.sheet import Canvas

__all__ = ["KINDS", "draw_picture", "draw_portrait"]

KINDS: dict[str, Callable[[int], Canvas]] = {
    "pass-road": scenes.pass_road,
    "fog-ridges": scenes.fog_ridges,
    "rain-ridges": scenes.rain_ridges,
    "stubble-road": scenes.stubble_road,
    "fjord-huts": scenes.fjord_huts,
    "lighthouse": scenes.lighthouse,
    "lake-sun": scenes.lake_sun,
    "bread-table": scenes.bread_table,
    "village-square": scenes.village_square,
    "river-bridge": scenes.river_bridge,
    "dike-clouds": scenes.dike_clouds,
    "dunes": scenes.dunes,
    "terraces": scenes.terraces,
    "olive-viaduct": scenes.olive_viaduct,
    "abbey-river": scenes.abbey_river,
    "hut-dusk": scenes.hut_dusk,
    "midnight-sun": scenes.midnight_sun,
}


def draw_picture(kind: str, *, seed: int, width: int = 1800, height: int = 1200) -> bytes:
    """Give a JPEG of one of KINDS; odd seeds look the other way."""
    return KINDS[kind](seed).jpeg((width, height), mirrored=bool(seed % 2))
