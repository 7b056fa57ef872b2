"""Warnings drawn from the state of the server."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contravento.kit.i18n.catalogue import translate
from contravento.kit.storage.storage import Room
from contravento.migrations import Pending
from contravento.operations.models import Outcome
from contravento.operations.queries import Connections, Mishaps, Queue, Report, Worker
from contravento.server_status.collect import LOOKS
from contravento.server_status.report import (
    Build,
    Chosen,
    ProbeError,
    Schema,
    ServedCertificate,
    ServerStatus,
)
from contravento.server_status.warnings import NAMES, SECTIONS, list_warnings

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SETTINGS = Chosen(
    "https://diary.example.org",
    "production",
    False,
    "INFO",
    True,
    True,
    True,
    "/var/lib",
    "mail.example.org:587",
    [],
    1,
    20,
    12,
    5_000,
)
QUEUE = Queue(0, 0, 0, 0, 0.0, 0.0, [])
CERTIFICATE = ServedCertificate(
    "diary.example.org",
    "R3",
    NOW - 30 * 24 * HOUR,
    NOW + 60 * 24 * HOUR,
    60.0,
    0.667,
    "",
    False,
)


def reported(kind: str, hours: float, outcome: Outcome = Outcome.SUCCEEDED) -> Report:
    at = NOW - hours * HOUR
    return Report(kind, at, outcome, {}, at if outcome is Outcome.SUCCEEDED else None)


CALM = ServerStatus(
    taken_at=NOW,
    build=Build("0.1.0", "abc", "3.13"),
    settings=SETTINGS,
    postgres="18.4",
    migrations=Schema("b", "b", True, []),
    queue=QUEUE,
    workers=[Worker(1, NOW, 2.0), Worker(2, NOW - HOUR, 3600.0)],
    reports=[reported("backup", 1), reported("drill", 1)],
    certificate=CERTIFICATE,
    room=Room(50, 100),
    connections=Connections(40, 97),
    mishaps=Mishaps(0, 4, []),
)


def test_a_server_that_is_well_gives_no_concern() -> None:
    assert list_warnings(CALM) == []


FAILED = Outcome.FAILED
CHANGES: list[tuple[dict[str, Any], str, str]] = [
    ({"migrations": Schema("a", "b", False, [Pending("b", "New", True)])}, "error", "missing: 1"),
    ({"migrations": Schema("z", "b", False, [])}, "error", "at z, which"),
    ({"workers": []}, "error", "No worker"),
    ({"workers": [Worker(1, NOW, 61.0)]}, "error", "No worker"),
    ({"queue": replace(QUEUE, failed=3)}, "warning", "failed: 3"),
    ({"queue": replace(QUEUE, oldest_waiting_seconds=1200)}, "warning", "20 minutes"),
    ({"certificate": replace(CERTIFICATE, refusal="expired")}, "error", "(expired)"),
    ({"certificate": replace(CERTIFICATE, lifetime_left=0.2, days_left=18.9)}, "warning", "18"),
    ({"reports": []}, "warning", "No backup service"),
    ({"reports": [reported("backup", 1)]}, "warning", "No drill"),
    ({"reports": [reported("backup", 1, FAILED), reported("drill", 1)]}, "error", "backup failed"),
    ({"reports": [reported("backup", 8), reported("drill", 8)]}, "warning", "8 hours old"),
    ({"reports": [reported("backup", 1), reported("drill", 1, FAILED)]}, "error", "drill failed"),
    ({"room": Room(9, 100)}, "warning", "nearly full"),
    ({"connections": Connections(80, 100)}, "warning", "80 of 100"),
    ({"mishaps": Mishaps(1, 1, [])}, "warning", "foresaw: 1"),
    ({"settings": replace(SETTINGS, debug=True)}, "warning", "DEBUG"),
    ({"troubles": {"redis": ProbeError("x", {})}}, "warning", "Redis"),
    ({"room": None, "troubles": {"room": ProbeError("x", {})}}, "warning", "Free disk"),
]


@pytest.mark.parametrize(("changes", "level", "words"), CHANGES)
def test_each_thing_that_is_wrong_is_one_concern(
    changes: dict[str, Any], level: str, words: str
) -> None:
    (found,) = list_warnings(replace(CALM, **changes))
    assert found.level == level
    assert words in translate("en", found.sentence, found.params)


def test_the_grave_comes_first() -> None:
    seen = replace(CALM, queue=replace(QUEUE, failed=3), workers=[], reports=[])
    assert [warning.level for warning in list_warnings(seen)] == ["error", "warning", "warning"]


def test_a_database_ahead_that_works_with_this_build_is_no_concern() -> None:
    assert list_warnings(replace(CALM, migrations=Schema("c", "b", True, []))) == []


def test_every_part_has_a_name() -> None:
    assert NAMES.keys() == LOOKS.keys()
    assert SECTIONS.keys() <= LOOKS.keys()
