"""What is known of a variable of an environment file."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from contravento_ops.environment import validators
from contravento_ops.environment.validators import Check
from contravento_ops.kit.paths import ENVIRONMENTS, EnvironmentName

PLACEHOLDER = "change-me"
CATCHER = "mail"


@dataclass(frozen=True, slots=True)
class Variable:
    """`values` are what an example suggests, by environment; without one the line is commented.

    A secret has a least length by environment, and is made by `init`. An `asked` one is asked for;
    one that `is_added` is added by `init` to a file of before. The page alone has `more`.
    """

    name: str
    meaning: str
    check: Check = validators.text
    values: Mapping[EnvironmentName, str] = field(default_factory=dict)
    lengths: Mapping[EnvironmentName, int] = field(default_factory=dict)
    required: frozenset[EnvironmentName] = frozenset()
    is_sensitive: bool = False
    asked: str = ""
    is_added: bool = False
    default: str = ""
    more: str = ""

    @property
    def is_secret(self) -> bool:
        """Made by us, at a length of ours."""
        return bool(self.lengths)


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    variables: tuple[Variable, ...]


ALL: frozenset[EnvironmentName] = frozenset(ENVIRONMENTS)
SERVED: frozenset[EnvironmentName] = frozenset({"staging", "prod"})


def by_environment(dev: str, staging: str, prod: str) -> dict[EnvironmentName, str]:
    return {"dev": dev, "staging": staging, "prod": prod}


def same(value: str) -> dict[EnvironmentName, str]:
    return by_environment(value, value, value)


def long(dev: int, staging: int, prod: int) -> dict[EnvironmentName, int]:
    return {"dev": dev, "staging": staging, "prod": prod}
