"""Every address of the application that can be read, taken from its routes."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount
from starlette.types import ASGIApp


def readable_paths(app: ASGIApp) -> list[str]:
    """Paths of all GET routes, with their places unfilled: '/trips/{slug}'."""
    routes = [route for route in without_middleware(app).routes if not isinstance(route, Mount)]
    found = {
        str(route.path_format)
        for route in iter_route_contexts(routes)
        if "GET" in (route.methods or ())
    }
    return sorted(found)


def without_middleware(app: ASGIApp) -> FastAPI:
    """What `create_app` wraps."""
    inner: Any = app
    while not isinstance(inner, FastAPI):
        inner = inner._app if hasattr(inner, "_app") else inner.app
    return inner
