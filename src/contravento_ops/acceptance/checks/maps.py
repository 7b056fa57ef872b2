"""A track on the map, in a real browser: what is drawn, measured by the map's own scale.

What a map library says that it has drawn is not what somebody sees. So a picture of the map is
searched for the colour of tracks; width and height of the line are measured by the scale bar, and
the map's bounds are compared with the file's. Four in a hundred and the line's own thickness are
allowed. Where the line lies on the globe is taken from the bounds, not from the picture.
"""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from contravento_ops.acceptance.context import CheckContext
from contravento_ops.acceptance.tools.browser import Tab
from contravento_ops.acceptance.tools.sample_files import Ride, distance
from contravento_ops.kit.check_result import CheckFailed, Evidence

LIVE_SECONDS = 30
MAP = "document.querySelector('.map[data-track]')"
LOOK = """(() => {
  const map = document.querySelector('.map[data-track]'), box = map.getBoundingClientRect();
  const scale = map.querySelector('.scale'), ink = document.createElement('i');
  ink.style.color = 'var(--route)'; map.append(ink);
  const colour = getComputedStyle(ink).color; ink.remove();
  return {x: box.x + scrollX, y: box.y + scrollY, width: box.width, height: box.height, colour,
          scale: scale.textContent, scale_pixels: parseFloat(scale.style.inlineSize),
          bounds: map.dataset.bounds};
})()"""
# How far the colour reaches in a picture, in pixels.
MEASURE = """(async () => {
  const image = new Image(); image.src = 'data:image/png;base64,%s'; await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.width, image.height];
  const paper = canvas.getContext('2d'); paper.drawImage(image, 0, 0);
  const {data} = paper.getImageData(0, 0, image.width, image.height);
  const [red, green, blue] = %s; let [left, top, right, bottom, count] = [1e9, 1e9, -1, -1, 0];
  for (let at = 0; at < data.length; at += 4) {
    if (Math.abs(data[at] - red) + Math.abs(data[at + 1] - green) + Math.abs(data[at + 2] - blue) > 45) continue;
    const [x, y] = [(at / 4) %% image.width, Math.floor(at / 4 / image.width)];
    left = Math.min(left, x); right = Math.max(right, x); top = Math.min(top, y); bottom = Math.max(bottom, y);
    count += 1;
  }
  return {width: right - left + 1, height: bottom - top + 1, count};
})()"""  # noqa: E501
UNITS = {"m": 1, "km": 1000}
BOUNDS_DEGREES = 0.001
ALLOWED = 0.04
LINE_PIXELS = 8  # how thick the line is drawn, with its ends
FEWEST_PIXELS = 200


def gpx_on_map(context: CheckContext) -> Evidence:
    """A GPX file is taken, and its line stands on the map in a browser"""
    trip, ride = context.ridden, context.ride
    tab = context.browser.tab()
    tab.open(context.site.url + trip.page)
    tab.evaluate(f"{MAP} && {MAP}.scrollIntoView()")
    if not tab.until(f"{MAP} && 'live' in {MAP}.dataset", LIVE_SECONDS):
        raise CheckFailed("the map never came to life", pictures={"The trip's page": tab.picture()})
    seen = tab.evaluate(LOOK)
    place = {name: seen[name] for name in ("x", "y", "width", "height")}
    picture = tab.picture(clip=place)
    drawn = measured(context.browser.tab(), picture, seen["colour"])
    told = {
        "the file's bounds": _words(ride.bounds),
        "the map's bounds": seen["bounds"],
        "browser": context.browser.version,
    }
    complaint = _judge(ride, seen, drawn, told)
    if complaint:
        raise CheckFailed(complaint, told, {"The map": picture})
    return Evidence("the line is as wide and as high as the file says", told, {"The map": picture})


def _judge(
    ride: Ride, seen: Mapping[str, Any], drawn: Mapping[str, int], told: dict[str, object]
) -> str | None:
    """What is wrong with it; what was measured is added to what is told."""
    if drawn["count"] < FEWEST_PIXELS:
        return "no line is drawn on the map"
    bounds = [float(part) for part in seen["bounds"].split(",")]
    if any(abs(a - b) > BOUNDS_DEGREES for a, b in zip(bounds, ride.bounds, strict=True)):
        return "the map's bounds are not the file's"
    metres = metres_per_pixel(seen["scale"], seen["scale_pixels"])
    for what, wanted in zip(("width", "height"), size_in_metres(ride.bounds), strict=True):
        found = drawn[what] * metres
        told[f"drawn {what}"] = f"{found / 1000:.2f} km, in the file {wanted / 1000:.2f} km"
        if abs(found - wanted) > ALLOWED * wanted + LINE_PIXELS * metres:
            return f"the drawn line's {what} is not the file's"
    return None


def measured(tab: Tab, picture: bytes, colour: str) -> Mapping[str, int]:
    channels = [int(each) for each in re.findall(r"\d+", colour)[:3]]
    written = base64.b64encode(picture).decode()
    found: Mapping[str, int] = tab.evaluate(MEASURE % (written, json.dumps(channels)))
    return found


def metres_per_pixel(scale: str, pixels: float) -> float:
    """Of the map's scale bar: `5 km` and how long it is drawn."""
    number, unit = scale.replace("\N{NO-BREAK SPACE}", " ").split()
    return float(number.replace(",", "")) * UNITS[unit] / pixels


def size_in_metres(bounds: tuple[float, float, float, float]) -> tuple[float, float]:
    west, south, east, north = bounds
    middle = (south + north) / 2
    across = distance((west, middle), (east, middle))
    return across, distance((west, south), (west, north))


def _words(bounds: tuple[float, ...]) -> str:
    return ",".join(f"{bound:.5f}" for bound in bounds)
