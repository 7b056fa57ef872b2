"""Every kind of answer carries its headers, each once: compared with headers.golden.txt as a whole.

After a wanted change: `GOLDEN=write pytest tests/stack/test_headers.py`, and read the difference.
"""

import os
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.stack.deployment import DOMAIN, Deployment, wait_until
from tests.stack.docker import PATIENT_SECONDS
from tests.stack.riders import at_the_door, forget_tries, sign_up

pytestmark = pytest.mark.stack

UPLOADS = 20  # that one address may send at once
GOLDEN = Path(__file__).parent / "headers.golden.txt"
LEFT_OUT = {"date", "server", "connection", "keep-alive", "content-length", "transfer-encoding"}
CHANGING = (
    (re.compile(r'"[0-9a-f]{8,}[-0-9a-f]*"'), '"…"'),
    (re.compile(r"/static/[0-9a-f]{12}/"), "/static/…/"),
    (re.compile(r"^nginx; (hit|fwd=(uri-miss|stale))(; detail=updating)?$"), "nginx; …"),
)


def kinds(deployment: Deployment, client: httpx.Client) -> Iterator[tuple[str, httpx.Response]]:
    page = client.get("/")
    style = re.search(r"/static/[0-9a-f]{12}/css/site\.css", page.text)
    script = re.search(r"/static/[0-9a-f]{12}/js/app\.js", page.text)
    assert style
    assert script
    yield "a page", page
    yield "HEAD of a page", client.head("/")
    yield "a page that is not there", client.get("/trips/nowhere")
    yield "the sign-in form", client.get("/sign-in")
    yield "a refused form", client.post("/sign-in", data={"login": "x"})
    yield "JSON", client.get("/api/v1/feed", params={"country": "AQ"})  # nobody was there
    yield "JSON that is refused", client.get("/api/v1/me")
    yield "health", client.get("/health")
    yield "readiness", client.get("/health/ready")
    yield "a style sheet", client.get(style.group())
    yield "a script", client.get(script.group())
    yield "a static file that is not there", client.get(f"{style.group()}.not")
    yield "robots.txt", client.get("/robots.txt")
    yield "figures, which nobody outside gets", client.get("/metrics")
    yield "the same for a program", client.get("/metrics", headers={"Accept": "application/json"})
    too_much = b"x" * (11 * 1024 * 1024)
    yield "too large a body", client.post("/sign-in", content=too_much)
    address = f"http://127.0.0.1:{deployment.port('HTTP')}"
    with httpx.Client(base_url=address, timeout=PATIENT_SECONDS) as plain:
        yield "plain HTTP", plain.get("/trips", headers={"Host": deployment.values["DOMAIN"]})


def test_every_kind_of_answer_has_its_headers_once(staging: Deployment) -> None:
    forget_tries(staging)
    with staging.client(headers={"Accept-Encoding": "identity"}) as client:
        found = "\n".join(written(name, answer) for name, answer in kinds(staging, client))
    if os.environ.get("GOLDEN") == "write":
        GOLDEN.write_text(found)
    assert found == GOLDEN.read_text()


def written(name: str, answer: httpx.Response) -> str:
    names = [header.lower() for header, _ in answer.headers.multi_items()]
    repeated = {each for each in names if names.count(each) > 1} - {"vary", "set-cookie"}
    assert not repeated, f"{name} says {repeated} twice"
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-ID"]), name
    lines = [f"{answer.status_code} {name}"]
    for header, value in sorted(answer.headers.multi_items()):
        if header.lower() in LEFT_OUT | {"x-request-id", "last-modified"}:
            continue
        for pattern, sign in CHANGING:
            value = pattern.sub(sign, value)
        lines.append(f"    {header.lower()}: {value}")
    return "\n".join(lines) + "\n"


def test_the_old_protection_header_is_absent(staging: Deployment) -> None:
    with staging.client() as client:
        for path in ("/", "/metrics", "/health"):
            assert "X-XSS-Protection" not in client.get(path).headers


