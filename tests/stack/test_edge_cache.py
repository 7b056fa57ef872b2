"""nginx keeps for a moment what everybody may see: nothing else, no longer, whoever asks."""

import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from contravento.main import create_app
from tests.conftest import make_settings
from tests.stack.deployment import tell, wait_until
from tests.stack.edge import (
    ODD_HEADERS,
    Edge,
    Trip,
    an_edge,
    cache_status,
    hit,
    is_hit,
    seen_until,
    without_query,
)
from tests.support.reading import readable_paths

pytestmark = pytest.mark.stack

BOUND_SECONDS = 2.0  # publishing, editing and hiding take effect everywhere within
LOOK_SECONDS = 3.5
IDLE_SECONDS = 3.0
MOST_BYTES = 64 * 1024 * 1024
QUERIES = 300


@pytest.fixture(scope="module")
def edge(images: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with an_edge(tmp_path_factory.mktemp("edge"), images) as made:
        yield made


@pytest.fixture(scope="module")
def trip(edge: Edge) -> Trip:
    """Seen by everybody; beside it one that only its rider sees, and a draft."""
    edge.trip(f"For me {edge.canary}", audience="me")
    edge.trip(f"Not yet {edge.canary}", published=False)
    made = edge.trip("Down the Duero")
    made.fill()
    return made


@pytest.fixture(scope="module")
def paths(trip: Trip, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Every address of the application that can be read."""
    settings = make_settings("postgresql://nobody@127.0.0.1/none", tmp_path_factory.mktemp("app"))
    places = {
        "trip_id": trip.id,
        "track_id": trip.track,
        "photo_id": trip.photo,
        "slug": trip.slug,
        "username": trip.edge.name,
        "size": "small",
        "version": "1",
        "code": "en",
        "what": "sign-up",
        "matter": "tokens",
        "step": "photos",
        "token": "x",
        "file": "x",
    }
    return [path.format(**places) for path in readable_paths(create_app(settings))]


@pytest.fixture(scope="module")
def browser(edge: Edge) -> Iterator[httpx.Client]:
    with edge.browser() as client:
        yield client


def test_what_everybody_may_see_is_kept(edge: Edge, trip: Trip) -> None:
    with edge.visitor() as nobody:
        for path in (*trip.surfaces(), *trip.lists(), "/riders", "/map", "/about"):
            if path.endswith((".gpx", "/file")):
                continue  # written while it is sent: nobody knows how long it gets
            kept = hit(nobody, path)
            assert kept.status_code == 200, path
            assert "Surrogate-Key" not in kept.headers, path
            assert "X-Accel-Expires" not in kept.headers, path
            assert "Set-Cookie" not in kept.headers, path


def test_no_signed_in_content_is_ever_kept(
    edge: Edge, browser: httpx.Client, paths: list[str]
) -> None:
    """Every address as the rider, by cookie and by token, and then as nobody, at once."""
    shown = []
    with edge.visitor() as nobody:
        for client in (browser, edge.rider):
            for number, path in enumerate(paths):
                address = f"{path}?n={number}{id(client)}"
                own = client.get(address, headers={"Accept": "text/html"})
                assert not cache_status(own), (path, "the cache had to do with it")
                again = client.get(address, headers={"Accept": "text/html"})
                assert not cache_status(again), path
                if edge.canary in own.text:
                    shown.append(path)
                first, second = nobody.get(address), nobody.get(address)
                assert not is_hit(first), path
                for strangers in (first, second):
                    assert edge.canary not in strangers.text, path
                    assert 'action="/trips"' not in strangers.text, path
    assert {"/trips", "/api/v1/me/trips", f"/riders/{edge.name}"} <= set(shown)


def test_nobodys_answer_is_never_given_to_a_rider(
    edge: Edge, browser: httpx.Client, trip: Trip
) -> None:
    """The other way round: kept for strangers, and the rider sees their own all the same."""
    with edge.visitor() as nobody:
        for path in ("/", "/riders", f"/riders/{edge.name}", f"/trips/{trip.slug}"):
            for _ in range(3):
                kept, own = hit(nobody, path), browser.get(path)
                assert f'href="/riders/{edge.name}">' in own.text, path
                assert "/sign-in" in kept.text, path
                assert "/sign-in" not in own.text, path
                assert not cache_status(own), path
        listed = f"/api/v1/riders/{edge.name}/trips"
        assert edge.canary not in hit(nobody, listed).text
        assert edge.canary in edge.rider.get(listed).text


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": "session=made-up"},
        {"Cookie": "a=b; __Host-session=made-up"},
        {"Cookie": "session = made-up"},
        {"Authorization": "Bearer made-up"},
        {"Authorization": "x"},
        {"Origin": "https://elsewhere.example"},
    ],
    ids=str,
)
def test_who_says_who_they_are_asks_the_application(edge: Edge, headers: dict[str, str]) -> None:
    with edge.visitor() as nobody:
        hit(nobody, "/about")
        assert not cache_status(nobody.get("/about", headers=headers))


@pytest.mark.parametrize("name", ODD_HEADERS)
def test_nobody_changes_what_others_get(edge: Edge, trip: Trip, name: str) -> None:
    """The first to ask may say what they like: the next gets what anybody would have got."""
    with edge.visitor() as nobody:
        for path in ("/", f"/trips/{trip.slug}", "/api/v1/feed"):
            address = f"{path}?first={name}"
            nobody.get(address, headers={name: ODD_HEADERS[name]})
            second, plain = nobody.get(address), nobody.get(f"{path}?plain={name}")
            assert second.status_code == 200, path
            assert "evil" not in second.text + str(second.headers), path
            assert without_query(second.text) == without_query(plain.text), path


def test_methods_ranges_and_bodies_share_one_whole_answer(edge: Edge, trip: Trip) -> None:
    photo = f"/photos/{trip.photo}/small.jpg"
    with edge.visitor() as nobody:
        for number, path in enumerate(("/", photo, "/api/v1/feed")):
            address = f"{path}?whole={number}"
            head = nobody.head(address)
            part = nobody.get(address, headers={"Range": "bytes=5-9"})
            sent = nobody.request("GET", address, content=b"evil=1")
            whole = nobody.get(address)
            assert head.content == b""
            assert len(whole.content) == int(head.headers["Content-Length"])
            assert sent.content == whole.content
            if part.status_code == 206:
                assert part.content == whole.content[5:10]
            else:
                assert part.content == whole.content
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            answer = nobody.request(method, "/about")
            assert not cache_status(answer), method
            assert answer.status_code >= 400, method
        assert hit(nobody, "/about").status_code == 200


def test_each_language_and_packing_is_kept_by_itself(edge: Edge) -> None:
    asked: list[tuple[dict[str, str], str]] = [
        ({"Accept-Language": "en-GB,es;q=0.5"}, "en"),
        ({"Accept-Language": "es-MX,en;q=0.5"}, "es"),
        ({"Accept-Language": "fr, es;q=0.8"}, "es"),
        ({"Accept-Language": "en", "Cookie": "language=es"}, "es"),
        ({"Accept-Language": "es", "Cookie": "language=en"}, "en"),
        ({}, "en"),
    ]
    with edge.visitor() as nobody:
        for headers, language in asked:
            for packing in ("gzip", "identity", "gzip;q=0"):
                kept = hit(nobody, "/about", **headers, **{"Accept-Encoding": packing})
                assert f'<html lang="{language}">' in kept.text, headers
                is_packed = kept.headers.get("Content-Encoding") == "gzip"
                assert is_packed == (packing == "gzip"), packing


def test_a_page_and_its_fragment_are_kept_apart(edge: Edge, trip: Trip) -> None:
    with edge.visitor() as nobody:
        page = hit(nobody, "/riders")
        block = hit(nobody, "/riders", **{"HX-Request": "true"})
        assert "<html" in page.text
        assert "<html" not in block.text
        assert "<html" in hit(nobody, "/riders").text


def test_a_browser_is_told_that_it_has_the_page(edge: Edge, trip: Trip) -> None:
    path = f"/trips/{trip.slug}"
    with edge.visitor() as nobody:
        first = nobody.get(path)
        again = hit(nobody, path, **{"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        name = "Content-Security-Policy"
        assert again.headers[name] == first.headers[name]
        assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]


def test_what_networks_add_to_a_link_makes_no_other_page(edge: Edge) -> None:
    with edge.visitor() as nobody:

        def shares(query: str) -> bool:
            hit(nobody, "/rules")
            return is_hit(nobody.get(f"/rules?{query}"))

        for number, query in enumerate(("utm_source={}&utm_medium=b", "fbclid=Iw{}")):
            tries = map(query.format, range(number, number + 20))  # each for the first time
            wait_until(lambda tries=tries: shares(next(tries)), 20, "the same page is shown")
        assert not is_hit(nobody.get("/rules?utm_source=a&tag=gravel"))


# --- how soon something takes effect


def watch(path: str, edge: Edge, over: threading.Event) -> Iterator[threading.Thread]:
    """Readers who keep a page in the cache all the time."""

    def read() -> None:
        with edge.visitor() as nobody:
            while not over.is_set():
                nobody.get(path)
                over.wait(0.02)

    yield threading.Thread(target=read)


def last_seen(
    edge: Edge, act: Callable[[], None], path: str, sees: Callable[[httpx.Response], bool]
) -> float:
    """How long after the act was acknowledged a busy page still showed what was before."""
    over = threading.Event()
    readers = [each for _ in range(2) for each in watch(path, edge, over)]
    with edge.visitor() as nobody:
        for reader in readers:
            reader.start()
        try:
            hit(nobody, path)
            act()
            return seen_until(lambda: sees(nobody.get(path)), time.monotonic(), LOOK_SECONDS)
        finally:
            over.set()
            for reader in readers:
                reader.join()


def test_publishing_editing_and_hiding_take_effect_within_two_seconds(
    edge: Edge, capsys: pytest.CaptureFixture[str]
) -> None:
    news = edge.trip("Quite new", published=False)
    times = {
        "published": last_seen(
            edge,
            news.publish,
            "/",
            lambda page: news.id not in page.text and "Quite new" not in page.text,
        ),
        "edited": last_seen(
            edge,
            lambda: news.change(title="Another name"),
            "/api/v1/feed",
            lambda page: "Quite new" in page.text,
        ),
        "hidden": last_seen(edge, news.hide, news.place, lambda page: page.status_code == 200),
    }
    told = ", ".join(f"{what} {seconds:.2f} s" for what, seconds in times.items())
    tell(capsys, f"still seen by readers of a busy page after it was {told}")
    assert all(seconds < BOUND_SECONDS for seconds in times.values()), told


@pytest.mark.parametrize("way", ["unpublished", "for the rider alone", "deleted"])
def test_a_hidden_trip_is_gone_everywhere(edge: Edge, way: str) -> None:
    trip = edge.trip(f"Soon gone, {way}")
    trip.fill()
    with edge.visitor() as nobody:
        for path in trip.surfaces():
            assert nobody.get(path).status_code == 200, path
            nobody.get(path)
        for path in trip.lists():
            wait_until(lambda path=path: trip.slug in nobody.get(path).text, 5, f"{path} has it")
        if way == "unpublished":
            trip.hide()
        elif way == "deleted":
            edge.rider.delete(trip.place).raise_for_status()
        else:
            trip.change(audience="me")
        time.sleep(BOUND_SECONDS)
        for path in trip.surfaces():
            answer = nobody.get(path)
            assert (answer.status_code, is_hit(answer)) == (404, False), path
        for path in trip.lists():
            assert trip.slug not in nobody.get(path).text, path


def test_a_page_that_is_seldom_visited_is_not_shown_as_it_was_long_ago(edge: Edge) -> None:
    """Who allows old answers while a new one is fetched shows the oldest where nobody came by."""
    trip = edge.trip("Seldom read")
    with edge.visitor() as nobody:
        hit(nobody, trip.place)
        time.sleep(IDLE_SECONDS)
        trip.hide()
        answer = nobody.get(trip.place)
        assert (answer.status_code, is_hit(answer)) == (404, False)


# --- the edge itself


def kept_bytes(edge: Edge) -> tuple[int, int]:
    """How many files there are, and what they take."""
    count = "find /var/cache/nginx/answers -type f | wc -l; du -sb /var/cache/nginx/answers"
    files, size = edge.deployment.shell("nginx", count).stdout.split()[:2]
    return int(files), int(size)


def test_no_number_of_queries_takes_all_room(edge: Edge) -> None:
    with edge.visitor() as nobody:
        for number in range(QUERIES):
            assert nobody.get(f"/about?n={number}").status_code == 200
        assert kept_bytes(edge)[1] < MOST_BYTES
        wait_until(lambda: kept_bytes(edge)[0] < 10, 30, "what nobody asks for goes")
        long = nobody.get(f"/about?n={'x' * 400}")
    assert (long.status_code, cache_status(long)) == (200, "")


def test_a_full_disk_has_nothing_to_do_with_it(edge: Edge) -> None:
    """nginx breaks off what it cannot keep: so answers lie in memory, and leave half of it."""
    place = edge.deployment.shell("nginx", "stat -f -c '%T %b %S' /var/cache/nginx/answers")
    kind, blocks, size = place.stdout.split()
    assert kind == "tmpfs"
    assert int(blocks) * int(size) >= 2 * MOST_BYTES


def test_kept_answers_are_logged_and_counted_as_any(edge: Edge) -> None:
    with edge.visitor() as nobody:
        answer = hit(nobody, "/privacy")
    [line] = [
        each
        for each in edge.deployment.access_log()
        if each["request_id"] == answer.headers["X-Request-ID"]
    ]
    assert (line["path"], line["status"], line["cache"]) == ("/privacy", 200, "HIT")
    assert line["upstream"] == ""


def test_a_broken_backend_is_told_and_not_hidden_behind_what_was_kept(edge: Edge) -> None:
    with edge.visitor() as nobody:
        hit(nobody, "/about")
        edge.deployment.compose("stop", "--timeout", "3", "backend")
        try:
            wait_until(lambda: nobody.get("/about").status_code == 503, 30, "it is told")
        finally:
            edge.deployment.compose("start", "backend")
        wait_until(lambda: nobody.get("/about").status_code == 200, 60, "it is back")
        hit(nobody, "/about")


def test_it_can_be_turned_off(edge: Edge) -> None:
    def render(value: str) -> None:
        script = f"EDGE_CACHE={value} /opt/contravento/bin/render && nginx -s reload"
        done = edge.deployment.shell("nginx", script)
        assert done.returncode == 0, done.stderr

    with edge.visitor() as nobody:
        hit(nobody, "/about")
        render("off")
        try:
            wait_until(lambda: not cache_status(nobody.get("/about")), 20, "it is off")
            assert not any(cache_status(nobody.get("/about")) for _ in range(5))
            assert "Surrogate-Key" not in nobody.get("/about").headers
        finally:
            render("on")
        wait_until(lambda: cache_status(nobody.get("/about")), 20, "it is on again")
