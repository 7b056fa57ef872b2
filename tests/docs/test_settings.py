"""The page about settings names each of them with its default."""

import re
from pathlib import Path

import pytest

from contravento.kit.settings import Settings
from contravento_ops.environment import examples
from contravento_ops.environment.variables.table import VARIABLES

PAGE = Path(__file__).parents[2] / examples.PAGE
ROWS = {
    name: row
    for row in PAGE.read_text().splitlines()
    if row.startswith("| `")
    for name in re.findall(r"`([A-Z0-9_]+)`", row.split("|")[1])
}


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_explained_with_its_default(name: str) -> None:
    row = ROWS[name.upper()]
    default = Settings.model_fields[name].default
    if isinstance(default, bool):
        assert f"`{str(default).lower()}`" in row
    elif isinstance(default, str | int):
        assert f"`{default}`" in row


def test_nothing_is_explained_that_does_not_exist() -> None:
    assert set(ROWS) == {name.upper() for name in Settings.model_fields} | set(VARIABLES)
