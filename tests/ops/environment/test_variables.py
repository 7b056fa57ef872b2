"""The one table of variables covers the application's settings and the compose files, no more."""

import ast
import re
from pathlib import Path

import pytest
from tools import ops_files

from contravento_ops.environment import examples
from contravento_ops.environment.variables.table import SET_BY_US, VARIABLES
from contravento_ops.kit.paths import EnvironmentName

ROOT = Path(__file__).parents[3]
SETTINGS = ROOT / "src" / "contravento" / "kit" / "settings.py"
COMPOSE_FILES = sorted(ROOT.glob("docker-compose*.yml"))


def settings_of_the_application() -> set[str]:
    """Read as text: the operations package imports nothing of the application."""
    tree = ast.parse(SETTINGS.read_text())
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    (settings,) = [each for each in classes if each.name == "Settings"]
    return {
        node.target.id.upper()
        for node in settings.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }


def variables_of(compose: Path) -> set[str]:
    return set(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)", compose.read_text()))


def test_every_setting_of_the_application_is_explained() -> None:
    assert settings_of_the_application() - set(VARIABLES) - SET_BY_US == set()


@pytest.mark.parametrize("compose", COMPOSE_FILES, ids=lambda path: path.name)
def test_every_variable_of_a_compose_file_is_explained(compose: Path) -> None:
    assert variables_of(compose) - set(VARIABLES) - SET_BY_US == set()


def test_no_variable_is_explained_that_nobody_reads() -> None:
    read = settings_of_the_application().union(
        *(variables_of(compose_file) for compose_file in COMPOSE_FILES)
    )

    assert set(VARIABLES) - read - LATER - OURS == set()


# Grafana comes with monitoring; its password is made with the others, so that none is forgotten.
LATER = {"GRAFANA_ADMIN_USER", "GRAFANA_ADMIN_PASSWORD"}
# Read on the host alone, by deploy.sh and Compose; no container sees them.
OURS = {
    "COMPOSE_PROFILES",
    "CHECK_MAIL_TO",
    "CHECK_INBOX_URL",
    "DATABASE_POOLER",
    "CERTIFICATE_FOLDER",
}


@pytest.mark.parametrize("path", ops_files.files(), ids=lambda path: path.name)
def test_files_that_follow_from_others_are_up_to_date(path: Path) -> None:
    assert path.read_text() == ops_files.files()[path], "run python tools/ops_files.py"


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_an_example_holds_what_is_set_and_a_link_for_the_rest(environment: EnvironmentName) -> None:
    example = (ROOT / f".env.{environment}.example").read_text()
    named = {name for name, each in VARIABLES.items() if examples.suggested(each, environment)}

    assert set(re.findall(r"^([A-Z0-9_]+)=", example, re.M)) == named
    assert not re.findall(r"^#[A-Z0-9_]+=", example, re.M)
    assert examples.PAGE in example


def test_the_page_names_every_variable() -> None:
    page = (ROOT / examples.PAGE).read_text()

    assert set(re.findall(r"^\| `([A-Z0-9_]+)` \|", page, re.M)) >= set(VARIABLES)
