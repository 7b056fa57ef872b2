"""When each secret was made: kept in the environment file, beside what it is about."""

import time
from collections.abc import Mapping
from pathlib import Path

from contravento_ops.environment import file
from contravento_ops.environment.variables.table import VARIABLES

VARIABLE = "SECRETS_MADE"
OLD_DAYS = 90
DAY_SECONDS = 86400
# Built from a secret, or one that is on its way out.
NO_SECRETS_OF_THEIR_OWN = frozenset({"DATABASE_URL", "REDIS_URL", "SECRET_KEY_PREVIOUS"})
SECRETS = tuple(
    variable.name
    for variable in VARIABLES.values()
    if variable.is_sensitive and variable.name not in NO_SECRETS_OF_THEIR_OWN
)


def read(values: Mapping[str, str]) -> dict[str, int]:
    """Seconds since 1970, by the secret's name; what is no moment is left out."""
    found = (part.partition(":") for part in values.get(VARIABLE, "").split(","))
    return {name: int(moment) for name, _, moment in found if moment.isdecimal()}


def note(path: Path, *made: str, now: float | None = None) -> None:
    """These were made now; one that nothing is known of cannot be told from them."""
    found = file.read(path)
    if found is None:
        return
    known, moment = read(found.values), int(time.time() if now is None else now)
    noted = {
        name: moment if name in made else known.get(name, moment)
        for name in SECRETS
        if name in found.values
    }
    if noted != known:
        file.put(path, VARIABLE, ",".join(f"{name}:{at}" for name, at in noted.items()))


def days(made_at: int, now: float | None = None) -> float:
    return ((time.time() if now is None else now) - made_at) / DAY_SECONDS
