"""The live map and the profile in a browser, under the content policy of the product."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from contravento.atlas import drawing, profile_drawing

pytestmark = pytest.mark.browser

STATIC = Path(__file__).resolve().parents[2] / "src/contravento/web/static"
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
POLICY = (
    "default-src 'self'; style-src 'self'; script-src 'self'; worker-src 'self';"
    " img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; object-src 'none'"
)

STEPS = np.linspace(0, 1, 400)
LINE = np.column_stack([-2.93 - 6.34 * STEPS, 43.26 - 0.38 * STEPS + 0.1 * np.sin(9 * STEPS)])
DISTANCES = 600_000 * STEPS
HEIGHTS = 500 + 450 * np.sin(14 * STEPS) - 300 * STEPS
BOUNDS = (-9.27, 42.8, -2.93, 43.4)


def geometry() -> dict[str, Any]:
    lines = {"type": "MultiLineString", "coordinates": [LINE.tolist()]}
    return {"type": "Feature", "properties": {}, "geometry": lines}


def samples() -> dict[str, Any]:
    grades = np.gradient(HEIGHTS, DISTANCES) * 100
    return {
        "distance_metres": DISTANCES.tolist(),
        "elevation_metres": HEIGHTS.tolist(),
        "grade_percent": grades.tolist(),
        "coordinates": LINE.tolist(),
    }


def page_html() -> str:
    sheet = drawing.draw_sheet([[LINE]], width=1200, height=560, bleed=300)
    profile = profile_drawing.draw_profile(DISTANCES.tolist(), HEIGHTS.tolist())
    assert profile is not None
    links = "".join(
        f'<link rel="stylesheet" href="/css/{name}.css">'
        for name in ("tokens", "base", "components", "pages", "product")
    )
    bounds = ",".join(map(str, BOUNDS))
    return f"""<!doctype html><html lang="es"><head><meta charset="utf-8"><title>A ride</title>
      {links}<script src="/js/theme.js"></script><script type="module" src="/js/app.js"></script>
      <link rel="icon" href="/art/mark.svg"></head><body><main class="page"><section class="track">
      <div class="neatline"><div class="map" data-track data-nights data-bounds="{bounds}"
        data-geometry-url="/geometry.json" data-word-whole="Whole tour">
        <svg viewBox="0 0 1200 560" role="img" aria-label="Map">{sheet.body}</svg></div></div>
      <div class="profile" data-profile-url="/profile.json"><div class="profile-plot">
        <svg viewBox="0 0 {profile.width} {profile.height}" preserveAspectRatio="none"
          aria-hidden="true">{profile.body}</svg><span class="profile-cursor" hidden></span>
        <input class="profile-range" type="range" aria-label="Place" hidden></div></div>
      <p class="readout" hidden><span data-km></span> km, <span data-height></span> m,
        <span data-grade></span> %</p></section>
      <button class="button" data-set-theme="dark">Dark</button></main></body></html>"""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        documents: dict[str, Callable[[], Any]] = {
            "/geometry.json": geometry,
            "/profile.json": samples,
        }
        file = STATIC / path.lstrip("/")
        if path == "/":
            self.answer(page_html().encode(), "text/html; charset=utf-8")
        elif path in documents:
            self.answer(json.dumps(documents[path]()).encode(), "application/json")
        elif file.is_file():
            self.answer(self.part_of(file), TYPES.get(file.suffix, "application/json"))
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def part_of(self, file: Path) -> bytes:
        """The range that is asked for, if one is."""
        content = file.read_bytes()
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        return content[int(asked[1]) : int(asked[2]) + 1] if asked else content

    def answer(self, body: bytes, kind: str) -> None:
        is_part = "Range" in self.headers
        self.send_response(HTTPStatus.PARTIAL_CONTENT if is_part else HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=[
                "--no-sandbox",
                "--use-angle=swiftshader",
                "--enable-unsafe-swiftshader",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
            ],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console had to say."""
    return []


@pytest.fixture
def page(browser: Browser, address: str, complaints: list[str]) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    page.wait_for_selector(".map[data-live]", timeout=60_000)
    page.wait_for_selector(".map-here:not([hidden])")
    yield page
    page.close()


def place_of_here(page: Page) -> tuple[float, float]:
    box = page.locator(".map-here").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_the_map_comes_alive_without_a_complaint(page: Page, complaints: list[str]) -> None:
    assert complaints == []
    assert page.locator(".map > svg").is_hidden()
    expect(page.locator(".map .scale")).to_have_text("50\u00a0km")


