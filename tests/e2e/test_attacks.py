"""Cheap requests against the product as it is served: nobody else waits, and memory has a bound."""

import gzip
import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import httpx
import numpy as np
import psutil
import pytest

from tests.e2e.conftest import Product

pytestmark = pytest.mark.servers

MEGABYTE = 1024 * 1024
HELD = 60
POINTS = 300_000
READERS = 4
SLOW_SECONDS = 8
READY_SECONDS = 120
PAGES = ("/", "/riders", "/health/ready")
PASSWORD = "bread at Villaralbo at ten"


def web_memory(product: Product) -> int:
    """Bytes of the process that answers, the largest of those that `make run` has started."""
    family = psutil.Process(product.process.pid).children(recursive=True)
    web = [child for child in family if "web" in child.cmdline()]
    return max(child.memory_info().rss for child in web)


@contextmanager
def half_sent(product: Product, request: bytes, count: int) -> Iterator[None]:
    """Connections whose request never ends."""
    address = urlsplit(product.address)
    with ExitStack() as connections:
        for _ in range(count):
            connection = socket.create_connection((address.hostname, address.port), 5)
            connections.enter_context(connection)
            connection.sendall(request.replace(b"HOST", address.netloc.encode()))
        time.sleep(1)
        yield


@pytest.mark.parametrize(
    "path", ["/sign-in", "/sign-up", "/api/v1/sessions", "/api/v1/riders", "/settings/profile"]
)
def test_half_sent_forms_keep_nobody_waiting(product: Product, path: str) -> None:
    request = (
        f"POST {path} HTTP/1.1\r\nHost: HOST\r\nCookie: session=made-up\r\n"
        "Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        "Content-Length: 500\r\n\r\nlogin="
    ).encode()
    with half_sent(product, request, HELD), httpx.Client(base_url=product.address) as visitor:
        answers = [visitor.get(page, timeout=10).status_code for page in PAGES]

    assert answers == [200, 200, 200]


def test_a_body_of_unknown_fields_is_refused_in_a_few_words(product: Product) -> None:
    body = "{" + ",".join(f'"{number}":1' for number in range(185_000)) + "}"
    answer = httpx.post(
        f"{product.address}/api/v1/sessions",
        content=body,
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 413
    assert len(answer.content) < 2000


def fit(points: int) -> bytes:
    """An activity of so many records: time, position, altitude."""
    number = np.arange(points)
    records = np.zeros(
        points, dtype=[("head", "u1"), ("t", "<u4"), ("lat", "<i4"), ("lon", "<i4"), ("e", "<u2")]
    )
    records["head"], records["t"] = 1, 1_100_000_000 + number
    records["lat"] = (43 + np.sin(number / 5000) * 0.5) * 2**31 / 180
    records["lon"] = (-5 + np.cos(number / 7000) * 0.5) * 2**31 / 180
    records["e"] = (700 + 200 * np.sin(number / 3000)) * 5
    activity = bytes([0x40, 0, 0, 0, 0, 1, 0, 1, 0, 0, 4])
    fields = bytes([4, 253, 4, 0x86, 0, 4, 0x85, 1, 4, 0x85, 2, 2, 0x84])
    body = activity + bytes([0x41, 0, 0, 20, 0]) + fields + records.tobytes()
    return struct.pack("<BBHI4s", 12, 0x10, 100, len(body), b".FIT") + body + b"\0\0"


@pytest.fixture(scope="module")
def rider(product: Product) -> Iterator[httpx.Client]:
    """Signed up, confirmed by mail and signed in, as programs do it."""
    account = {"username": "longrider", "email": "long@example.org", "password": PASSWORD}
    with httpx.Client(base_url=f"{product.address}/api/v1", timeout=60) as client:
        client.post("/accounts", json=account).raise_for_status()
        token = wait_for(lambda: mailed_token(product, account["email"]))
        client.post("/accounts/verification", json={"token": token}).raise_for_status()
        session = client.post("/sessions", json={"login": "longrider", "password": PASSWORD})
        token = session.raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def mailed_token(product: Product, email: str) -> str | None:
    outbox = httpx.get(f"{product.address}/outbox").text
    letter = outbox.partition(email)[2]
    found = re.search(r"/confirm/([\w-]+)", letter)
    return found[1] if found else None


def wait_for[T](look: Callable[[], T | None]) -> T:
    until = time.monotonic() + READY_SECONDS
    while (value := look()) is None:
        assert time.monotonic() < until
        time.sleep(0.2)
    return value


@pytest.fixture(scope="module")
def long_track(rider: httpx.Client) -> str:
    """The path of a long track's download."""
    trip = rider.post("/trips", json={"title": "Long"}).raise_for_status().json()["id"]
    file = {"file": ("long.fit.gz", gzip.compress(fit(POINTS)))}
    rider.post(f"/trips/{trip}/tracks", files=file).raise_for_status()

    def ready() -> str | None:
        (track,) = rider.get(f"/trips/{trip}/tracks").raise_for_status().json()["items"]
        return f"/api/v1/tracks/{track['id']}/file" if track["state"] == "ready" else None

    return wait_for(ready)


def test_slow_readers_of_a_long_track_cost_little_memory(
    product: Product, rider: httpx.Client, long_track: str
) -> None:
    """They read the head of the answer and then nothing."""
    address, before = urlsplit(product.address), web_memory(product)
    request = (
        f"GET {long_track} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Authorization: {rider.headers['Authorization']}\r\n\r\n"
    ).encode()
    most = 0
    with ExitStack() as connections:
        for _ in range(READERS):
            reader = connections.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect((address.hostname, address.port))
            reader.sendall(request)
        for _ in range(SLOW_SECONDS):
            time.sleep(1)
            most = max(most, web_memory(product) - before)
            assert httpx.get(f"{product.address}/", timeout=10).status_code == 200

    assert most < 30 * MEGABYTE * READERS


def test_many_lines_of_one_track_at_once_are_answered_or_told_to_wait(
    product: Product, rider: httpx.Client, long_track: str
) -> None:
    """Every tolerance is another answer; beyond so many at once comes 429."""
    before = web_memory(product)
    path = long_track.removeprefix("/api/v1").removesuffix("/file") + "/geometry"

    def ask(tolerance: int) -> int:
        return rider.get(path, params={"tolerance": 1 + tolerance / 100}).status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = set(pool.map(ask, range(60)))

    assert statuses <= {200, 429}
    assert web_memory(product) - before < 30 * MEGABYTE * READERS
