"""What holds for every page in a browser: width, colours, weight, print, words when things fail."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from uuid import uuid4

import psycopg
import pytest
from playwright.sync_api import Page, Route, expect

from contravento.kit.database.embedded import create_database, drop_database
from contravento.kit.database.session import libpq_url
from tests.conftest import TEMPLATE, open_folder
from tests.e2e.conftest import Product, start_product
from tests.e2e.riders import Person

pytestmark = pytest.mark.browser

type OpenBrowser = Callable[..., Page]

PHONE_PIXELS = 390
WORDS = {
    "latin": "W" * 200,
    "arabic": "كتابة" * 40,
    "combining marks": "Z" + "\u0301\u0322\u0338" * 60 + "g" * 100,
}
STORY = (
    "{word}\n\n## Day 1, {word}\n\n- {word}\n\n> {word}\n\n`{word}`\n\n    {word}"
    "\n\n| {word} | b |\n|---|---|\n| {word} | {word} |\n"
)
# Every column that holds what a rider typed.
FILL = """
    UPDATE riders SET name = left(%(word)s, 60), bio = %(word)s;
    UPDATE trips SET title = left(%(word)s, 120), excerpt = %(word)s, story = %(story)s,
      tags = ARRAY[left(%(word)s, 30), 'b'];
    UPDATE photos SET caption = %(word)s, alt = %(word)s, file_name = %(word)s;
    UPDATE tracks SET name = %(word)s, file_name = %(word)s;
"""


@pytest.fixture(scope="module")
def demo(postgres: str) -> Iterator[tuple[Product, str]]:
    """The product with its demo content, and the address of its database."""
    name = f"pages_{uuid4().hex[:8]}"
    root = postgres.replace(TEMPLATE, "postgres")
    create_database(root, name, TEMPLATE)
    url = postgres.replace(TEMPLATE, name)
    with open_folder() as made:
        started = start_product(made / "var", demo=True, DATABASE_URL=url)
        yield started, url
        assert started.stop() == 0
    drop_database(root, name)


def first_link(page: Page, address: str, hook: str) -> str:
    page.goto(address)
    return page.locator(hook).first.get_attribute("href") or ""


def a_trip(page: Page, product: Product) -> str:
    """The address of a trip with photographs and a track."""
    page.goto(product.address)
    link = page.locator(".entry:has(img) .entry-title a").first
    return product.address + (link.get_attribute("href") or "")


def test_a_photograph_stands_beside_the_words_of_the_first_diary(
    demo: tuple[Product, str], open_browser: OpenBrowser
) -> None:
    page = open_browser()
    page.goto(demo[0].address)
    lead = page.locator('.entry[data-kind="lead"]')
    cover, words = lead.locator("img").bounding_box(), lead.locator(".entry-words").bounding_box()
    assert cover
    assert words
    assert cover["y"] == pytest.approx(words["y"], abs=2)
    assert cover["x"] + cover["width"] < words["x"]


def test_a_colour_stands_where_a_photograph_is_not_loaded_yet(
    demo: tuple[Product, str], open_browser: OpenBrowser
) -> None:
    page = open_browser()
    page.route(re.compile(r"\.(webp|jpg)$"), lambda route: route.fulfill(status=404))
    page.goto(a_trip(page, demo[0]))
    pictures = page.locator("img[data-colour]")
    assert pictures.count() > 1
    for picture in pictures.all():
        colour = picture.evaluate("(image) => getComputedStyle(image).backgroundColor")
        assert colour != "rgba(0, 0, 0, 0)"
        height = picture.evaluate("(image) => image.getBoundingClientRect().height")
        assert height > 50
    without = picture.evaluate(
        "(image) => (image.dataset.colour = '', getComputedStyle(image).backgroundColor)"
    )
    assert without != "rgba(0, 0, 0, 0)"


def test_photographs_in_portrait_format_are_shown_whole(
    demo: tuple[Product, str], open_browser: OpenBrowser
) -> None:
    page = open_browser()
    page.goto(a_trip(page, demo[0]))
    picture = page.locator(".gallery img").first
    fit = "(image) => (image.dataset.format = 'portrait', getComputedStyle(image).objectFit)"
    assert picture.evaluate(fit) == "contain"


def test_a_printed_trip_has_its_map(demo: tuple[Product, str], open_browser: OpenBrowser) -> None:
    page = open_browser()
    page.goto(a_trip(page, demo[0]))
    page.locator(".map").scroll_into_view_if_needed()
    expect(page.locator(".map[data-live]")).to_be_visible(timeout=60_000)
    page.emulate_media(media="print")
    assert (
        page.locator(".map > svg").evaluate("(it) => getComputedStyle(it).visibility") == "visible"
    )
    expect(page.locator(".map-canvas")).to_be_hidden()


def test_west_is_left_on_a_page_that_is_read_from_the_right(
    demo: tuple[Product, str], open_browser: OpenBrowser
) -> None:
    page = open_browser()
    page.goto(a_trip(page, demo[0]))
    page.evaluate("document.documentElement.dir = 'rtl'")
    for hook in (".map", ".profile"):
        assert page.locator(hook).evaluate("(it) => getComputedStyle(it).direction") == "ltr"
    assert page.locator(".prose[dir=auto]").count() > 0
    assert page.locator("h1[dir=auto]").count() == 1


def test_the_library_of_the_map_comes_when_the_map_does(
    demo: tuple[Product, str], open_browser: OpenBrowser
) -> None:
    """In a window so low that the map, which stands high on a trip's page, is not near."""
    page = open_browser(width=PHONE_PIXELS)
    address = a_trip(page, demo[0])
    page.set_viewport_size({"width": PHONE_PIXELS, "height": 100})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address, wait_until="networkidle")
    assert not [url for url in asked if "maplibre" in url]
    assert len([url for url in asked if url.endswith(".css")]) == 1
    assert not [url for url in asked if "htmx" in url]
    page.locator(".map").scroll_into_view_if_needed()
    expect(page.locator(".map[data-live]")).to_be_visible(timeout=60_000)