def test_arrow_keys_move_the_cursor_and_the_disc_on_the_map(page: Page) -> None:
    page.locator(".profile-range").focus()
    page.keyboard.press("Home")
    start = place_of_here(page)
    page.keyboard.press("End")

    assert place_of_here(page)[0] < start[0] - 500
    expect(page.locator("[data-km]")).to_have_text("600")
    expect(page.locator(".profile-range")).to_have_attribute(
        "aria-valuetext", "600 km, 646 m, 0,1 %"
    )


def test_the_pointer_over_the_track_moves_the_cursor_of_the_profile(page: Page) -> None:
    page.locator(".profile-range").focus()
    page.keyboard.press("Home")
    x, y = place_of_here(page)
    page.mouse.move(x - 8, y + 2)
    page.mouse.move(x - 10, y + 2)

    expect(page.locator("[data-km]")).not_to_have_text("0,0")


def test_the_map_changes_colour_with_the_theme(page: Page, complaints: list[str]) -> None:
    day = page.locator(".map-canvas").screenshot()
    page.locator("[data-set-theme=dark]").click()
    page.wait_for_timeout(600)

    assert page.locator(".map-canvas").screenshot() != day
    assert page.evaluate("localStorage.getItem('theme')") == "dark"
    assert complaints == []


def names_shown(page: Page) -> set[str]:
    """Of what the map has really drawn, when it has drawn all."""
    return set(
        page.evaluate(
            """() => new Promise((resolve) => {
              const { map } = document.querySelector(".map");
              const ids = map.getStyle().layers.map(({ id }) => id);
              const layers = ids.filter((id) => id.startsWith("names-"));
              const name = ({ properties }) => properties.name;
              const tell = () => resolve(map.queryRenderedFeatures({ layers }).map(name));
              map.loaded() && !map.isMoving() ? tell() : map.once("idle", tell);
            })"""
        )
    )


def jump(page: Page, longitude: float, latitude: float, zoom: float) -> None:
    page.evaluate(
        "([center, zoom]) => document.querySelector('.map').map.jumpTo({ center, zoom })",
        [[longitude, latitude], zoom],
    )


def test_towns_on_the_way_are_named(page: Page, complaints: list[str]) -> None:
    assert {"Bilbao", "Santander", "Oviedo"} <= names_shown(page)
    assert complaints == []


@pytest.mark.parametrize("zoom", [0, 2, 4, 6, 8, 9.5, 11, 13, 15, 16])
def test_no_zoom_shows_an_empty_sheet(page: Page, zoom: float) -> None:
    """Above a town, so that there is something to name; further in there is land."""
    jump(page, -3.70, 40.42, zoom)
    names = names_shown(page)
    pixels = page.locator(".map-canvas").screenshot()

    assert names if zoom <= 13 else True
    page.evaluate(
        "document.querySelector('.map').map.setLayoutProperty('land', 'visibility', 'none')"
    )
    page.wait_for_timeout(300)
    assert page.locator(".map-canvas").screenshot() != pixels


def test_the_whole_tour_is_one_tap_away(page: Page) -> None:
    before = names_shown(page)
    jump(page, 20, -30, 9)
    assert names_shown(page).isdisjoint(before)

    page.get_by_role("button", name="Whole tour").click()
    page.wait_for_timeout(3000)  # it flies; no function can be waited for under this policy

    assert "Oviedo" in names_shown(page)


def test_the_map_fills_the_screen(page: Page) -> None:
    page.locator(".maplibregl-ctrl-fullscreen").click()
    expect(page.locator(".map:fullscreen")).to_be_visible()
    box = page.locator(".map").bounding_box()
    assert box
    assert (box["width"], box["height"]) == (1280, 900)


def test_the_makers_of_the_map_are_named(page: Page) -> None:
    expect(page.locator(".maplibregl-ctrl-attrib")).to_contain_text("Natural Earth · GeoNames")


def test_without_webgl_the_drawn_map_stays(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(address)
    page.wait_for_selector(".profile-range:not([hidden])", state="attached")
    page.wait_for_timeout(500)

    assert page.locator(".map > svg").is_visible()
    assert page.locator(".map[data-live]").count() == 0
    page.close()
