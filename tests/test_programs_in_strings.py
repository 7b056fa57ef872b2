"""Programs that tests run elsewhere stand in strings, where no type checker follows a move."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module  # noqa: TID251  (names that are found in texts)
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent
IMPORT = re.compile(r"\bfrom (contravento[\w.]*) import ([\w, ]+)")


def imports() -> Iterator[tuple[str, str]]:
    """Module and name of each import in a string of these tests."""
    for file in sorted(HERE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for module, names in IMPORT.findall(node.value):
                    yield from ((module, name.split()[0]) for name in names.split(","))


@pytest.mark.parametrize(("module", "name"), sorted(set(imports())))
def test_what_a_program_in_a_string_imports_is_there(module: str, name: str) -> None:
    assert hasattr(import_module(module), name) or find_spec(f"{module}.{name}")
