"""What riders do, from the first visit to a published trip."""

import time
from typing import Any
from urllib.parse import quote

from contravento_ops.acceptance.context import TITLE, CheckContext
from contravento_ops.acceptance.tools import inbox, sample_files
from contravento_ops.kit.check_result import CheckFailed, Evidence
from contravento_ops.kit.site import File, Site

PICTURE = (640, 480)
PORTRAIT_SECONDS = 30
ENTRIES = 50


def health(visit: CheckContext) -> Evidence:
    """/health answers GET and HEAD"""
    got = visit.site.get("/health").expect(200, what="GET /health")
    if got.json().get("status") != "ok":
        raise CheckFailed("/health does not say ok", {"said": got.text[:200]})
    head = visit.site.ask("HEAD", "/health").expect(200, what="HEAD /health")
    if head.body:
        raise CheckFailed("HEAD /health has a body")
    return Evidence("GET and HEAD are answered with 200", {"milliseconds": _ms(got.seconds)})


def sign_up(visit: CheckContext) -> Evidence:
    """A rider signs up, and is not in before the address is confirmed"""
    account = visit.account
    if account["verified"]:
        raise CheckFailed("the account is confirmed before anybody opened the mail")
    given = {"login": visit.newcomer.username, "password": visit.newcomer.password}
    early = visit.site.post("/api/v1/sessions", given)
    if early.status == 201:
        raise CheckFailed("somebody who has not confirmed the address was let in")
    return Evidence(
        "the account is there, and waits for its confirmation", {"account": account["username"]}
    )


def confirmation_mail(visit: CheckContext) -> Evidence:
    """The confirming mail arrives, and its link works"""
    inbox.address_for(visit.newcomer.username, visit.values)  # or nobody could read it
    _ = visit.account
    token, seconds = inbox.token_for(visit.newcomer.email, visit.project, visit.values)
    link = f"/confirm/{token}"
    visit.site.get(link).expect(200, what="the link in the mail")
    sent = visit.site.ask(
        "POST",
        link,
        f"password={quote(visit.newcomer.password)}".encode(),
        {"Content-Type": "application/x-www-form-urlencoded"},
    ).expect(303, what="confirming")
    if "note=confirmed" not in sent.headers.get("location", ""):
        raise CheckFailed(
            "the link did not confirm the address", {"led to": sent.headers["location"]}
        )
    return Evidence(f"it came after {seconds:.1f} s, and its link confirms the address")


def sign_in(visit: CheckContext) -> Evidence:
    """A confirmed rider signs in, stays, and signs out"""
    given = {"login": visit.probe.username, "password": visit.probe.password}
    granted = visit.site.post("/api/v1/sessions", given).expect(201, what="signing in").json()
    inside = Site(visit.address, granted["access_token"])
    them = inside.get("/api/v1/me").expect(200, what="/api/v1/me").json()
    if them["username"] != visit.probe.username:
        raise CheckFailed("the rider is somebody else now", {"is": them["username"]})
    spent = {"refresh_token": granted["refresh_token"]}
    fresh = visit.site.post("/api/v1/sessions/refresh", spent).expect(200, what="staying").json()
    wrong = visit.site.post("/api/v1/sessions", {**given, "password": "a quite other one 42"})
    wrong.expect(401, what="a wrong password")
    leaving = Site(visit.address, fresh["access_token"])
    leaving.send("DELETE", "/api/v1/sessions/current").expect(204, what="signing out")
    left = visit.site.post("/api/v1/sessions/refresh", {"refresh_token": fresh["refresh_token"]})
    left.expect(401, what="a token after signing out")
    return Evidence("in, renewed and out again; a wrong password is refused")


def publish_trip(visit: CheckContext) -> Evidence:
    """A trip goes from draft to published"""
    trip = visit.start_trip()
    visit.site.get(trip.place).expect(404, what="a draft, asked for by a stranger,")
    visit.publish(trip)
    shown = visit.site.get(trip.place).expect(200, what="the published trip").json()
    page = visit.site.get(trip.page).expect(200, what="its page")
    if shown["title"] != TITLE or TITLE not in page.text:
        raise CheckFailed("the page does not show the trip's title")
    visit.rider.send("DELETE", trip.place).expect(204, what="deleting it")
    visit.published -= 1
    return Evidence("nobody else saw the draft, everybody sees the trip", {"page": trip.page})


def photos(visit: CheckContext) -> Evidence:
    """A trip gets a photo, a rider a profile photo"""
    trip = visit.start_trip(audience="me")
    picture = File("check.png", "image/png", sample_files.a_picture(*PICTURE))
    sent = visit.rider.upload("POST", f"{trip.place}/photos", picture)
    photo = sent.expect(202, what="the upload of a photo").json()
    ready = visit.rider.until_ready(f"/api/v1/photos/{photo['id']}")
    for size in ready["sizes"].values():
        _is_picture(visit.rider, size["url"])
    visit.rider.upload("PUT", "/api/v1/me/photo", picture).expect(
        200, 202, 204, what="the upload of a profile photo"
    )
    for size in _portrait(visit).values():
        _is_picture(visit.rider, size["url"])
    sizes = {name: f"{size['width']} × {size['height']}" for name, size in ready["sizes"].items()}
    return Evidence("both are there, in every size", sizes)


def _portrait(visit: CheckContext) -> dict[str, Any]:
    until = time.monotonic() + PORTRAIT_SECONDS
    while time.monotonic() < until:
        profile = visit.site.get(f"/api/v1/riders/{visit.probe.username}")
        if found := profile.expect(200, what="the profile").json()["portrait"]:
            return dict(found)
        time.sleep(0.2)
    raise CheckFailed(f"the profile photo is not there after {PORTRAIT_SECONDS} s")


def _is_picture(site: Site, url: str) -> None:
    path = url if url.startswith("/") else "/" + url.split("/", 3)[3]
    answer = site.get(path).expect(200, what="a size of the photo")
    kind = answer.headers.get("content-type", "")
    if not kind.startswith("image/"):
        raise CheckFailed("a size of the photo is no picture", {"kind": kind})


def feed(visit: CheckContext) -> Evidence:
    """The public feed shows the trip"""
    trip = visit.trip
    found = visit.site.get(f"/api/v1/feed?limit={ENTRIES}").expect(200, what="the feed").json()
    ids = [each["id"] for each in found["items"]]
    if trip.id not in ids:
        raise CheckFailed("the feed does not list a trip that was just published")
    page = visit.site.get("/").expect(200, what="the front page")
    if trip.page not in page.text:
        raise CheckFailed("the front page does not lead to a trip that was just published")
    return Evidence("as JSON and on the front page", {"place": ids.index(trip.id) + 1})


def statistics(visit: CheckContext) -> Evidence:
    """The profile's statistics are right to the metre"""
    _ = visit.ridden
    place = f"/api/v1/riders/{visit.probe.username}/statistics"
    found = visit.site.get(place).expect(200, what="the statistics").json()
    told = {
        "metres of the file": round(visit.ride.metres, 1),
        "metres of the profile": round(found["distance_metres"], 1),
        "trips": found["trips"],
    }
    if abs(found["distance_metres"] - visit.ride.metres) > 1:
        raise CheckFailed("the profile's distance is not that of the file", told)
    if found["trips"] != visit.published:
        raise CheckFailed("the profile counts another number of trips", told)
    page = visit.site.get(f"/riders/{visit.probe.username}").expect(200, what="the profile")
    if f"{visit.ride.metres / 1000:.0f}" not in page.text:
        raise CheckFailed("the profile's page shows another distance", told)
    return Evidence("to the metre", told)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
