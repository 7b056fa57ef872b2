"""How fast it is, and what it takes for that."""

import time

from contravento_ops.acceptance.context import CheckContext
from contravento_ops.acceptance.tools import sample_files
from contravento_ops.kit.check_result import CheckFailed, Evidence, Inconclusive
from contravento_ops.kit.site import File
from contravento_ops.load.reference_load import Use

P95_MILLISECONDS = 500
PAGE_SECONDS = 3.0
PHOTO_SECONDS = 2.0
PHOTO_TRIES = 3
MOST_MEMORY, MOST_PROCESSORS = 0.80, 0.70
MOST_STATEMENTS = 12  # for any page, however long it is
FEW, MANY = 1, 20
REQUESTS, WINDOWS = 10, 2
ENOUGH_TRIPS = 5  # in the feed, to see whether it asks for each
COUNT = (
    "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements JOIN pg_roles ON pg_roles.oid = userid"
    " WHERE rolname IN ('contravento_app', 'contravento_app_2')"
)


def latency(context: CheckContext) -> Evidence:
    """95 of 100 answers come within 500 ms under load, and none fails"""
    found = context.reference.result
    told = {
        "requests": found.requests,
        "a second": found.requests_per_second,
        "failed": found.failed,
        "95 of 100 within ms": found.p95_milliseconds,
        **{f"{name}, ms": p95 for name, p95 in found.journeys.items()},
    }
    if found.failed:
        raise CheckFailed(f"{found.failed} requests failed", told)
    if found.p95_milliseconds >= P95_MILLISECONDS:
        raise CheckFailed(f"95 of 100 within {found.p95_milliseconds:.0f} ms only", told)
    return Evidence(f"95 of 100 within {found.p95_milliseconds:.0f} ms", told)


def pages(context: CheckContext) -> Evidence:
    """The main pages are there within 3 s, in a browser that has seen none of them"""
    paths = {
        "feed": "/",
        "trip": context.trip.page,
        "profile": f"/riders/{context.probe.username}",
        "map": "/map",
        "sign-in": "/sign-in",
    }
    told: dict[str, object] = {}
    pictures: dict[str, bytes] = {}
    for name, path in paths.items():
        tab = context.browser.tab()
        times = tab.open(context.site.url + path)
        told[name] = f"{times['loaded']:.2f} s"
        if name in ("feed", "profile"):
            pictures[f"The page {path}"] = tab.picture()
        if times["status"] not in (0, 200):
            raise CheckFailed(f"{path} answers {times['status']:.0f}", told, pictures)
        if times["loaded"] > PAGE_SECONDS:
            raise CheckFailed(f"{path} took {times['loaded']:.1f} s", told, pictures)
    return Evidence("all of them", told, pictures)


def statements(context: CheckContext) -> Evidence:
    """No page asks the database once for each thing that it lists"""
    trip, name = context.trip, context.probe.username
    told: dict[str, object] = {}
    for path in ("/", trip.page, f"/riders/{name}", "/api/v1/feed", trip.place):
        told[path.replace(trip.slug, "…").replace(trip.id, "…").replace(name, "…")] = count = (
            _per_request(context, path)
        )
        if count > MOST_STATEMENTS:
            raise CheckFailed(f"{count:.0f} statements for one request of {path}", told)
    _fill_feed(context)
    few, many = (_per_request(context, f"/api/v1/feed?limit={n}") for n in (FEW, MANY))
    listed = len(context.site.get(f"/api/v1/feed?limit={MANY}").json()["items"])
    told[f"the feed with {listed} trips instead of 1"] = f"{many - few:+.1f}"
    if listed > FEW and many - few > (listed - FEW) / 2:
        raise CheckFailed("the feed asks the database for each of its trips", told)
    return Evidence(f"at most {MOST_STATEMENTS} for a request, however much it lists", told)


def _fill_feed(context: CheckContext) -> None:
    """An empty environment gets some more trips for as long as the check lasts."""
    listed = context.site.get(f"/api/v1/feed?limit={MANY}").expect(200, what="the feed").json()
    for _ in range(ENOUGH_TRIPS - len(listed["items"])):
        context.publish(context.start_trip())


def _per_request(context: CheckContext, path: str) -> float:
    """The quietest of several windows: others are at work on the database, too."""
    context.site.get(path).expect(200, what=path)
    found = []
    for _ in range(WINDOWS):
        before = int(context.psql(COUNT))
        for _ in range(REQUESTS):
            context.site.get(path)
        found.append((int(context.psql(COUNT)) - before) / REQUESTS)
    return min(found)


def photo_upload(context: CheckContext) -> Evidence:
    """A photo of 5 MB is there in all its sizes within 2 s"""
    trip = context.start_trip(audience="me")
    content = sample_files.a_photograph_of_5_megabytes()
    told: dict[str, object] = {"megabytes": round(len(content) / 1e6, 1)}
    taken = []
    for _ in range(PHOTO_TRIES):
        began = time.monotonic()
        file = File("check.png", "image/png", content)
        sent = context.rider.upload("POST", f"{trip.place}/photos", file)
        photo = sent.expect(202, what="the upload of a photo").json()
        context.rider.until_ready(f"/api/v1/photos/{photo['id']}")
        taken.append(time.monotonic() - began)
        context.rider.send("DELETE", f"/api/v1/photos/{photo['id']}")
        if taken[-1] <= PHOTO_SECONDS:
            told["tries"] = len(taken)
            return Evidence(f"after {taken[-1]:.2f} s", told)
    raise CheckFailed(f"it took {min(taken):.1f} s at best", told)


def memory(context: CheckContext) -> Evidence:
    """No service takes more than 80 % of its memory under load"""
    uses = _uses(context)
    told = {name: f"{use.memory:.0%}" for name, use in uses}
    above = [name for name, use in uses if use.memory > MOST_MEMORY]
    if above:
        raise CheckFailed(f"{', '.join(above)} took more than {MOST_MEMORY:.0%}", told)
    return Evidence("the most, at the worst moment, by service", told)


def cpu(context: CheckContext) -> Evidence:
    """Processors are busy for less than 70 % under load"""
    uses, host = _uses(context), context.reference.share_of_host
    told = {
        "all services, of the host": f"{host:.0%}",
        **{f"{name}, of its own": f"{use.processors:.0%}" for name, use in uses},
    }
    above = [name for name, use in uses if use.processors > MOST_PROCESSORS]
    if above or host > MOST_PROCESSORS:
        who = ", ".join(above) or "all services together"
        raise CheckFailed(f"{who} took more than {MOST_PROCESSORS:.0%} on average", told)
    return Evidence(f"{host:.0%} of the host's on average", told)


def _uses(context: CheckContext) -> list[tuple[str, Use]]:
    found = sorted(context.reference.uses.items())
    if not found:
        raise Inconclusive("docker stats said nothing while the load went on")
    return found
