"""The example files and the page about variables, written from the table."""

import textwrap
from collections.abc import Iterator

from contravento_ops.environment.variables.table import PLACEHOLDER, SECTIONS, Variable
from contravento_ops.kit.paths import ENVIRONMENTS, EnvironmentName

WIDTH = 98


def example(environment: EnvironmentName) -> str:
    """What `.env.<environment>.example` holds."""
    return "\n".join(_lines(environment)) + "\n"


def _lines(environment: EnvironmentName) -> Iterator[str]:
    yield f"# The {environment} environment. `./deploy.sh {environment} init` makes a file from it,"
    yield "# with every secret in it; by hand: copy it, replace each change-me, chmod 600."
    yield "# One NAME=value a line, without quotes, spaces around =, remarks behind, or $."
    for section in SECTIONS:
        yield ""
        yield f"## {section.title}"
        for variable in section.variables:
            yield from _assignment(variable, environment)


def _assignment(variable: Variable, environment: EnvironmentName) -> Iterator[str]:
    yield ""
    yield from textwrap.wrap(
        _explained(variable, environment), WIDTH, initial_indent="# ", subsequent_indent="# "
    )
    value = suggested(variable, environment)
    yield f"{variable.name}={value}" if value else f"#{variable.name}={variable.default}"


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