def test_the_policy_allows_no_inline_script(staging: Deployment) -> None:
    with staging.client() as client:
        policy = client.get("/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "nonce" not in policy, "a page that is kept has one for all its readers"


def test_static_files_come_from_nginx_compressed_and_for_ever(staging: Deployment) -> None:
    with staging.client() as client:
        found = re.search(r"/static/[0-9a-f]{12}/js/app\.js", client.get("/").text)
        assert found
        packed = client.get(found.group(), headers={"Accept-Encoding": "gzip"})
        plain = client.get(found.group(), headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content == plain.content
    assert "immutable" in packed.headers["Cache-Control"]
    assert packed.headers["Content-Type"].startswith("text/javascript")
    lines = [line for line in staging.logs("nginx").splitlines() if found.group() in line]
    assert len(lines) >= 2
    assert all('"upstream":""' in line for line in lines)


def test_pages_of_an_earlier_release_find_their_files(staging: Deployment) -> None:
    make = "cd /srv/static; mkdir -p 0123456789ab/css; echo 'p{}' >0123456789ab/css/base.css"
    staging.compose("run", "--rm", "--no-deps", "-T", "static", "sh", "-c", make)
    with staging.client() as client:
        assert client.get("/static/0123456789ab/css/base.css").text == "p{}\n"
        forgotten = client.get("/static/0123456789ac/css/base.css")
    assert (forgotten.status_code, forgotten.headers["Cache-Control"]) == (200, "no-store")


def test_the_access_log_is_json_without_tokens_and_joins_the_applications(
    staging: Deployment,
) -> None:
    with staging.client() as client:
        answer = client.get("/confirm/t0ken-in-path?next=t0ken-in-query")
        given = client.get("/health", headers={"X-Request-ID": "made-up-by-a-visitor"})
    edge, application = staging.logs("nginx"), staging.logs("backend")
    assert "t0ken" not in edge
    assert answer.headers["X-Request-ID"] in edge
    assert answer.headers["X-Request-ID"] in application
    assert "made-up-by-a-visitor" not in given.headers["X-Request-ID"] + application


def test_a_visitor_cannot_claim_another_address(staging: Deployment) -> None:
    """The application counts tries by address: what nginx wrote is what it believes."""
    with at_the_door(staging) as client:
        sign_up(staging, client)
        told = {
            "X-Forwarded-For": "203.0.113.7",
            "X-Real-IP": "203.0.113.7",
            "Forwarded": "for=203.0.113.7",
            "X-Forwarded-Proto": "http",
        }
        client.post("/api/v1/sessions", json={"login": "nobody", "password": "x"}, headers=told)
        keys = staging.exec("redis", "redis-cli", "-n", "1", "keys", "*")
        assert "203.0.113.7" not in keys
        assert "sign-in" in keys
        answer = client.get("/sign-in", headers=told)
        assert "Strict-Transport-Security" in answer.headers


def test_trying_to_sign_in_without_end_is_stopped_at_the_edge(staging: Deployment) -> None:
    with at_the_door(staging) as client:
        answers = [client.post("/sign-in", data={"x": "1"}) for _ in range(45)]
    stopped = [answer for answer in answers if answer.status_code == 429]
    assert len(stopped) > 5
    edge = [each for each in stopped if "/_edge/answer.css" in each.text]
    assert edge
    assert edge[0].headers["Retry-After"] == "30"


def test_uploads_at_once_are_counted_and_who_reads_is_not(staging: Deployment) -> None:
    def one_more() -> int:
        return client.post("/trips/x/tracks", content=b"x").status_code

    with staging.client() as client:
        with ExitStack() as unfinished:
            for _ in range(UPLOADS):
                unfinished.enter_context(begun_upload(staging))
            wait_until(lambda: one_more() == 429, 10, "one more upload is refused")
            assert client.get("/trips/x/tracks").status_code != 429
        wait_until(lambda: one_more() == 401, 10, "uploads are taken again")


def begun_upload(deployment: Deployment) -> ssl.SSLSocket:
    """Whose end is still to come."""
    plain = socket.create_connection(("127.0.0.1", deployment.port("HTTPS")), PATIENT_SECONDS)
    tls = deployment.trusting().wrap_socket(plain, server_hostname=DOMAIN)
    head = f"POST /trips/x/tracks HTTP/1.1\r\nHost: {DOMAIN}\r\nContent-Length: 9000\r\n\r\n"
    tls.sendall(f"{head}begun".encode())
    return tls


@pytest.mark.parametrize(
    ("path", "megabytes", "status"),
    [
        ("/trips/x/tracks", 50, 401),
        ("/trips/x/tracks", 52, 413),
        ("/api/v1/trips/x/photos", 20, 401),
        ("/api/v1/trips/x/photos", 22, 413),
        ("/trips", 11, 413),
    ],
)
def test_each_route_takes_so_much(
    staging: Deployment, path: str, megabytes: int, status: int
) -> None:
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    with staging.client(follow_redirects=False) as client:
        answer = client.post(path, content=b"x" * (megabytes * 1024 * 1024), headers=form)
    stopped = "/_edge/answer.css" in answer.text or '"Too large"' in answer.text
    assert (answer.status_code == 413) == (status == 413)
    assert stopped == (status == 413)
