"""The example files and the page about variables, written from the table."""

import textwrap
from collections.abc import Iterator, Mapping

from contravento_ops.environment.variables.table import PLACEHOLDER, SECTIONS, VARIABLES, Variable
from contravento_ops.kit.paths import ENVIRONMENTS, EnvironmentName

WIDTH = 98
PAGE = "docs/guides/environment-variables.md"


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
    yield "# Environment variables"
    yield ""
    yield "What stands in `.env.dev`, `.env.staging` and `.env.prod`. This page is written from the"
    yield "same table as the examples and the checks by `tools/ops_files.py`; a test compares."
    for section in SECTIONS:
        yield f"\n## {section.title}\n"
        yield "| variable | dev | staging | prod | meaning |"
        yield "| --- | --- | --- | --- | --- |"
        for variable in section.variables:
            cells = [_cell(variable, environment) for environment in ENVIRONMENTS]
            yield f"| `{variable.name}` | {' | '.join(cells)} | {variable.meaning} |"


def _cell(variable: Variable, environment: EnvironmentName) -> str:
    if variable.is_secret:
        return f"made, {variable.lengths[environment]}"
    value = variable.values.get(environment, "")
    return f"`{value}`" if value else ""
