"""A site of a few lines over HTTPS that answers whatever riders of a load ask."""

import json
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support.certified import write_certificate

TOKEN = "cv_only-for-tests"
TRIP = {"id": "1", "slug": "bilbao-1", "items": [{"id": "1", "state": "ready"}], "state": "ready"}
FEED = {"items": [{"id": "1", "slug": "bilbao-1"}], "geometry": {"coordinates": [[1, 2]]}}
FIGURES = "/api/v1/write"
STATUSES = (
    (r"POST /api/v1/trips(/1/tracks)?", 201),
    (rf"POST {FIGURES}", 204),
    (r"DELETE .*", 204),
)
FOR_RIDERS = re.compile(r"(POST|PATCH|DELETE) /api/v1/trips.*")


@dataclass
class SmallSite:
    port: int
    certificate: Path
    feed: int = 200
    asked: list[tuple[str, str]] = field(default_factory=list)  # by whom, and for what

    def status(self, line: str, authorization: str) -> int:
        if FOR_RIDERS.fullmatch(line) and authorization != f"Bearer {TOKEN}":
            return 401
        if line.startswith("GET /api/v1/feed"):
            return self.feed
        if line == "POST /api/v1/trips/1/tracks":
            return 202
        return next((to for asked, to in STATUSES if re.fullmatch(asked, line)), 200)


@contextmanager
def a_small_site(folder: Path) -> Iterator[SmallSite]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            line = f"{self.command} {self.path}"
            site.asked.append((self.headers.get("User-Agent", ""), line))
            body = json.dumps({**TRIP, **(FEED if "/feed" in line or "/geometry" in line else {})})
            status = site.status(line, self.headers.get("Authorization", ""))
            self.send_response(status)
            content = b"" if status == 204 else body.encode()
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    certificate = write_certificate(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, folder / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    site = SmallSite(server.server_port, certificate)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield site
    server.shutdown()
    server.server_close()
