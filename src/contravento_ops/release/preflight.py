"""Whether a release may come to this database while the one before goes on serving."""

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pending:
    revision: str
    title: str
    is_compatible: bool


@dataclass(frozen=True, slots=True)
class Migrations:
    """What `contravento migrate --plan --json` of the new image says."""

    current: str | None
    head: str
    is_known: bool
    pending: tuple[Pending, ...]
    works_with: tuple[str, ...]


def read(said: str) -> Migrations | None:
    """The last line that is a plan; None where there is none."""
    for line in reversed(said.splitlines()):
        try:
            found = json.loads(line)
            pending = tuple(Pending(**each) for each in found.pop("pending"))
            works_with = tuple(found.pop("works_with"))
            return Migrations(pending=pending, works_with=works_with, **found)
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
    return None


def judge(found: Migrations, *, is_serving: bool, going_back: bool) -> str | None:
    """Why the release is refused before anything is touched; None if it is not."""
    if not found.is_known:
        return _judge_older(found, going_back=going_back)
    breaking = [each for each in found.pending if not each.is_compatible]
    if is_serving and breaking:
        names = ", ".join(f"{each.revision} ({each.title})" for each in breaking)
        return (
            f"The release is refused: the running code does not work with the database after"
            f" {names}. Bring the change in two compatible releases, or stop the application first"
            " (./deploy.sh … stop) and accept the pause."
        )
    return None


def _judge_older(found: Migrations, *, going_back: bool) -> str | None:
    """The database has had migrations that this release does not know."""
    if found.head not in found.works_with:
        return (
            f"The release is refused: it is older than the database, which is at {found.current},"
            f" and does not work with it (it knows {found.head}). Migrations are not undone;"
            " restore a backup of then if you must go there."
        )
    if not going_back:
        return (
            "The release is refused: it is older than the one that migrated the database"
            f" ({found.current}). It works with it; if that is what you want, say rollback."
        )
    return None
