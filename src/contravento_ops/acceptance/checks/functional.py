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


def health(context: CheckContext) -> Evidence:
    """/health answers GET and HEAD"""
    got = context.site.get("/health").expect(200, what="GET /health")
    if got.json().get("status") != "ok":
        raise CheckFailed("/health does not say ok", {"said": got.text[:200]})
    head = context.site.ask("HEAD", "/health").expect(200, what="HEAD /health")
    if head.body:
        raise CheckFailed("HEAD /health has a body")
    return Evidence("GET and HEAD are answered with 200", {"milliseconds": _ms(got.seconds)})


def sign_up(context: CheckContext) -> Evidence:
    """A rider signs up, and is not in before the address is confirmed"""
    account = context.account
    if account["verified"]:
        raise CheckFailed("the account is confirmed before anybody opened the mail")
    given = {"login": context.newcomer.username, "password": context.newcomer.password}
    early = context.site.post("/api/v1/sessions", given)
    if early.status == 201:
        raise CheckFailed("somebody who has not confirmed the address was let in")
    return Evidence(
        "the account is there, and waits for its confirmation", {"account": account["username"]}
    )


def confirmation_mail(context: CheckContext) -> Evidence:
    """The confirming mail arrives, and its link works"""
    inbox.address_for(context.newcomer.username, context.values)  # or nobody could read it
    _ = context.account
    token, seconds = inbox.token_for(context.newcomer.email, context.project, context.values)
    link = f"/confirm/{token}"
    context.site.get(link).expect(200, what="the link in the mail")
    sent = context.site.ask(
        "POST",
        link,
        f"password={quote(context.newcomer.password)}".encode(),
        {"Content-Type": "application/x-www-form-urlencoded"},
    ).expect(303, what="confirming")
    if "note=confirmed" not in sent.headers.get("location", ""):
        raise CheckFailed(
            "the link did not confirm the address", {"led to": sent.headers["location"]}
        )
    return Evidence(f"it came after {seconds:.1f} s, and its link confirms the address")


def sign_in(context: CheckContext) -> Evidence:
    """A confirmed rider signs in, stays, and signs out"""
    given = {"login": context.probe.username, "password": context.probe.password}
    granted = context.site.post("/api/v1/sessions", given).expect(201, what="signing in").json()
    inside = Site(context.address, granted["access_token"])
    them = inside.get("/api/v1/me").expect(200, what="/api/v1/me").json()
    if them["username"] != context.probe.username:
        raise CheckFailed("the rider is somebody else now", {"is": them["username"]})
    spent = {"refresh_token": granted["refresh_token"]}
    fresh = context.site.post("/api/v1/sessions/refresh", spent).expect(200, what="staying").json()
    wrong = context.site.post("/api/v1/sessions", {**given, "password": "a quite other one 42"})
    wrong.expect(401, what="a wrong password")
    leaving = Site(context.address, fresh["access_token"])
    leaving.send("DELETE", "/api/v1/sessions/current").expect(204, what="signing out")
    left = context.site.post("/api/v1/sessions/refresh", {"refresh_token": fresh["refresh_token"]})
    left.expect(401, what="a token after signing out")
    return Evidence("in, renewed and out again; a wrong password is refused")


def publish_trip(context: CheckContext) -> Evidence:
    """A trip goes from draft to published"""
    trip = context.start_trip()
    context.site.get(trip.place).expect(404, what="a draft, asked for by a stranger,")
    context.publish(trip)
    shown = context.site.get(trip.place).expect(200, what="the published trip").json()
    page = context.site.get(trip.page).expect(200, what="its page")
    if shown["title"] != TITLE or TITLE not in page.text:
        raise CheckFailed("the page does not show the trip's title")
    context.rider.send("DELETE", trip.place).expect(204, what="deleting it")
    context.published -= 1
    return Evidence("nobody else saw the draft, everybody sees the trip", {"page": trip.page})


def photos(context: CheckContext) -> Evidence:
    """A trip gets a photo, a rider a profile photo"""
    trip = context.start_trip(audience="me")
    picture = File("check.png", "image/png", sample_files.a_picture(*PICTURE))
    sent = context.rider.upload("POST", f"{trip.place}/photos", picture)
    photo = sent.expect(202, what="the upload of a photo").json()
    ready = context.rider.until_ready(f"/api/v1/photos/{photo['id']}")
    for size in ready["sizes"].values():
        _is_picture(context.rider, size["url"])
    context.rider.upload("PUT", "/api/v1/me/photo", picture).expect(
        200, 202, 204, what="the upload of a profile photo"
    )
    for size in _portrait(context).values():
        _is_picture(context.rider, size["url"])
    sizes = {name: f"{size['width']} × {size['height']}" for name, size in ready["sizes"].items()}
    return Evidence("both are there, in every size", sizes)


def _portrait(context: CheckContext) -> dict[str, Any]:
    until = time.monotonic() + PORTRAIT_SECONDS
    while time.monotonic() < until:
        profile = context.site.get(f"/api/v1/riders/{context.probe.username}")
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


def feed(context: CheckContext) -> Evidence:
    """The public feed shows the trip"""
    trip = context.trip
    found = context.site.get(f"/api/v1/feed?limit={ENTRIES}").expect(200, what="the feed").json()
    ids = [item["id"] for item in found["items"]]
    if trip.id not in ids:
        raise CheckFailed("the feed does not list a trip that was just published")
    page = context.site.get("/").expect(200, what="the front page")
    if trip.page not in page.text:
        raise CheckFailed("the front page does not lead to a trip that was just published")
    return Evidence("as JSON and on the front page", {"place": ids.index(trip.id) + 1})


def statistics(context: CheckContext) -> Evidence:
    """The profile's statistics are right to the metre"""
    _ = context.ridden
    place = f"/api/v1/riders/{context.probe.username}/statistics"
    found = context.site.get(place).expect(200, what="the statistics").json()
    told = {
        "metres of the file": round(context.ride.metres, 1),
        "metres of the profile": round(found["distance_metres"], 1),
        "trips": found["trips"],
    }
    if abs(found["distance_metres"] - context.ride.metres) > 1:
        raise CheckFailed("the profile's distance is not that of the file", told)
    if found["trips"] != context.published:
        raise CheckFailed("the profile counts another number of trips", told)
    page = context.site.get(f"/riders/{context.probe.username}").expect(200, what="the profile")
    if f"{context.ride.metres / 1000:.1f}" not in page.text:  # the ride is shorter than 100 km
        raise CheckFailed("the profile's page shows another distance", told)
    return Evidence("to the metre", told)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
