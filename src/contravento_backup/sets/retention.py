"""Which sets may go: everything of two days stays, then some days, weeks and months. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

EVERYTHING_FOR = timedelta(hours=48)
DAYS, WEEKS, MONTHS = 7, 4, 3
LEAST = 2


@dataclass(frozen=True, slots=True)
class DatedSet:
    """A set as retention sees it."""

    name: str
    at: datetime
    is_proven: bool


def may_go(sets: Iterable[DatedSet]) -> list[DatedSet]:
    """Those that no rule keeps, oldest first.

    Days, weeks and months are counted where there are sets, and from the newest set, not by the
    clock: a clock that jumps ahead, or a server that stood still for a year, lets nothing go.
    Nothing goes that has no newer proven set, and two proven ones stay if there are two.
    """
    by_age = sorted(sets, key=lambda each: (each.at, each.name), reverse=True)
    proven = [each for each in by_age if each.is_proven]
    stays = {each.name for each in (*by_age[:LEAST], *proven[:LEAST])}
    stays |= {each.name for each in by_age if by_age[0].at - each.at <= EVERYTHING_FOR}
    for period, count in ((_day, DAYS), (_week, WEEKS), (_month, MONTHS)):
        stays |= set(_newest_of_each(by_age, period, count))
    newest_proven = proven[0].at if proven else None
    gone = [
        each
        for each in by_age
        if each.name not in stays and newest_proven is not None and each.at < newest_proven
    ]
    return gone[::-1]


def _newest_of_each(
    by_age: Sequence[DatedSet], period: Callable[[datetime], tuple[int, ...]], count: int
) -> Iterable[str]:
    """Of each of the last periods that have any: the newest proven set, or the newest."""
    chosen: dict[tuple[int, ...], DatedSet] = {}
    for each in by_age:
        at = period(each.at)
        if at not in chosen and len(chosen) == count:
            break
        if at not in chosen or (each.is_proven and not chosen[at].is_proven):
            chosen[at] = each
    return [each.name for each in chosen.values()]


def _day(at: datetime) -> tuple[int, ...]:
    return (at.year, at.month, at.day)


def _week(at: datetime) -> tuple[int, ...]:
    return tuple(at.isocalendar()[:2])


def _month(at: datetime) -> tuple[int, ...]:
    return (at.year, at.month)
