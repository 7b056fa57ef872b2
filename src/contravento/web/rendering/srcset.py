"""`srcset` attributes of photos."""

from collections.abc import Mapping
from typing import Any

from contravento.photos.rules import LONG_EDGE_PIXELS, fit

OFFERED = ("small", "medium", "large", "full")


def url(photo: Mapping[str, Any], size: str, ending: str = "jpg") -> str:
    """Where a size is; behind a version, if it has one, browsers keep it for good."""
    version = f"/{photo['version']}" if photo.get("version") else ""
    return f"/photos/{photo['photo_id']}{version}/{size}.{ending}"


def sources(photo: Mapping[str, Any], ending: str = "jpg") -> str:
    """For `srcset`: each size with its width in pixels, none twice."""
    urls: dict[int, str] = {}
    for name in OFFERED:
        width, _ = fit(photo["width"], photo["height"], long_edge_pixels=LONG_EDGE_PIXELS[name])
        urls.setdefault(width, f"{url(photo, name, ending)} {width}w")
    return ", ".join(urls.values())
