"""Every address of the application that can be read, taken from its routes."""

from typing import Any

from fastapi.routing import iter_route_contexts
from starlette.routing import Mount
from starlette.types import ASGIApp


def readable_paths(app: ASGIApp) -> list[str]:
    """Paths of all GET routes, with their places unfilled: '/trips/{slug}'."""
    inner: Any = app
    while not hasattr(inner, "routes"):
        inner = inner._app if hasattr(inner, "_app") else inner.app
    found = {
        str(route.path_format)
        for route in iter_route_contexts([r for r in inner.routes if not isinstance(r, Mount)])
        if "GET" in (route.methods or ())
    }
    return sorted(found)
