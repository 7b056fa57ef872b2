"""Error reports by Sentry's protocol."""

import logging
from typing import Any

import sentry_sdk
import structlog
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.logging import LoggingIntegration, ignore_logger
from sentry_sdk.transport import HttpTransport

from contravento.kit.settings import Settings
from contravento.kit.telemetry.error_reporting import Tried
from contravento.kit.telemetry.redaction import chain_of, hide_in, hide_quoted, words_of

SECONDS_FOR_THE_LAST = 2
SECONDS_FOR_A_TRIAL = 10
TAGS = ("request_id", "job", "attempt")
TRIAL = "A test error, sent to see whether it arrives"

log = logging.getLogger("contravento.reports")


class Watched(HttpTransport):
    """Remembers the status of each answer."""

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self.answers: list[int] = []

    def _request(self, *asked: Any, **more: Any) -> Any:
        answer = super()._request(*asked, **more)
        self.answers.append(answer.status)
        return answer


def try_out(settings: Settings) -> Tried:
    """What becomes of a report; nobody that answers in time is no answer."""
    start(settings, Watched)
    log.error(TRIAL)
    event = sentry_sdk.last_event_id()
    sentry_sdk.flush(SECONDS_FOR_A_TRIAL)
    client = sentry_sdk.get_client()
    transport, told = client.transport, client.options
    answers = tuple(transport.answers) if isinstance(transport, Watched) else ()
    return Tried(event, told["environment"], told["release"], answers)


def start(settings: Settings, transport: type[HttpTransport] = HttpTransport) -> None:
    """Only what we log as an error is reported: none of the library's own looks at requests,
    statements, arguments or the steps before. A thread sends; what Sentry does not take is dropped.
    """
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
    """The same is hidden as in logs; which request or job it was is told as tags."""
    for name in ("user", "request", "server_name", "breadcrumbs", "modules"):
        event.pop(name, None)
    bound = structlog.contextvars.get_contextvars()
    event["tags"] = {name: str(bound[name]) for name in TAGS if name in bound}
    if entry := event.get("logentry"):
        event["logentry"] = {"formatted": hide_quoted(entry.get("formatted") or "")}
    told = _words_by_text((hint.get("exc_info") or (None, None))[1])
    for value in (event.get("exception") or {}).get("values", []):
        text = value.get("value") or ""
        value["value"] = told.get(text) or hide_quoted(text)
    return hide_in(event)


def _words_by_text(error: BaseException | None) -> dict[str, str]:
    """What each exception that led to this one may say, by what it would say."""
    return {str(each): words_of(each) for each in chain_of(error)} if error else {}
