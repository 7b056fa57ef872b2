"""What to restore, read from words; and the steps, as values."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from contravento_ops.kit.compose import Project
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.kit.paths import EnvironmentPaths
from contravento_ops.recovery import plan, target
from contravento_ops.recovery.plan import RestoreCalls
from contravento_ops.recovery.target import RecoveryTarget


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2026-11-23 10:15", 10),
        ("2026-11-23T10:15:00", 10),
        ("2026-11-23 10:15 UTC", 10),
        ("2026-11-23 10:15:00Z", 10),
        ("2026-11-23 10:15 +01:00", 9),
        ("2026-11-23 10:15+01:00", 9),
        ("2026-11-23 10:15 Europe/Madrid", 9),
        ("2026-07-23 10:15 Europe/Madrid", 8),
    ],
)
def test_a_moment_is_in_utc_or_has_its_zone_behind(written: str, hour: int) -> None:
    found = target.moment(written).astimezone(UTC)

    assert (found.hour, found.minute) == (hour, 15)


@pytest.mark.parametrize(
    "written", ["yesterday", "10:15", "2026-11-23 25:00", "2026-11-23 10:15 Europe/Nowhere", ""]
)
def test_what_is_no_moment_is_told_how_to_write_one(written: str) -> None:
    with pytest.raises(CommandError, match="is no moment; write it as") as refused:
        target.moment(written)
    assert refused.value.status == Exit.USAGE


def test_a_set_a_file_and_a_moment_are_told_apart(tmp_path: Path) -> None:
    dump = tmp_path / "today.backup"
    dump.write_bytes(b"PGDMP")

    assert target.read("", "").words == ()
    assert target.read("20261123T101500Z", "").words == ("--set", "20261123T101500Z")
    assert target.read(str(dump), "").words == ("--dump", "today.backup")
    assert target.read("", "latest").words == ("--to", "latest")
    assert target.read("", "2026-11-23 10:15").words == ("--to", "2026-11-23T10:15:00+00:00")
    lenient = target.read("", "", undo=True, without_missing_files=True)
    assert lenient.words == ("--undo", "--without-missing-files")


def test_two_things_at_once_or_nothing_known_is_refused() -> None:
    with pytest.raises(CommandError, match="one of them"):
        target.read("20261123T101500Z", "latest")
    with pytest.raises(CommandError, match="one of them"):
        target.read("", "latest", undo=True)
    with pytest.raises(CommandError, match="neither the name of a set"):
        target.read("/no/such/file", "")


def test_a_moment_is_shown_in_utc_and_as_it_is_here() -> None:
    shown = str(RecoveryTarget(at=datetime(2026, 11, 23, 10, 15, tzinfo=UTC)))

    assert shown.startswith("2026-11-23 10:15:00 UTC (")
    assert shown.endswith("on this host)")


@pytest.fixture
def calls(tmp_path: Path) -> RestoreCalls:
    return RestoreCalls(
        Project(EnvironmentPaths(tmp_path, "staging")), RecoveryTarget(set="20261123T101500Z")
    )


def test_nothing_live_is_touched_before_the_swap(calls: RestoreCalls) -> None:
    shown = plan.steps(calls, dry_run=False)
    swap = next(number for number, each in enumerate(shown) if "swap" in each.title)

    assert all(each.undo == "nothing live was touched" for each in shown[: swap - 1])
    assert [each.calls[0].words[-1] for each in shown[swap - 1 : swap + 1]] == [
        "restore-place",
        "restore-swap",
    ]


def test_a_dry_run_does_all_but_the_swap(calls: RestoreCalls) -> None:
    dry, real = plan.steps(calls, dry_run=True), plan.steps(calls, dry_run=False)

    assert dry[:4] == real[:4]
    assert not any("swap" in each.title or "restart" in each.title for each in dry)
    assert [each.calls[0].words[-1] for each in dry[4:]] == ["restore-drop", "restore-tidy"]


def test_migrations_and_the_application_are_shown_the_side_database(calls: RestoreCalls) -> None:
    assert calls.migrate("side").environment == {"POSTGRES_DB": "side"}
    assert "LOOK_AT_DATABASE=side" in calls.look("side").words
