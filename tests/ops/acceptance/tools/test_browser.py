"""A real Chromium, spoken to over its pipe."""

import os
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from contravento_ops.acceptance.checks import maps
from contravento_ops.acceptance.tools.browser import NAMES, Browser, a_browser
from contravento_ops.kit.check_result import CheckFailed, Inconclusive
from contravento_ops.kit.site import Address

pytestmark = pytest.mark.browser

PAGE = b"""<!doctype html><title>A page</title><style>body { margin: 0; background: #fff }
i { position: absolute; left: 30px; top: 40px; width: 200px; height: 100px; background: #b0125c }
</style><i></i>"""


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(PAGE)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever).start()
    yield Address("127.0.0.1", server.server_port, "127.0.0.1", is_https=False)
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser(address: Address) -> Iterator[Browser]:
    if not any(shutil.which(name) for name in NAMES):
        how = "no Chromium was found: install Debian's package chromium"
        if os.environ.get("CI"):
            pytest.fail(how)
        pytest.skip(how)
    with a_browser(address) as started:
        yield started


def test_a_page_is_opened_and_timed(browser: Browser, address: Address) -> None:
    tab = browser.tab()

    times = tab.open(f"http://127.0.0.1:{address.port}/")

    assert times["status"] == 200
    assert 0 < times["first_byte"] <= times["loaded"]
    assert tab.evaluate("document.title") == "A page"


def test_what_a_script_throws_and_what_is_not_there_is_told(browser: Browser) -> None:
    tab = browser.tab()

    with pytest.raises(CheckFailed, match="oh no"):
        tab.evaluate("(() => { throw new Error('oh no') })()")
    with pytest.raises(CheckFailed, match="could not open"):
        tab.open("http://127.0.0.1:9/")
    with pytest.raises(Inconclusive, match="refuses"):
        tab.call("Page.noSuchThing")


def test_colour_is_measured_in_a_picture(browser: Browser, address: Address) -> None:
    tab = browser.tab()
    tab.open(f"http://127.0.0.1:{address.port}/")
    picture = tab.picture(clip={"x": 10, "y": 10, "width": 400, "height": 300})

    found = maps.measured(browser.tab(), picture, "rgb(176, 18, 92)")

    assert (found["width"], found["height"], found["count"]) == (200, 100, 20_000)


def test_a_window_knows_no_cookie_of_another(browser: Browser, address: Address) -> None:
    url = f"http://127.0.0.1:{address.port}/"
    one, other = browser.tab(), browser.tab()
    one.open(url)
    one.evaluate("document.cookie = 'a=1'")

    other.open(url)

    assert other.evaluate("document.cookie") == ""
