"""Every variable of an environment file: the one table that examples, checks and docs come from."""

from contravento_ops.environment.variables.addresses import PORTS
from contravento_ops.environment.variables.application import (
    FILES,
    LOGS,
    MAIL,
    SECRETS,
    SITE,
    WITHOUT_COMPOSE,
)
from contravento_ops.environment.variables.host import (
    BACKUPS,
    CERTIFICATE,
    CHECKS,
    DATABASE,
    EDGE,
    MONITORING,
    REDIS,
)
from contravento_ops.environment.variables.variable import PLACEHOLDER, Section, Variable

__all__ = ["PLACEHOLDER", "SECTIONS", "SET_BY_US", "VARIABLES", "WITHOUT_COMPOSE", "Variable"]

SECTIONS: tuple[Section, ...] = (
    SITE,
    SECRETS,
    DATABASE,
    REDIS,
    FILES,
    MAIL,
    CERTIFICATE,
    EDGE,
    BACKUPS,
    MONITORING,
    CHECKS,
    LOGS,
    PORTS,
)

VARIABLES: dict[str, Variable] = {
    each.name: each for section in SECTIONS for each in section.variables
}

# What Compose itself, deploy.sh or the image sets; they are no lines of an environment file.
SET_BY_US = frozenset(
    {"CONTRAVENTO_ENVIRONMENT", *(variable.name for variable in WITHOUT_COMPOSE.variables)}
)
