"""A test error goes all the way: the box, the application's own command, Sentry's library, and a
server that speaks Sentry's protocol."""

import json
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from contravento_ops.acceptance.checks import monitoring
from contravento_ops.acceptance.context import CheckContext
from contravento_ops.kit.check_result import CheckFailed, Evidence
from contravento_ops.kit.compose import Call, Project
from contravento_ops.kit.paths import EnvironmentPaths
from tests.support.receivers import receiver

pytestmark = pytest.mark.servers

NEEDED = {
    "APP_ENV": "local",
    "DATABASE_URL": "postgresql://nobody:nothing@127.0.0.1:9/none",
    "SECRET_KEY": "reports-" + "0123456789abcdef" * 6,
    "GIT_COMMIT": "c0ffee",
}


@dataclass(frozen=True, slots=True)
class Here(Project):
    """What would run in the backend runs as a program of this machine."""

    settings: Mapping[str, str] = field(default_factory=dict)

    def call(self, *words: str) -> Call:
        assert words[:3] == ("exec", "-T", "backend")
        program = Path(sys.executable).parent / words[3]
        return Call((str(program), *words[4:]), {**NEEDED, **self.settings})


def judged(dsn: str, folder: Path, **settings: str) -> Evidence:
    """The host's file and the backend name the same DSN, unless `settings` says otherwise."""
    settings = {"SENTRY_DSN": dsn, "MAIL_FOLDER": str(folder), **settings}
    project = Here(EnvironmentPaths(folder, "staging"), settings=settings)
    return monitoring.sentry(CheckContext(project, {"SENTRY_DSN": dsn}))


def test_an_error_that_arrived_is_green_and_says_whose_it_is(tmp_path: Path) -> None:
    with receiver() as sentry:
        evidence = judged(sentry.dsn, tmp_path, SENTRY_ENVIRONMENT="staging")
        (envelope,) = sentry.envelopes()

    head, item, payload = map(json.loads, envelope.splitlines()[:3])
    assert item["type"] == "event"
    assert head["event_id"] == payload["event_id"] == evidence.facts["event"]
    assert payload["level"] == "error"
    assert payload["logentry"]["formatted"].startswith("A test error")
    assert payload["environment"] == evidence.facts["environment"] == "staging"
    assert payload["release"] == evidence.facts["release"] == "0.1.0+c0ffee"
    assert evidence.facts["answers"] == [200]
    assert "public@" not in str(evidence)
    assert os.uname().nodename not in envelope


@pytest.mark.parametrize("status", [302, 429, 500])
def test_an_error_that_is_not_taken_is_red(tmp_path: Path, status: int) -> None:
    with receiver(status) as sentry, pytest.raises(CheckFailed, match="did not take") as told:
        judged(sentry.dsn, tmp_path)

    assert sentry.envelopes()
    assert status in told.value.evidence.facts["answers"]  # type: ignore[operator]


def test_nobody_who_answers_is_red(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="did not take") as told:
        judged("http://public@127.0.0.1:9/1", tmp_path)

    assert told.value.evidence.facts["answers"] == []


def test_whoever_listens_and_says_nothing_is_red(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(CheckFailed, match="did not take") as told:
            judged(f"http://public@127.0.0.1:{port}/1", tmp_path)

    assert told.value.evidence.facts["answers"] == []


def test_a_backend_that_was_not_told_is_red(tmp_path: Path) -> None:
    with receiver() as sentry, pytest.raises(CheckFailed, match="could not be sent") as told:
        judged(sentry.dsn, tmp_path, SENTRY_DSN="")

    assert "SENTRY_DSN is not set here" in str(told.value.evidence.facts["said"])
    assert sentry.envelopes() == []


def test_where_it_is_off_nothing_is_sent(tmp_path: Path) -> None:
    assert "it is off" in judged("", tmp_path).sentence
