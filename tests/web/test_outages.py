"""Which errors mean that the database is away, and not that we have made a mistake."""

import errno
import socket

import pytest
from sqlalchemy.exc import DBAPIError

from contravento.web.rendering.error_pages import is_outage


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        ConnectionResetError(),
        TimeoutError(),
        FileNotFoundError(errno.ENOENT, "no socket"),
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        OSError(errno.EHOSTUNREACH, "No route to host"),
    ],
)
def test_a_database_that_cannot_be_reached_is_an_outage(error: Exception) -> None:
    assert is_outage(error)


@pytest.mark.parametrize("state", ["57P01", "57P02", "57P03", "53300"])
def test_a_database_that_says_it_is_not_ready_is_an_outage(state: str) -> None:
    assert is_outage(DBAPIError("SELECT 1", {}, with_state(state)))


def test_a_wrong_statement_is_not() -> None:
    assert not is_outage(DBAPIError("SELECT", {}, with_state("42601")))


def with_state(state: str) -> Exception:
    error = Exception("as the driver has it")
    error.sqlstate = state  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    "error", [ValueError(), OSError(errno.EIO, "broken disk"), PermissionError(errno.EACCES, "no")]
)
def test_a_mistake_of_ours_is_not(error: Exception) -> None:
    assert not is_outage(error)
