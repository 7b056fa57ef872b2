"""A trip from signing up to the public feed and back, in a real browser, in both languages."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Product
from tests.e2e.riders import Person, photo_file, track_file

pytestmark = pytest.mark.browser

RIDE = "route-only.gpx"  # 5.0 km, 1,022 m up; without times


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_trip_goes_from_signing_up_to_the_feed_and_back(
    product: Product, open_browser: Callable[..., Page], language: str
) -> None:
    locale = {"en": "en-GB", "es": "es-ES"}[language]
    rider = Person(open_browser(locale), product.address, language, f"rider_{language}")
    title = {"en": "Down the Duero", "es": "Duero abajo"}[language]

    rider.register()
    rider.confirm_by_mail()
    rider.sign_in()
    rider.start_trip(title)
    write_and_upload(rider)
    rider.publish()

    page = rider.page
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    check_map_and_profile(page)

    reader = Person(open_browser(locale), product.address, language, "nobody")
    check_public_pages(reader, rider, title)
    change_and_delete(rider, reader, title)


def write_and_upload(rider: Person) -> None:
    page = rider.page
    rider.add_files(track_file(RIDE), photo_file("first.jpg", "#7a9ab0"))
    rows = page.locator(".uploads > .upload")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text=RIDE)).to_contain_text("120", timeout=30_000)
    photo = rows.filter(has_text="first.jpg")
    expect(photo.locator("img")).to_be_visible(timeout=30_000)
    photo.get_by_label(rider.say("Caption")).fill("The north bank")
    page.locator("#story").press("End")
    expect(page.locator("[data-save-status]")).to_contain_text(re.compile(r"\d\d:\d\d"))


def check_map_and_profile(page: Page) -> None:
    """The map is drawn, and its marker and the profile's cursor follow each other."""
    page.locator(".map").first.scroll_into_view_if_needed()
    page.wait_for_selector(".map canvas", timeout=30_000)
    marker, cursor = page.locator(".map-here"), page.locator(".profile-cursor")
    expect(marker).to_be_visible(timeout=30_000)
    distance = page.locator(".readout [data-km]")

    page.locator(".profile-range").focus()
    page.keyboard.press("End")
    page.wait_for_timeout(300)
    end = place(marker), place(cursor), distance.inner_text()
    page.keyboard.press("Home")
    page.wait_for_timeout(300)
    start = place(marker), place(cursor), distance.inner_text()
    assert all(was != now for was, now in zip(end, start, strict=True)), (end, start)
    assert (start[2], end[2]) in (("0.0", "5.0"), ("0,0", "5,0"))

    page.mouse.move(end[0][0] - 3, end[0][1])
    page.mouse.move(*end[0])
    page.wait_for_timeout(300)
    assert place(cursor)[0] == pytest.approx(end[1][0], abs=60)


def place(element: object) -> tuple[float, float]:
    box = element.bounding_box()  # type: ignore[attr-defined]
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def check_public_pages(reader: Person, rider: Person, title: str) -> None:
    page = reader.page
    reader.go("/")
    expect(page.locator(".feed .entry").first.locator(".entry-title")).to_have_text(title)
    page.get_by_role("link", name=title).first.click()
    expect(page.locator(".trip-figures")).to_contain_text("5")
    expect(page.locator(".gallery, figure").filter(has_text="The north bank").first).to_be_visible()

    reader.go(f"/riders/{rider.username}")
    figures = page.locator(".trip-figures .figures > div")
    decimal = "," if reader.language == "es" else "."
    expect(figures.filter(has_text=reader.say("in all"))).to_contain_text(f"5{decimal}0")
    thousand = "1022" if reader.language == "es" else "1,022"
    expect(figures.filter(has_text=reader.say("climbed"))).to_contain_text(thousand)


def change_and_delete(rider: Person, reader: Person, title: str) -> None:
    page = rider.page
    page.get_by_role("link", name=rider.say("Edit"), exact=True).click()
    rider.press("Take it down")
    reader.go("/")
    expect(reader.page.locator(".entry-title", has_text=title)).to_have_count(0)

    rider.go("/trips")
    page.get_by_role("link", name=title).first.click()
    if not page.url.endswith("/edit"):
        page.get_by_role("link", name=rider.say("Edit"), exact=True).click()
    page.locator("#title").fill(f"{title} II")
    rider.press("Save")
    rider.press("Publish")
    reader.go("/")
    expect(reader.page.locator(".entry-title", has_text=f"{title} II")).to_have_count(1)

    page.get_by_role("link", name=rider.say("Edit"), exact=True).click()
    page.get_by_role("link", name=rider.say("Delete trip")).or_(
        page.get_by_role("button", name=rider.say("Delete trip"))
    ).first.click()
    page.get_by_role("dialog").get_by_role("button", name=rider.say("Delete trip")).click()
    reader.go("/")
    expect(reader.page.locator(".entry-title", has_text=title)).to_have_count(0)
