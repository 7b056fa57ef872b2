"""The example files and the page about variables, written from the table."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping

from contravento_ops.environment.variables.table import (
    PLACEHOLDER,
    SECTIONS,
    VARIABLES,
    WITHOUT_COMPOSE,
    Variable,
)
from contravento_ops.kit.paths import ENVIRONMENTS, EnvironmentName

WIDTH = 98
PAGE = "docs/guides/environment-variables.md"
INTRODUCTION = """\
# Environment variables

What stands in `.env.dev`, `.env.staging` and `.env.prod`, and what the application reads.
*Default* is what holds without a line; a host's file says what its column says. A wrong or
missing value is one sentence on standard error, and exit status 2; `./deploy.sh …
check-environment` says it before. `make run` suggests values for all of them.

`HOST` and `PORT` are options of `contravento web` and `contravento run` (`127.0.0.1`, `8000`),
and of `contravento worker` (`127.0.0.1`, `8001`), which listens only if `METRICS` is true.
`contravento run` besides knows `VAR` (`var`), the folder of all data, and `DEMO` (`1`).

This page, the example files and Compose's `x-settings` are written by `tools/ops_files.py` from
one table; a test compares."""


def example(environment: EnvironmentName) -> str:
    """What `.env.<environment>.example` holds: what is set there, and where the rest is told."""
    named = {name: suggested(variable, environment) for name, variable in VARIABLES.items()}
    return written(environment, {name: value for name, value in named.items() if value})


def written(environment: EnvironmentName, values: Mapping[str, str]) -> str:
    """The table's order and remarks, with these values."""
    return "\n".join(_lines(environment, values)) + "\n"


def _lines(environment: EnvironmentName, values: Mapping[str, str]) -> Iterator[str]:
    yield f"# The {environment} environment. `./deploy.sh {environment} init` makes a file from it,"
    yield "# with every secret in it; by hand: copy it, replace each change-me, chmod 600."
    yield "# One NAME=value a line, without quotes, spaces around =, remarks behind, or $."
    yield f"# All that can be set besides: {PAGE}"
    for section in SECTIONS:
        variables = [variable for variable in section.variables if variable.name in values]
        if variables:
            yield ""
            yield f"## {section.title}"
        for variable in variables:
            yield ""
            yield from textwrap.wrap(
                _explained(variable, environment),
                WIDTH,
                initial_indent="# ",
                subsequent_indent="# ",
            )
            yield f"{variable.name}={values[variable.name]}"


def _explained(variable: Variable, environment: EnvironmentName) -> str:
    if variable.is_secret:
        return f"{variable.meaning}; at least {variable.lengths[environment]} characters"
    return variable.meaning


def suggested(variable: Variable, environment: EnvironmentName) -> str:
    if variable.is_secret and environment in variable.required:
        return PLACEHOLDER
    return variable.values.get(environment, "")


def page() -> str:
    """What docs/guides/environment-variables.md holds."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    yield INTRODUCTION
    for section in (*SECTIONS, WITHOUT_COMPOSE):
        yield f"\n## {section.title}\n"
        yield "| variable | default | dev | staging | prod | meaning |"
        yield "| --- | --- | --- | --- | --- | --- |"
        for variable in section.variables:
            default = f"`{variable.default}`" if variable.default else ""
            cells = [default, *(_cell(variable, environment) for environment in ENVIRONMENTS)]
            meaning = f"{variable.meaning}. {variable.more}" if variable.more else variable.meaning
            yield f"| `{variable.name}` | {' | '.join(cells)} | {meaning} |"


def _cell(variable: Variable, environment: EnvironmentName) -> str:
    if variable.is_secret:
        return f"made, {variable.lengths[environment]}"
    value = variable.values.get(environment, "")
    return f"`{value}`" if value else ""


# --- what Compose hands to the application

IN_FULL = {
    "DOMAIN": "&domain ${DOMAIN:?set it in the env file to the name that riders use}",
    "SECRET_KEY": "${SECRET_KEY:?set it in the env file; ./deploy.sh makes one}",
    # The application's own role, which may change rows and nothing else.
    "DATABASE_URL": "${DATABASE_URL:-postgresql+asyncpg://${POSTGRES_APP_ROLE:-contravento_app}"
    ":${POSTGRES_APP_PASSWORD}@postgres:5432/${POSTGRES_DB:-contravento}}",
    "REDIS_URL": "${REDIS_URL:-redis://:${REDIS_PASSWORD}@redis:6379/1}",
    "STORAGE_S3_REGION": "${STORAGE_S3_REGION:-}",
    "METRICS": "${METRICS:-true}",
    "GIT_COMMIT": "${TAG:-}",
    # Only nginx, which writes X-Forwarded-* itself, is believed about who is asking.
    "TRUSTED_PROXIES": "${NETWORK_PREFIX:-10.213.42}.10",
}
BEGIN, END = "x-settings: &settings", "x-repository: &repository"
REMARK = "written by tools/ops_files.py; an empty one is not set"


def compose_file(text: str, settings: Iterable[str]) -> str:
    """docker-compose.yml with `x-settings` as the table says."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    lines = "".join(f"  {name}: {_expression(name)}\n" for name in settings)
    return f"{before}{BEGIN} # {REMARK}\n{lines}\n{END}{after}"


def _expression(name: str) -> str:
    return IN_FULL.get(name) or f"${{{name}:-{VARIABLES[name].default}}}"
