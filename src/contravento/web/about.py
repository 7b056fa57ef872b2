"""Static pages, robots.txt and the favicon."""

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

from contravento.http.cache_control import SITE, share
from contravento.web.rendering.page import PageFor, static_url

router = APIRouter()

CACHE_CONTROL = "public, max-age=86400"
ROBOTS = """User-agent: *
Disallow: /api/
Disallow: /language/
Disallow: /settings
Disallow: /outbox
Disallow: /sign-in
"""


@router.get("/about")
async def show_about(page: PageFor) -> Response:
    share(page.request, SITE)
    return page.show("about/about.html")


@router.get("/rules")
async def show_rules(page: PageFor) -> Response:
    share(page.request, SITE)
    return page.show("about/rules.html")


@router.get("/privacy")
async def show_privacy(page: PageFor) -> Response:
    share(page.request, SITE)
    return page.show("about/privacy.html")


@router.get("/robots.txt")
async def show_robots() -> Response:
    return PlainTextResponse(ROBOTS, headers={"Cache-Control": CACHE_CONTROL})


@router.get("/favicon.ico")
async def show_mark() -> Response:
    return RedirectResponse(
        static_url("art/mark.svg"), 302, headers={"Cache-Control": "public, max-age=3600"}
    )
