"""Logs tell what happened and nothing that is secret."""

import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from contravento.kit.settings import Settings
from contravento.kit.telemetry.logs import configure_logs

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
    ("sent %s", "cv_Zk3-bFz3VtB8mHhTq0cWdyJxu4WkQwIgmQ8m5eVZ7mM"),
    ("sent %s", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF"),
    ("sent %s", "Cookie: session=hunter2hunter2"),
    ("asked %s", "?email=maite%40example.org"),
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
    for secret in ("maite@", "hunter2", "Zk3-bFz3", "eyJhbGci"):
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


def fail(error: BaseException) -> None:
    raise error


FAILURES = {
    "a value in quotes": ("int('hunter2')", "invalid literal for int() with base 10: [hidden]"),
    "a missing key": ("{}['hunter2']", "KeyError: [hidden]"),
    "a name of the program's own": ("None.hunter", "'NoneType' object has no attribute 'hunter'"),
    "a file's name": ("open('/hunter2')", "[Errno 2] No such file or directory"),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_an_exception_is_told_without_what_it_was_given(kind: str, lines: Lines) -> None:
    code, words = FAILURES[kind]
    try:
        eval(code)  # noqa: S307  (our own four lines)
    except Exception as error:
        logging.getLogger("contravento.test").error("failed", exc_info=error)
    (line,) = lines()
    assert words in line["exception"]
    assert "hunter2" not in json.dumps(line)


def test_what_led_to_an_exception_is_told_first(lines: Lines) -> None:
    try:
        try:
            fail(OSError(28, "No space left on device", "/".join(("", "secret", "name"))))
        except OSError as full:
            raise RuntimeError("nothing was kept") from full
    except RuntimeError:
        logging.getLogger("contravento.test").exception("failed")
    (line,) = lines()
    told = line["exception"]
    assert told.index("No space left on device") < told.index("RuntimeError: nothing was kept")
    assert "/secret/name" not in told


UNCAUGHT = """
import sys, threading, warnings
from contravento.kit.telemetry.logs import start_logs
from contravento.kit.settings import load_settings
start_logs(load_settings())
warnings.warn("old ways")
secret = "hunter2"  # shown in no line of code that raises
def fail(): raise ValueError(f"in a thread: {secret!r}")
thread = threading.Thread(target=fail); thread.start(); thread.join()
class Stubborn:
    def __del__(self): raise ValueError(f"while it goes: {secret!r}")
Stubborn()
raise ValueError(f"at last: {secret!r}")
"""


def test_what_nobody_caught_is_a_line_like_all_others(settings: Settings, tmp_path: Path) -> None:
    environment = {
        "APP_ENV": "local",
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "DATABASE_URL": settings.database,
        "MAIL_FOLDER": str(tmp_path),
    }
    program = [sys.executable, "-W", "default", "-c", UNCAUGHT]
    done = subprocess.run(program, env=environment, capture_output=True, text=True)

    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["level"] for line in told] == ["warning", "error", "error", "critical"]
    assert "old ways" in told[0]["event"]
    assert all("ValueError" in line["exception"] for line in told[1:])
    assert "hunter2" not in done.stderr
    assert done.returncode == 1


async def test_a_path_is_written_down_only_where_it_led_somewhere(
    client: AsyncClient, lines: Lines
) -> None:
    await client.get("/health")
    await client.get("/trips/hunter2")
    await client.get("/hunter2")
    found, *nowhere = [line for line in lines() if line["event"] == "request"]
    assert (found["route"], found["path"]) == ("/health", "/health")
    assert [line["route"] for line in nowhere] == ["/trips/{slug}", "unmatched"]
    assert "hunter2" not in json.dumps(nowhere)
