"""Land and borders for the live map, as GeoJSON."""

import re
from math import ceil, floor

import orjson
from fastapi import APIRouter, Request, Response

from contravento.atlas.geojson import COARSE_ABOVE_DEGREES, sheet_geojson
from contravento.atlas.topology import Box
from contravento.http import conditional
from contravento.http.dependencies import ResourcesOf
from contravento.kit.errors import Invalid
from contravento.kit.i18n.marks import N_
from contravento.web.rendering.render_cache import RenderCacheOf

router = APIRouter(prefix="/atlas")

CACHE_CONTROL = "public, max-age=604800"
BOUNDS = re.compile(r"(-?[0-9]{1,3}(\.[0-9]{1,20})?(,(?!$)|$)){4}")
STEPS_A_DEGREE = 2  # neighbours ask for the same sheet


class BadBounds(Invalid):
    field = "bounds"
    message = N_("Bounds are west, south, east and north in degrees, with commas between.")


@router.get("/sheet.json")
async def show(
    request: Request, resources: ResourcesOf, cache: RenderCacheOf, bounds: str = ""
) -> Response:
    box = _read(bounds)

    async def draw() -> bytes:
        return orjson.dumps(await resources.compute(sheet_geojson, box))

    is_coarse = box[2] - box[0] > COARSE_ABOVE_DEGREES  # quickly drawn, and large to keep
    body = await draw() if is_coarse else await cache.get(("sheet", box), draw)
    return conditional.send_document(
        request, body, media_type=conditional.GEOJSON, cache_control=CACHE_CONTROL
    )


def _read(bounds: str) -> Box:
    """Rounded outward, so that few different sheets are ever asked for."""
    if not BOUNDS.fullmatch(bounds):
        raise BadBounds
    west, south, east, north = (float(part) for part in bounds.split(","))
    if not -90 <= south <= north <= 90:
        raise BadBounds
    return _down(west), _down(south), _up(east), _up(north)


def _down(degrees: float) -> float:
    return floor(degrees * STEPS_A_DEGREE) / STEPS_A_DEGREE


def _up(degrees: float) -> float:
    return ceil(degrees * STEPS_A_DEGREE) / STEPS_A_DEGREE
