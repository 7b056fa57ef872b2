"""Traces, where a host collects them: which request asked what, and which job came of it.

What makes them is loaded only where they are wanted; without it nothing here does anything.
"""

import importlib
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, cast

from sqlalchemy.ext.asyncio import AsyncEngine

from contravento.kit.settings import Settings


class Span(Protocol):
    def answered(self, method: str, route: str, status: int) -> None: ...


class Tracer(Protocol):
    def request(self, request_id: str) -> AbstractContextManager[Span]: ...
    def job(
        self, name: str, *, attempt: int, origin: str | None
    ) -> AbstractContextManager[None]: ...
    def origin(self) -> str | None: ...
    def watch(self, engine: AsyncEngine) -> None: ...


class _NoSpan:
    def answered(self, method: str, route: str, status: int) -> None:
        pass


class _NoTracer:
    _request = nullcontext(_NoSpan())
    _job = nullcontext()

    def request(self, request_id: str) -> AbstractContextManager[Span]:
        return self._request

    def job(self, name: str, *, attempt: int, origin: str | None) -> AbstractContextManager[None]:
        return self._job

    def origin(self) -> None:
        return None

    def watch(self, engine: AsyncEngine) -> None:
        pass


class _Chosen:
    tracer: Tracer = _NoTracer()


def configure_spans(settings: Settings, service: str) -> None:
    """From here on `service` tells its spans to the collector, if one is set."""
    if settings.otel_exporter_otlp_endpoint:
        made = importlib.import_module("contravento.kit.telemetry.opentelemetry").start(
            settings, service
        )
        _Chosen.tracer = cast(Tracer, made)


def request_span(request_id: str) -> AbstractContextManager[Span]:
    return _Chosen.tracer.request(request_id)


def job_span(name: str, *, attempt: int, origin: str | None) -> AbstractContextManager[None]:
    """`origin` is what `origin_of_jobs` said where the job was queued."""
    return _Chosen.tracer.job(name, attempt=attempt, origin=origin)


def origin_of_jobs() -> str | None:
    """The span that is current, to be carried along with a job."""
    return _Chosen.tracer.origin()


def watch_statements(engine: AsyncEngine) -> None:
    """A span for each statement, without what it was asked with."""
    _Chosen.tracer.watch(engine)
