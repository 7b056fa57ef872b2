"""Error reports to Sentry, where a host has set it, without anything personal."""

import logging
from dataclasses import dataclass
from typing import Any

import sentry_sdk
import structlog
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.logging import LoggingIntegration, ignore_logger
from sentry_sdk.transport import HttpTransport

from contravento.kit.settings import Settings
from contravento.kit.telemetry.redaction import causes_of, redact, redact_quoted, safe_text_of

SECONDS_FOR_THE_LAST = 2
SECONDS_FOR_A_TRIAL = 10
TAGS = ("request_id", "job", "attempt")
TRIAL = "A test error, sent to see whether it arrives"

log = logging.getLogger("contravento.reports")


@dataclass(frozen=True, slots=True)
class TrialReport:
    """A report that was sent to see whether it is taken, and how each request was answered."""

    event: str | None
    environment: str | None
    release: str | None
    answers: tuple[int, ...]

    @property
    def is_taken(self) -> bool:
        return bool(self.answers) and all(200 <= status < 300 for status in self.answers)


class RecordingTransport(HttpTransport):
    """Remembers the status of each answer."""

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self.answers: list[int] = []

    def _request(self, *args: Any, **kwargs: Any) -> Any:
        answer = super()._request(*args, **kwargs)
        self.answers.append(answer.status)
        return answer


def configure_error_reporting(settings: Settings) -> None:
    """From here on whatever is logged as an error is reported."""
    if settings.sentry_dsn is not None:
        _start(settings)


def try_reports(settings: Settings) -> TrialReport:
    """Report an error that is none, in the same way as any. A server that does not answer in time
    counts as no answer."""
    _start(settings, RecordingTransport)
    log.error(TRIAL)
    event = sentry_sdk.last_event_id()
    sentry_sdk.flush(SECONDS_FOR_A_TRIAL)
    client = sentry_sdk.get_client()
    transport, options = client.transport, client.options
    answers = tuple(transport.answers) if isinstance(transport, RecordingTransport) else ()
    return TrialReport(event, options["environment"], options["release"], answers)


def _start(settings: Settings, transport: type[HttpTransport] = HttpTransport) -> None:
    """Only what we log as an error is reported: none of the library's own records of requests,
    statements, arguments or breadcrumbs. A thread sends; what Sentry does not take is dropped."""
    dsn = settings.sentry_dsn
    ignore_logger("opentelemetry.*")  # a collector that is away is no error of the program
    sentry_sdk.init(
        dsn=dsn.get_secret_value() if dsn else None,
        environment=settings.sentry_environment or settings.app_env,
        release=settings.release,
        transport=transport,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            LoggingIntegration(level=None, event_level=logging.ERROR, sentry_logs_level=None),
            DedupeIntegration(),
            AtexitIntegration(callback=lambda pending, timeout: None),
        ],
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        shutdown_timeout=SECONDS_FOR_THE_LAST,
        before_send=_scrub,
    )


def _scrub(event: Any, hint: Any) -> Any:
    """Hide what logs hide, and name the request or job in tags."""
    for name in ("user", "request", "server_name", "breadcrumbs", "modules"):
        event.pop(name, None)
    bound = structlog.contextvars.get_contextvars()
    event["tags"] = {name: str(bound[name]) for name in TAGS if name in bound}
    if entry := event.get("logentry"):
        event["logentry"] = {"formatted": redact_quoted(entry.get("formatted") or "")}
    safe_texts = _safe_texts((hint.get("exc_info") or (None, None))[1])
    for value in (event.get("exception") or {}).get("values", []):
        text = value.get("value") or ""
        value["value"] = safe_texts.get(text) or redact_quoted(text)
    return redact(event)


def _safe_texts(error: BaseException | None) -> dict[str, str]:
    """What may be shown of each exception that led to this one, by its own text."""
    if error is None:
        return {}
    return {str(exception): safe_text_of(exception) for exception in causes_of(error)}
