"""Where a release is judged, the release answers, and not what nginx keeps for readers."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from contravento_ops.kit.site import Address, Site
from contravento_ops.release.traffic import Stream


class Remembering(BaseHTTPRequestHandler):
    asked: list[dict[str, str]]

    def do_GET(self) -> None:
        self.asked.append(dict(self.headers))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def asked() -> list[dict[str, str]]:
    """The headers of each request that came."""
    return []


@pytest.fixture
def address(asked: list[dict[str, str]]) -> Iterator[Address]:
    handler = type("Handler", (Remembering,), {"asked": asked})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield Address("127.0.0.1", server.server_port, "diary.example.org", is_https=False)
        server.shutdown()
        thread.join()


def test_who_asks_as_nobody_says_so_that_nginx_asks_the_application(
    address: Address, asked: list[dict[str, str]]
) -> None:
    Site(address).get("/")
    Stream(address).get("/")
    assert ["Origin" in each for each in asked] == [True, True]
    assert not any("Authorization" in each for each in asked)


def test_who_asks_as_a_rider_needs_no_more(address: Address, asked: list[dict[str, str]]) -> None:
    Site(address, token="t").get("/")
    Stream(address, token="t").get("/")
    assert [("Origin" in each, each["Authorization"]) for each in asked] == 2 * [
        (False, "Bearer t")
    ]
