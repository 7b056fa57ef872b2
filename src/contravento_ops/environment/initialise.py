"""Making an environment file: what is asked, what is made, and never what is there already."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from contravento_ops.environment import examples, file, secret_ages, secrets, urls
from contravento_ops.environment.variables.table import VARIABLES, Variable
from contravento_ops.kit.paths import EnvironmentName, EnvironmentPaths

BUILT: Mapping[str, tuple[Callable[[Mapping[str, str]], str], tuple[str, ...]]] = {
    "DATABASE_URL": (
        urls.database_url,
        ("POSTGRES_APP_PASSWORD", "POSTGRES_DB"),
    ),
    "DATABASE_REPLICA_URL": (
        urls.replica_url,
        ("DATABASE_REPLICA_URL", "POSTGRES_APP_PASSWORD"),
    ),
    "REDIS_URL": (urls.redis_url, ("REDIS_PASSWORD",)),
}

type Ask = Callable[[Variable, str], str]


@dataclass(frozen=True, slots=True)
class Outcome:
    created: bool
    added: tuple[str, ...]


def initialise(paths: EnvironmentPaths, given: Mapping[str, str], ask: Ask) -> Outcome:
    """Make the file, or add what an upgrade brought; nothing that stands there changes."""
    before = file.read(paths.env_file)
    if before is None:
        values = _fresh(paths.environment, given, ask)
        file.create(paths.env_file, _written(paths.environment, values))
        secret_ages.note(paths.env_file)
        return Outcome(True, tuple(values))
    added = _missing(paths.environment, before.values, given)
    if added:
        file.add(paths.env_file, added, "Added by `init`; what stood above is as it was.")
    secret_ages.note(paths.env_file)
    return Outcome(False, tuple(added))


def _fresh(environment: EnvironmentName, given: Mapping[str, str], ask: Ask) -> dict[str, str]:
    values: dict[str, str] = {}
    for variable in VARIABLES.values():
        suggestion = variable.values.get(environment, "")
        if variable.name in given:
            value = given[variable.name]
        elif variable.is_secret:
            value = secrets.make(variable.lengths[environment])
        elif _is_asked(variable, environment):
            value = ask(variable, suggestion)
        else:
            value = suggestion
        if value:
            values[variable.name] = value
    others = {name: value for name, value in given.items() if name not in VARIABLES}
    return {**values, **_built(values), **others}


def _is_asked(variable: Variable, environment: EnvironmentName) -> bool:
    """Nobody is asked for what the example of this environment leaves to others."""
    is_for_others = bool(variable.values) and environment not in variable.values
    return bool(variable.asked) and environment != "dev" and not is_for_others


def _missing(
    environment: EnvironmentName, there: Mapping[str, str], given: Mapping[str, str]
) -> dict[str, str]:
    """What is required of a file of before, or built; and whatever was given by hand."""
    added = {name: value for name, value in given.items() if name not in there and value}
    for variable in VARIABLES.values():
        is_needed = environment in variable.required and variable.name not in {**there, **added}
        if is_needed and variable.is_secret:
            added[variable.name] = secrets.make(variable.lengths[environment])
        elif is_needed and variable.is_added:
            added[variable.name] = variable.values[environment]
    return {**added, **_built({**there, **added})}


def _built(values: Mapping[str, str]) -> dict[str, str]:
    return {
        name: build(values)
        for name, (build, needed) in BUILT.items()
        if name not in values and all(each in values for each in needed)
    }


def _written(environment: EnvironmentName, values: Mapping[str, str]) -> str:
    """The example's order and remarks, with these values; what else was given stands at the end."""
    others = {name: value for name, value in values.items() if name not in VARIABLES}
    ending = f"\n{file.assignments(others)}" if others else ""
    return examples.written(environment, values) + ending