def test_headings_and_landmarks_are_in_order(
    demo: tuple[Product, str], open_browser: OpenBrowser
) -> None:
    page = open_browser()
    tag = first_link(page, demo[0].address, '.tags a[href*="tag="]')
    page.goto(demo[0].address + tag)
    levels = page.eval_on_selector_all(
        "h1, h2, h3", "(all) => all.map((h) => Number(h.tagName[1]))"
    )
    assert all(after - before <= 1 for before, after in pairwise(levels))
    page.goto(demo[0].address + "/map")
    expect(page.locator(".map[data-live]")).to_be_visible(timeout=60_000)
    named = "[role=region][aria-label], section[aria-label]"
    names = page.eval_on_selector_all(named, "(all) => all.map((it) => it.ariaLabel)")
    assert len(names) == len(set(names))


def test_nothing_moves_while_the_riders_are_loading(
    demo: tuple[Product, str], open_browser: OpenBrowser
) -> None:
    page = open_browser()
    page.add_init_script(
        "window.moved = 0; new PerformanceObserver((list) => {"
        " for (const entry of list.getEntries()) window.moved += entry.value;"
        " }).observe({ type: 'layout-shift', buffered: true });"
    )

    def late(route: Route) -> None:
        page.wait_for_timeout(300)
        route.continue_()

    page.route(re.compile(r"\.(woff2|jpg)$"), late)
    page.goto(demo[0].address + "/riders", wait_until="networkidle")
    page.wait_for_timeout(500)
    assert page.evaluate("window.moved") < 0.02


def test_what_could_not_be_saved_is_said_in_our_words(
    product: Product, open_browser: OpenBrowser
) -> None:
    rider = Person(open_browser(), product.address, "en", "nadia")
    rider.register()
    rider.confirm_by_mail()
    rider.sign_in()
    rider.start_trip("Before the line broke")
    status = rider.page.locator("[data-save-status]")
    expect(status).to_contain_text(re.compile(r"\d\d:\d\d"))
    rider.page.route("**/autosave", lambda route: route.fulfill(status=200, body="<p>not JSON"))
    rider.page.locator("#title").fill("After it")
    expect(status).to_have_text("Not saved yet; trying again.")
    rider.page.unroute("**/autosave")


@pytest.mark.parametrize("kind", WORDS)
def test_no_text_of_a_rider_widens_a_page(
    demo: tuple[Product, str], open_browser: OpenBrowser, kind: str
) -> None:
    product, url = demo
    page = open_browser(width=PHONE_PIXELS)
    with psycopg.connect(libpq_url(url), autocommit=True) as database:
        word = WORDS[kind]
        database.execute(
            FILL.replace("%(word)s", "'" + word + "'").replace(
                "%(story)s", "'" + STORY.format(word=word) + "'"
            )
        )
        tags = database.execute("SELECT tags[1] FROM trips LIMIT 1").fetchone()
    trip = first_link(page, product.address, ".entry-title a")
    rider = first_link(page, f"{product.address}/riders", ".entry-title a")
    paths = ["/", "/map", "/riders", rider, trip, f"/?tag={tags[0] if tags else ''}"]
    for path in paths:
        page.goto(product.address + path)
        for twin in page.locator("details").all():
            twin.evaluate("(it) => (it.open = true)")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE_PIXELS, path


@pytest.mark.parametrize("kind", WORDS)
def test_no_text_of_a_rider_widens_what_only_that_rider_sees(
    product: Product, open_browser: OpenBrowser, kind: str
) -> None:
    page = open_browser(width=PHONE_PIXELS)
    rider = Person(page, product.address, "en", f"wide_{kind[:5]}")
    rider.register()
    rider.confirm_by_mail()
    rider.sign_in()
    rider.go("/settings")
    word = WORDS[kind]
    page.locator("#name").fill("W" * 60)
    page.locator("#bio").fill(word)
    rider.press("Save")
    rider.start_trip(word[:120])
    page.locator("#story").fill(STORY.format(word=word))
    page.locator("[data-tags] input:visible").fill(word[:30])
    rider.press("Save")
    edit = page.url
    for address in (
        edit,
        edit.removesuffix("/edit"),
        edit.replace("/edit", "/deletion"),
        f"{product.address}/trips",
        f"{product.address}/settings",
    ):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE_PIXELS, address
