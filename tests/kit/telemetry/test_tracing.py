"""Traces cost nothing where nobody collects them."""

import subprocess
import sys
from pathlib import Path

from contravento.kit.telemetry.tracing import (
    configure_spans,
    job_span,
    origin_of_jobs,
    request_span,
)
from tests.conftest import make_settings

LOADED = """
import sys, contravento.main, contravento.worker
print([name for name in sys.modules if name.startswith(("opentelemetry.sdk",
    "opentelemetry.exporter", "sentry_sdk.", "contravento.kit.telemetry.opentelemetry"))])
"""


def test_without_a_collector_there_are_no_spans(tmp_path: Path) -> None:
    configure_spans(make_settings("postgresql://x/y", tmp_path), "web")
    with request_span("0123456789abcdef") as span, job_span("x", attempt=1, origin=None):
        span.answered("GET", "/", 200)
        assert origin_of_jobs() is None


def test_what_nobody_asked_for_is_not_even_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
