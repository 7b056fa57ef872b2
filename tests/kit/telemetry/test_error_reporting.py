"""Error reports, received by a real server that speaks Sentry's protocol as far as needed."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import sentry_sdk
import structlog

from contravento.kit.telemetry.error_reporting import configure_error_reporting
from tests.conftest import make_settings
from tests.support.receivers import Receiver, receiver


@pytest.fixture
def sentry(tmp_path: Path) -> Iterator[Receiver]:
    with receiver() as found:
        settings = make_settings(
            "postgresql://x/y", tmp_path, sentry_dsn=found.dsn, git_commit="c0ffee"
        )
        configure_error_reporting(settings)
        yield found
        sentry_sdk.get_client().close()
        sentry_sdk.Scope.get_global_scope().set_client(None)


def test_an_error_is_reported_without_anything_personal(sentry: Receiver) -> None:
    try:
        password = "hunter2"
        raise ValueError(f"no mail for maite@example.org with '{password}'")
    except ValueError:
        with structlog.contextvars.bound_contextvars(request_id="0123456789abcdef"):
            logging.getLogger("contravento.test").exception("unforeseen")
    sentry_sdk.flush(5)

    (report,) = sentry.envelopes()
    assert "ValueError" in report
    assert '"release":"0.1.0+c0ffee"' in report
    assert '"request_id":"0123456789abcdef"' in report
    assert "maite@example.org" not in report
    assert "with 'hunter2'" not in report
    assert '"vars"' not in report


def test_a_warning_is_no_error(sentry: Receiver) -> None:
    logging.getLogger("contravento.test").warning("redis is not answering")
    sentry_sdk.flush(5)
    assert sentry.envelopes() == []


def test_nothing_is_reported_unless_it_is_asked_for(tmp_path: Path) -> None:
    configure_error_reporting(make_settings("postgresql://x/y", tmp_path))
    assert not sentry_sdk.get_client().is_active()
