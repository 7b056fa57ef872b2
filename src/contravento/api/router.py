"""The API, assembled: its nouns, its description and a page about it."""

from fastapi import FastAPI

from contravento.api import (
    accounts,
    downloads,
    feed,
    me,
    operator,
    photos,
    riders,
    sessions,
    tracks,
    trips,
    waypoints,
)
from contravento.api.description import docs_page

PREFIX = "/api/v1"
ROUTERS = (
    feed.router,  # first to be looked at, since it is asked for most
    accounts.router,
    sessions.granting,
    sessions.router,
    me.granting,
    me.router,
    riders.router,
    trips.router,
    photos.router,
    tracks.router,
    waypoints.router,
    downloads.router,
    operator.router,
)


def add_api(app: FastAPI, *, is_described: bool) -> None:
    """With `is_described` the description and its page are also where FastAPI has them."""
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX)
    app.include_router(docs_page.router, include_in_schema=False)
    if is_described:
        app.include_router(docs_page.debugging, include_in_schema=False)
