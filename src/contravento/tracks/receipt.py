"""What a rider is told of a file that was read: what was changed, what was left out, what is only
worth knowing."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from contravento.tracks.reading import warnings


class Consequence(StrEnum):
    CHANGED = "changed"
    LEFT_OUT = "left_out"
    NOTE = "note"


# Figures or the line are others than the file says.
CHANGED = (
    warnings.ENCODING,
    warnings.AMPERSANDS,
    warnings.CONTROL_CHARACTERS,
    warnings.LONGITUDES_TO_360,
    warnings.SWAPPED,
    warnings.STANDING,
    warnings.OUT_OF_ORDER,
    warnings.CLOCK_LEAPS,
    warnings.BAD_ELEVATIONS,
    warnings.FALSE_HEIGHTS,
    warnings.BAD_TIMES,
    warnings.TOO_EARLY,
    warnings.IN_THE_FUTURE,
    warnings.BACKWARDS,
    warnings.STALE_TIMES,
    warnings.FALSE_TIMES,
)
# Something of the file is neither drawn nor counted.
LEFT_OUT = (
    warnings.PACKED_PART,
    warnings.TRUNCATED,
    warnings.BROKEN,
    warnings.BROKEN_OFF,
    warnings.TRAILING,
    warnings.TRAILING_BYTES,
    warnings.ROUTES_LEFT_OUT,
    warnings.WAYPOINTS_LEFT_OUT,
    warnings.DAMAGED_SENTENCES,
    warnings.BAD_POSITIONS,
    warnings.NULL_ISLAND,
    warnings.REPEATED_SEGMENTS,
    warnings.SPIKES,
    warnings.LEAPS,
    warnings.OVERLAPS,
    warnings.TRANSFERS,
)
# Nothing came of it, or it is how such files are.
NOTES = (
    warnings.UNPACKED,
    warnings.FROM_ARCHIVE,
    warnings.BYTE_ORDER_MARK,
    warnings.NO_NAMESPACE,
    warnings.NO_CREATOR,
    warnings.ODD_VERSION,
    warnings.PREFIXED,
    warnings.UNDECLARED_PREFIX,
    warnings.ROUTE,
    warnings.ROUTE_TIMES,
    warnings.EMPTY_TRACKS,
    warnings.EMPTY_SEGMENTS,
    warnings.PLACES_ALONE,
    warnings.BAD_CHECKSUM,
    warnings.COMMA_DECIMALS,
    warnings.NO_FIX,
    warnings.DUPLICATES,
    warnings.SINGLE_POINT,
    warnings.NO_ELEVATION,
    warnings.PARTLY_ELEVATED,
    warnings.NO_TIMES,
    warnings.PARTLY_TIMED,
    warnings.NO_ZONE,
)
CONSEQUENCES = {
    **{kind.code: Consequence.NOTE for kind in NOTES},
    **{kind.code: Consequence.LEFT_OUT for kind in LEFT_OUT},
    **{kind.code: Consequence.CHANGED for kind in CHANGED},
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """The remarks of a report, as tracks keep them, by what came of them."""

    changed: list[dict[str, Any]]
    left_out: list[dict[str, Any]]
    notes: list[dict[str, Any]]


def consequence_of(code: str) -> Consequence:
    """Of an earlier version's remark that is not made any more: a note."""
    return CONSEQUENCES.get(code, Consequence.NOTE)


def make_receipt(report: Sequence[dict[str, Any]]) -> Receipt:
    def those(consequence: Consequence) -> list[dict[str, Any]]:
        return [remark for remark in report if consequence_of(remark["code"]) is consequence]

    return Receipt(
        changed=those(Consequence.CHANGED),
        left_out=those(Consequence.LEFT_OUT),
        notes=those(Consequence.NOTE),
    )
