"""Traces cost nothing where nobody collects them."""

from pathlib import Path

from contravento.kit.telemetry.tracing import (
    configure_tracing,
    current_traceparent,
    job_span,
    request_span,
)
from tests.conftest import make_settings


def test_without_a_collector_there_are_no_spans(tmp_path: Path) -> None:
    configure_tracing(make_settings("postgresql://x/y", tmp_path), "web")
    with request_span("0123456789abcdef") as span, job_span("x", attempt=1, origin=None):
        span.answered("GET", "/", 200)
        assert current_traceparent() is None
