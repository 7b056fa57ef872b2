"""`srcset` attributes of photos."""

from collections.abc import Mapping
from typing import Any

from contravento.photos.rules import LONG_EDGE_PIXELS, fit

OFFERED = ("small", "medium", "large", "full")


def sources(cover: Mapping[str, Any]) -> str:
    """For `srcset`: each size with its width in pixels, none twice."""
    urls: dict[int, str] = {}
    for name in OFFERED:
        width, _ = fit(cover["width"], cover["height"], long_edge_pixels=LONG_EDGE_PIXELS[name])
        urls.setdefault(width, f"/photos/{cover['photo_id']}/{name}.jpg {width}w")
    return ", ".join(urls.values())
