"""OpenTelemetry spans, sent by OTLP over HTTP, without anything a user sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from contravento import __version__
from contravento.kit.settings import Settings

SEND_SECONDS = 5
_ORIGIN = "traceparent"

_propagator = TraceContextTextMapPropagator()


def start(settings: Settings, service: str) -> "OpenTelemetry":
    """A tracer of our own, not the process's: libraries that would tell more find none."""
    resource = Resource.create(
        {
            "service.name": f"contravento-{service}",
            "service.version": settings.release,
            "deployment.environment.name": settings.sentry_environment or settings.app_env,
        }
    )
    provider = TracerProvider(resource=resource)
    address = f"{(settings.otel_exporter_otlp_endpoint or '').rstrip('/')}/v1/traces"
    exporter = OTLPSpanExporter(endpoint=address, timeout=SEND_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return OpenTelemetry(provider)


class OpenTelemetry:
    """Starts spans. Who asks from outside cannot choose their trace: a request begins one."""

    def __init__(self, provider: TracerProvider) -> None:
        self.provider = provider
        self._tracer = provider.get_tracer("contravento", __version__)

    @contextmanager
    def request(self, request_id: str) -> Iterator["RequestSpan"]:
        with self._span("request", SpanKind.SERVER, {"contravento.request_id": request_id}) as span:
            yield RequestSpan(span)

    @contextmanager
    def job(self, name: str, *, attempt: int, origin: str | None) -> Iterator[None]:
        context = _propagator.extract({_ORIGIN: origin}) if origin else None
        attributes = {"contravento.job": name, "contravento.attempt": attempt}
        with self._span(f"job {name}", SpanKind.CONSUMER, attributes, context):
            yield

    @contextmanager
    def _span(
        self, name: str, kind: SpanKind, attributes: dict[str, Any], context: Any = None
    ) -> Iterator[Span]:
        with self._tracer.start_as_current_span(
            name,
            context=context,
            kind=kind,
            attributes=attributes,
            record_exception=False,  # its text may repeat what somebody sent
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except BaseException as error:
                _mark_failed(span, error)
                raise

    def origin(self) -> str | None:
        carrier: dict[str, str] = {}
        if get_current_span().get_span_context().is_valid:
            _propagator.inject(carrier)
        return carrier.get(_ORIGIN)

    def watch(self, engine: AsyncEngine) -> None:
        event.listen(engine.sync_engine, "before_cursor_execute", self._begin_statement)
        event.listen(engine.sync_engine, "after_cursor_execute", _end_statement)
        event.listen(engine.sync_engine, "handle_error", _fail_statement)

    def _begin_statement(
        self, connection: Any, cursor: Any, statement: str, values: Any, context: Any, many: bool
    ) -> None:
        verb = statement.lstrip().partition(" ")[0].upper()
        context.contravento_span = self._tracer.start_span(
            verb.strip(),
            kind=SpanKind.CLIENT,
            attributes={"db.system.name": "postgresql", "db.query.text": statement},
        )


class RequestSpan:
    """A request being answered; its name is known once its route is."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def answered(self, method: str, route: str, status: int) -> None:
        self._span.update_name(f"{method} {route}")
        self._span.set_attribute("http.request.method", method)
        self._span.set_attribute("http.route", route)
        self._span.set_attribute("http.response.status_code", status)
        if status >= 500:
            self._span.set_status(StatusCode.ERROR)


def _end_statement(
    connection: Any, cursor: Any, statement: str, values: Any, context: Any, many: bool
) -> None:
    context.contravento_span.end()


def _fail_statement(failure: Any) -> None:
    context = failure.execution_context
    if span := getattr(context, "contravento_span", None):
        _mark_failed(span, failure.original_exception)
        span.end()


def _mark_failed(span: Span, error: BaseException) -> None:
    span.set_status(StatusCode.ERROR)
    span.set_attribute("error.type", type(error).__qualname__)
