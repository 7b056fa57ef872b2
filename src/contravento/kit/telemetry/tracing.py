"""Tracing of requests, jobs and statements, where a host has set it."""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from contravento.kit.settings import Settings
from contravento.kit.telemetry import opentelemetry


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


class _Current:
    tracer: Tracer = _NoTracer()


def configure_tracing(settings: Settings, service: str) -> None:
    """From here on `service` sends its spans to the collector, if one is set."""
    if settings.otel_exporter_otlp_endpoint:
        _Current.tracer = opentelemetry.start(settings, service)


def request_span(request_id: str) -> AbstractContextManager[Span]:
    return _Current.tracer.request(request_id)


def job_span(name: str, *, attempt: int, origin: str | None) -> AbstractContextManager[None]:
    """`origin` is what `current_traceparent` returned where the job was queued."""
    return _Current.tracer.job(name, attempt=attempt, origin=origin)


def current_traceparent() -> str | None:
    """The current span, to be carried along with a job."""
    return _Current.tracer.origin()


def trace_statements(engine: AsyncEngine) -> None:
    """A span for each statement, without its parameters."""
    _Current.tracer.watch(engine)
