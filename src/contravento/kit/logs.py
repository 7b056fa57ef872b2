"""Logs: one JSON object a line, with the request's id, without anything secret."""

import logging
import re
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog

from contravento.kit.settings import Settings

_SECRET_NAMES = re.compile(
    r"password|secret|token|authorization|cookie|api_?key|dsn|email|e_mail", re.IGNORECASE
)
_E_MAIL = re.compile(r"[^\s@<>\"'=:/]+@[^\s@<>\"':/]+\.[^\s@<>\"',;:/)]+")
_IN_URL = re.compile(r"(?<=://)[^/\s@]+:[^/\s@]+(?=@)")
_TOKEN_IN_PATH = re.compile(r"(?<=/confirm/)[\w-]{20,}|(?<=/reset/)[\w-]{20,}")
_HIDDEN = "[hidden]"


def configure_logs(settings: Settings) -> None:
    """Send everything, our own and the libraries', through one formatter to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    as_json = settings.log_format == "json"
    endings: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        hide_secrets,
        structlog.processors.JSONRenderer(_as_json) if as_json else structlog.dev.ConsoleRenderer(),
    ]
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=endings)
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        theirs = logging.getLogger(name)
        theirs.handlers.clear()
        theirs.propagate = name != "uvicorn.access"  # we write our own line a request
    for name in ("httpx", "httpcore", "PIL", "procrastinate"):
        logging.getLogger(name).setLevel(logging.WARNING)


def hide_secrets(
    logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Hide values by their names, and addresses and passwords wherever they stand."""
    for name, value in event.items():
        event[name] = _HIDDEN if _SECRET_NAMES.search(name) else hide_in(value)
    return event


def _as_json(event: Any, **options: Any) -> str:
    return orjson.dumps(event, default=str).decode()


def hide_in(value: Any) -> Any:
    if isinstance(value, str):
        return _hide_in_text(value)
    if isinstance(value, dict):
        return {
            name: _HIDDEN if _SECRET_NAMES.search(str(name)) else hide_in(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [hide_in(inner) for inner in value]
    return value


def _hide_in_text(text: str) -> str:
    """Looks for a sign of each first: nearly every text has none, and there are many."""
    if "://" in text:
        text = _IN_URL.sub(_HIDDEN, text)
    if "/confirm/" in text or "/reset/" in text:
        text = _TOKEN_IN_PATH.sub(_HIDDEN, text)
    return _E_MAIL.sub(_HIDDEN, text) if "@" in text else text
