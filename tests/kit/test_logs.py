"""Logs tell what happened and nothing that is secret."""

import json
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest

from contravento.kit.logs import configure_logs
from contravento.kit.settings import Settings

type Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(settings: Settings) -> Iterator[Lines]:
    """What was written since the test began."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    configure_logs(settings)
    written = StringIO()
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)


SECRETS = [
    ("mail to %s failed", "maite@example.org"),
    ("connecting to %s", "postgresql://diary:hunter2@db/diary"),
    ("GET %s", "/confirm/Zk3-bFz3VtB8mHhTq0cWdyJxu4WkQwIgmQ8m5eVZ7mM"),
    ("GET %s", "/reset/Zk3-bFz3VtB8mHhTq0cWdyJxu4WkQwIgmQ8m5eVZ7mM"),
]


@pytest.mark.parametrize(("sentence", "value"), SECRETS)
def test_addresses_passwords_and_links_are_hidden_wherever_they_stand(
    sentence: str, value: str, lines: Lines
) -> None:
    log = logging.getLogger("contravento.test")
    log.warning(sentence, value)
    log.warning(sentence, "x", extra={"about": {"it": [value]}})
    try:
        raise ValueError(value)
    except ValueError:
        log.exception("failed")

    written = json.dumps(lines())
    for secret in ("maite@", "hunter2", "Zk3-bFz3"):
        assert secret not in written
    assert written.count("[hidden]") >= 3


@pytest.mark.parametrize(
    "name", ["password", "refresh_token", "Authorization", "cookie", "SMTP_PASSWORD", "api_key"]
)
def test_a_value_is_hidden_by_its_name(name: str, lines: Lines) -> None:
    logging.getLogger("contravento.test").warning("sent", extra={name: "hunter2"})
    (line,) = lines()
    assert line[name] == "[hidden]"


def test_a_line_is_one_object_with_time_level_and_name(lines: Lines) -> None:
    logging.getLogger("contravento.test").warning("two\nlines", extra={"trip": 7})
    (line,) = lines()
    assert (line["event"], line["level"], line["trip"]) == ("two\nlines", "warning", 7)
    assert line["logger"] == "contravento.test"
    assert line["timestamp"].endswith("Z")


def test_an_ordinary_start_is_not_found_by_who_looks_for_errors(lines: Lines) -> None:
    logging.getLogger("uvicorn.error").warning("Started")
    assert lines()[0]["logger"] == "uvicorn.server"
