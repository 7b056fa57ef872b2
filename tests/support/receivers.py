"""Servers that take what the product sends out: error reports and traces."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass(frozen=True, slots=True)
class Receiver:
    """Speaks Sentry's protocol and OTLP over HTTP as far as needed: it takes everything."""

    port: int
    bodies: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def dsn(self) -> str:
        return f"http://public@127.0.0.1:{self.port}/1"

    @property
    def collector(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def envelopes(self) -> list[str]:
        return [body.decode() for path, body in self.bodies if path.startswith("/api/")]

    def spans(self) -> list[Span]:
        """All spans, as the protocol's own decoder reads them."""
        found: list[Span] = []
        for path, body in self.bodies:
            if path == "/v1/traces":
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    for scope in resource.scope_spans:
                        found += scope.spans
        return found


@contextmanager
def receiver(status: int = 200) -> Iterator[Receiver]:
    """It keeps what it gets, however it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers.get("Content-Encoding") == "gzip"
            found.bodies.append((self.path, gzip.decompress(body) if packed else body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = Receiver(server.server_port)
    Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()
