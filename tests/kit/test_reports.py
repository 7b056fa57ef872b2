"""Error reports, received by a real server that speaks Sentry's protocol as far as needed."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import sentry_sdk

from contravento.kit.reports import configure_reports
from tests.conftest import make_settings


@contextmanager
def sentry() -> Iterator[tuple[int, list[str]]]:
    """Its port, and what it was sent."""
    received: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers.get("Content-Encoding") == "gzip"
            received.append((gzip.decompress(body) if packed else body).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, received
    server.shutdown()
    server.server_close()


def test_an_error_is_reported_without_anything_personal(tmp_path: Path) -> None:
    with sentry() as (port, received):
        dsn = f"http://public@127.0.0.1:{port}/1"
        settings = make_settings("postgresql://x/y", tmp_path, sentry_dsn=dsn)
        configure_reports(settings)
        try:
            sentry_sdk.capture_exception(ValueError("no mail for maite@example.org"))
            sentry_sdk.flush(5)
        finally:
            sentry_sdk.get_client().close()
            sentry_sdk.Scope.get_global_scope().set_client(None)

    report = "".join(received)
    assert "ValueError" in report
    assert "1.2.3" in report
    assert "maite@example.org" not in report


def test_nothing_is_reported_unless_it_is_asked_for(tmp_path: Path) -> None:
    configure_reports(make_settings("postgresql://x/y", tmp_path))
    assert not sentry_sdk.get_client().is_active()
