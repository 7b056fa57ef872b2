"""The steps of a move, as values: which are still to be done is seen from what runs."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from contravento_ops.kit.steps import Step

FOLDER = "file:///var/lib/contravento/storage"
URL, FALLBACK = "STORAGE_URL", "STORAGE_FALLBACK_URL"
BY_SIZE, ROLLED = "depends on the files", "2 min"
UNDONE_BY_FILE = "the environment file as it was; backend by backend"


class Kind(StrEnum):
    LOOK = "look"
    COPY = "copy"
    LEARN = "learn"
    MARK = "mark"
    SWITCH = "switch"
    CATCH_UP = "catch up"
    VERIFY = "verify"
    FORGET = "forget"
    EMPTY = "empty"


type MigrationStep = Step[Kind]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a process was started with: where it writes, and where it looks besides."""

    url: str
    fallback: str = ""

    @classmethod
    def of(cls, values: Mapping[str, str]) -> "Standing":
        return cls(values.get(URL) or FOLDER, values.get(FALLBACK, ""))

    @property
    def values(self) -> dict[str, str]:
        return {URL: self.url, FALLBACK: self.fallback}


@dataclass(frozen=True, slots=True)
class Move:
    """Every process passes through these four, in this order, none before all are at the one
    before: so whatever one of them writes, every other one finds."""

    source: str
    target: str

    @property
    def before(self) -> Standing:
        return Standing(self.source)

    @property
    def learned(self) -> Standing:
        return Standing(self.source, self.target)

    @property
    def switched(self) -> Standing:
        return Standing(self.target, self.source)

    @property
    def after(self) -> Standing:
        return Standing(self.target)

    @property
    def way(self) -> tuple[Standing, ...]:
        return (self.before, self.learned, self.switched, self.after)

    @property
    def back(self) -> "Move":
        return Move(self.target, self.source)

    def least(self, standings: Collection[Standing]) -> Standing:
        """Of the process that is furthest behind. Raises ValueError where one is not on the way."""
        return self.way[min(self.way.index(standing) for standing in standings)]


def steps(move: Move, standings: Collection[Standing]) -> tuple[MigrationStep, ...]:
    """Up to where everything is in the new place, and the old one is still looked into."""
    return tuple(_steps(move, standings))


def back_steps(move: Move, standings: Collection[Standing]) -> tuple[MigrationStep, ...]:
    """The same way, of the move in the other direction; and then alone."""
    return (*_steps(move, standings), _forget(move))


def finishing_steps(move: Move, standings: Collection[Standing]) -> tuple[MigrationStep, ...]:
    forget = () if set(standings) == {move.after} else (_forget(move),)
    return (_look(move), _verify(move), *forget, _empty(move))


def _steps(move: Move, standings: Collection[Standing]) -> Iterator[MigrationStep]:
    yield _look(move)
    if not set(standings) <= {move.switched, move.after}:
        yield Step(
            Kind.COPY,
            f"copy everything to {move.target}, while {move.source} is served",
            BY_SIZE,
            "what was copied stays; nobody reads it",
        )
        if move.before in standings:
            yield Step(
                Kind.LEARN,
                f"every process looks into {move.target} for what it does not find",
                ROLLED,
                UNDONE_BY_FILE,
                announced=False,
            )
        title = f"ask the clock of {move.target}"
        yield Step(Kind.MARK, title, "1 s", "nothing was changed", announced=False)
        yield Step(
            Kind.SWITCH,
            f"every process writes to {move.target}, and looks into {move.source} besides",
            ROLLED,
            UNDONE_BY_FILE,
            announced=False,
        )
    yield Step(
        Kind.CATCH_UP,
        "copy what came to the old place until the last process had switched",
        BY_SIZE,
        "what was copied stays",
    )
    yield _verify(move)


def _look(move: Move) -> MigrationStep:
    return Step(
        Kind.LOOK,
        f"write, read and delete a file in {move.source} and {move.target}",
        "5 s",
        "not needed",
    )


def _verify(move: Move) -> MigrationStep:
    return Step(
        Kind.VERIFY,
        "compare every file that the database speaks of, by its hash",
        BY_SIZE,
        "not needed; what differs is copied anew",
    )


def _forget(move: Move) -> MigrationStep:
    return Step(
        Kind.FORGET,
        f"no process looks into {move.source} any more",
        ROLLED,
        UNDONE_BY_FILE,
        announced=False,
    )


def _empty(move: Move) -> MigrationStep:
    undo = "there is none: this is the last step"
    return Step(Kind.EMPTY, f"empty {move.source}", BY_SIZE, undo)
