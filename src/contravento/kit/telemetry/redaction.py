"""Redaction of secrets and personal data in logs, error reports and traces."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from contravento.kit.errors import AppError

HIDDEN = "[hidden]"

_SECRET_NAMES = re.compile(
    r"password|secret|token|authorization|cookie|api_?key|dsn|email|e_mail", re.IGNORECASE
)
_E_MAIL = re.compile(r"[^\s@<>\"'=:/]+(?:@|%40)[^\s@<>\"':/]+\.[^\s@<>\"',;:/)&]+", re.IGNORECASE)
_IN_URL = re.compile(r"(?<=://)[^/\s@]+:[^/\s@]+(?=@)")
_TOKEN_IN_PATH = re.compile(r"(?<=/confirm/)[\w-]{20,}|(?<=/reset/)[\w-]{20,}")
_NAMED = re.compile(
    r"((?:(?:password|passwd|secret|token|cookie|session|authorization|api_?key)[\"']?\s*[=:]"
    r"|bearer\s)\s*[\"']?)(?!\[hidden\])[^\s\"'&,;]{6,}",
    re.IGNORECASE,
)
_JWT = re.compile(r"eyJ[\w-]{10,}\.[\w-]+\.[\w-]+")
_OURS = re.compile(r"(?<![\w-])(?:cv_)?[\w-]{43}(?![\w-])")  # as kit/security/tokens.py makes them
_SHORTEST_TOKEN = 30

# Where an exception's text repeats what somebody sent, it does so in quotes or as a DETAIL.
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_DETAIL = re.compile(r"(?m)^(DETAIL|HINT|CONTEXT):.*$|=\([^)]*\)")
# These quote names of the program's own, and SQL states of this class those of tables and columns.
_OF_THE_PROGRAM = (AttributeError, NameError, ImportError, TypeError)
_WRONG_STATEMENT = "42"


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    return _SECRET_NAMES.search(name) is not None


def redact(value: Any) -> Any:
    """The same with secrets hidden: by their names, and wherever their looks tell them."""
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, dict):
        return {
            name: HIDDEN if is_secret_name(str(name)) else redact(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(inner) for inner in value]
    return value


def redact_text(text: str) -> str:
    """Looks for a sign of each first: nearly every text has none, and there are many."""
    if "://" in text:
        text = _IN_URL.sub(HIDDEN, text)
    if len(text) >= _SHORTEST_TOKEN:
        if "/confirm/" in text or "/reset/" in text:
            text = _TOKEN_IN_PATH.sub(HIDDEN, text)
        if "eyJ" in text:
            text = _JWT.sub(HIDDEN, text)
        text = _OURS.sub(HIDDEN, text)
    if "=" in text or ":" in text or "earer" in text:
        text = _NAMED.sub(rf"\1{HIDDEN}", text)
    return _E_MAIL.sub(HIDDEN, text) if "@" in text or "%40" in text else text


def redact_quoted(text: str) -> str:
    """For texts that repeat values: nothing in quotes stays."""
    return redact_text(_QUOTED.sub(HIDDEN, _DETAIL.sub(HIDDEN, text)))


def safe_text_of(error: BaseException) -> str:
    """What an exception says, without what somebody sent."""
    if isinstance(error, AppError):
        return error.message
    if isinstance(error, OSError) and error.strerror:
        return f"[Errno {error.errno}] {redact_text(error.strerror)}"
    state = getattr(getattr(error, "orig", error), "sqlstate", None) or ""
    if isinstance(error, _OF_THE_PROGRAM) or str(state).startswith(_WRONG_STATEMENT):
        return redact_text(_DETAIL.sub(HIDDEN, str(error)))
    return redact_quoted(str(error))


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, oldest first."""
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in seen:
        seen.append(current)
        hides_context = current.__cause__ is not None or current.__suppress_context__
        current = current.__cause__ if hides_context else current.__context__
    yield from reversed(seen)
