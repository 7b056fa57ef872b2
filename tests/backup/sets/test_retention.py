"""Which sets may go."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from contravento_backup.sets.retention import EVERYTHING_FOR, DatedSet, may_go

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def taken(hours_ago: float, *, proven: bool = True) -> DatedSet:
    at = NOW - HOUR * hours_ago
    return DatedSet(at.strftime("%Y%m%dT%H%M%SZ"), at, proven)


def every_six_hours(days: int) -> list[DatedSet]:
    return [taken(index * 6) for index in range(days * 4)]


HISTORIES = st.lists(
    st.builds(
        DatedSet,
        name=st.uuids().map(str),
        at=st.datetimes(
            min_value=datetime(2024, 1, 1),  # noqa: DTZ001
            max_value=datetime(2026, 12, 31),  # noqa: DTZ001
            timezones=st.just(UTC),
        ),
        is_proven=st.booleans(),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("sets", "gone"),
    [
        ([], []),
        ([taken(0)], []),
        ([taken(0), taken(9000)], []),
        ([taken(0), taken(6), taken(12), taken(48)], []),
    ],
    ids=["none", "one", "two however old", "within two days"],
)
def test_few_sets_all_stay(sets: list[DatedSet], gone: list[DatedSet]) -> None:
    assert may_go(sets) == gone


def test_two_days_then_days_weeks_months() -> None:
    sets = every_six_hours(200)
    stays = [backup_set for backup_set in sets if backup_set not in may_go(sets)]

    recent = [each for each in stays if NOW - each.at <= EVERYTHING_FOR]
    assert len(recent) == 9
    days = [stay.at.date().isoformat() for stay in stays if stay not in recent]
    assert days == [
        *("2026-11-20", "2026-11-19", "2026-11-18", "2026-11-17"),  # with the recent: seven days
        *("2026-11-15", "2026-11-08"),  # the ends of weeks; with those above: four weeks
        *("2026-10-31", "2026-09-30"),  # the ends of months; with November: three
    ]


def test_nothing_goes_while_nothing_newer_is_proven() -> None:
    sets = [taken(index * 24, proven=index > 60) for index in range(200)]

    gone = may_go(sets)

    assert gone
    newest_proven = max(backup_set.at for backup_set in sets if backup_set.is_proven)
    assert all(each.at < newest_proven for each in gone)
    assert may_go([taken(index * 24, proven=False) for index in range(200)]) == []


def test_a_proven_set_stands_for_its_day() -> None:
    proven, failed = taken(100.0), taken(99.0, proven=False)
    sets = [*every_six_hours(3), proven, failed]

    assert proven not in may_go(sets)
    assert failed in may_go(sets)


def test_a_clock_that_jumped_ahead_lets_nothing_go_that_stood_for_a_day() -> None:
    sets = every_six_hours(5)
    before = {backup_set.name for backup_set in sets} - {each.name for each in may_go(sets)}
    jumped = NOW + timedelta(days=3650)

    sets = [DatedSet("far", jumped, True), DatedSet("farther", jumped + HOUR, True), *sets]

    days = {backup_set.at.date() for backup_set in sets if backup_set.name in before}
    left = {backup_set.at.date() for backup_set in sets if backup_set not in may_go(sets)}
    assert days <= left


@given(HISTORIES)
def test_what_holds_for_every_history(sets: list[DatedSet]) -> None:
    gone = may_go(sets)
    left = [backup_set for backup_set in sets if backup_set not in gone]
    proven = [backup_set for backup_set in sets if backup_set.is_proven]

    assert len(left) >= min(2, len(sets))
    assert sum(each.is_proven for each in left) >= min(2, len(proven))
    assert all(any(other.is_proven and other.at > each.at for other in left) for each in gone)
    if sets:
        newest = max(backup_set.at for backup_set in sets)
        assert all(newest - each.at > EVERYTHING_FOR for each in gone)
    assert may_go(left) == []


@given(HISTORIES)
def test_the_order_in_which_they_are_told_does_not_matter(sets: list[DatedSet]) -> None:
    assert may_go(sets) == may_go(sets[::-1])
