"""Logs: one JSON object a line, with the request's id, without anything secret."""

import logging
import sys
import threading
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import orjson
import structlog

from contravento.kit.settings import Settings
from contravento.kit.telemetry.redaction import (
    HIDDEN,
    causes_of,
    is_secret_name,
    redact,
    redact_quoted,
    redact_text,
    safe_text_of,
)

type Fields = dict[str, Any]

_OWN_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
_REPEAT_VALUES = frozenset({"asyncio", "py.warnings"})  # loggers that quote what they handled
# uvicorn calls it so, and whoever looks for errors would find every ordinary start
_RENAMED = {"uvicorn.error": "uvicorn.server"}
_CAUSED_BY = "\nThat led to:\n\n"

log = logging.getLogger("contravento.uncaught")


def start_logs(settings: Settings) -> None:
    """For a process of ours: also what would be printed past the logs goes through them."""
    configure_logs(settings)
    _leave_out_what_no_line_shows()
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    sys.unraisablehook = _log_unraisable


def configure_logs(settings: Settings) -> None:
    """Send everything, our own and the libraries', through one formatter to standard error."""
    handler = logging.StreamHandler()
    as_json = settings.log_format == "json"
    handler.setFormatter(Lines(_as_json if as_json else _for_people()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        theirs = logging.getLogger(name)
        theirs.handlers.clear()
        theirs.propagate = name != "uvicorn.access"  # we write our own line a request
    for name in ("httpx", "httpcore", "PIL", "procrastinate", "opentelemetry", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("procrastinate.worker").addFilter(_is_not_told_by_us)


def _leave_out_what_no_line_shows() -> None:
    """For speed, as the logging module advises: file, thread and process of a record."""
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = False
    logging.logMultiprocessing = False


class Lines(logging.Formatter):
    """A line from a record: what happened, when, in which request, and what else was said."""

    def __init__(self, render: Callable[[Fields], str]) -> None:
        super().__init__()
        self._render = render

    def format(self, record: logging.LogRecord) -> str:
        fields: Fields = {"event": _words(record)}
        for name, value in structlog.contextvars.get_contextvars().items():
            fields[name] = HIDDEN if is_secret_name(name) else redact(value)
        for name, value in record.__dict__.items():
            if name not in _OWN_FIELDS:
                fields[name] = HIDDEN if is_secret_name(name) else redact(value)
        fields["level"] = record.levelname.lower()
        fields["logger"] = _RENAMED.get(record.name, record.name)
        fields["timestamp"] = _moment(record.created)
        if record.exc_info and record.exc_info[1]:
            fields["exception"] = describe_exception(record.exc_info[1])
        return self._render(fields)


def describe_exception(error: BaseException) -> str:
    """Where it came from and what led to it, oldest first, without what somebody sent."""
    return _CAUSED_BY.join(_describe_error(cause) for cause in causes_of(error))


def _describe_error(error: BaseException) -> str:
    kind = type(error)
    name = (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
    lines = [*traceback.format_tb(error.__traceback__), f"{name}: {safe_text_of(error)}"]
    if isinstance(error, BaseExceptionGroup):
        lines += [f"\n{describe_exception(inner)}" for inner in error.exceptions]
    return "".join(lines)


def _words(record: logging.LogRecord) -> str:
    try:
        text = record.getMessage()
    except (TypeError, ValueError):  # its places and its arguments do not fit
        text = str(record.msg)
    return redact_quoted(text) if record.name in _REPEAT_VALUES else redact_text(text)


def _moment(created: float) -> str:
    return f"{datetime.fromtimestamp(created, UTC).isoformat()[:-6]}Z"


def _as_json(fields: Fields) -> str:
    return orjson.dumps(fields, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _for_people() -> Callable[[Fields], str]:
    renderer = structlog.dev.ConsoleRenderer()
    return lambda fields: str(renderer(None, "", fields))


def _is_not_told_by_us(record: logging.LogRecord) -> bool:
    """How a job ended we write ourselves, without its arguments."""
    return getattr(record, "action", None) not in ("job_error", "job_error_retry", "job_aborted")


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    log.critical("the program ends with an error that nobody expected", exc_info=error)


def _log_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        log.error("a thread ended with an error that nobody expected", exc_info=args.exc_value)


def _log_unraisable(args: "sys.UnraisableHookArgs") -> None:
    if args.exc_value is not None:
        log.error("an error came where it cannot be raised", exc_info=args.exc_value)
