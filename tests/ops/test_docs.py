"""The pages about the deployment program say what it does: verbs, statuses, checks, sentences."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contravento_ops import main
from contravento_ops.acceptance.registry import BOXES
from contravento_ops.host.checks import CHECKS
from contravento_ops.kit.errors import MEANINGS
from contravento_ops.load.k6 import Profile
from tests.docs.pages import FENCE

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "deployment" / "reference.md").read_text()
CHECKLIST = (ROOT / "docs" / "guides" / "production-checklist.md").read_text()
LOAD = (ROOT / "docs" / "guides" / "load-testing.md").read_text()
TROUBLES = (ROOT / "docs" / "guides" / "troubleshooting.md").read_text()
PROGRAM = "\n".join(
    re.sub(r'"\n\s*f?"', "", file.read_text())
    for folder in ("contravento_ops", "contravento")
    for file in sorted((ROOT / "src" / folder).rglob("*.py"))
)
VARYING = r"…|[;:(]|\d[\d, ]*|SECRET_KEY|SMTP_HOST|\.env\.staging|prod$"
# What a table quotes, without what differs each time (…, and figures).
QUOTED = [
    part.strip()
    for line in TROUBLES.splitlines()
    if line.startswith("| `")
    for part in re.split(VARYING, line.split("`")[1])
    if len(part.strip()) > 8
]


def rows(page: str, head: str) -> dict[str, str]:
    """The first two cells of the table with this head."""
    table = page.partition(head)[2].partition("\n\n")[0]
    cells = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return {cell[0].strip("`"): cell[1] for cell in cells}


def test_every_exit_status_is_explained_as_the_program_means_it() -> None:
    found = rows(REFERENCE, "## Exit status\n\n| status | meaning |")

    assert found == {str(int(status)): words for status, words in MEANINGS.items()}


def test_every_check_is_named_as_it_is_in_the_program() -> None:
    found = rows(REFERENCE, "which leaves a warning.\n\n| name | looks at |")

    assert list(found) == list(CHECKS)
    for name in set(CHECKS) - {"dns", "attempts", "firewall"}:
        assert found[name].capitalize() == str(CHECKS[name].__doc__).rstrip(".").capitalize()


def test_every_box_is_named_as_it_is_in_the_program() -> None:
    assert rows(CHECKLIST, "| box | green if |") == {box.name: box.title for box in BOXES}


def test_every_profile_of_a_load_is_explained() -> None:
    assert set(rows(LOAD, "| `--profile` | riders |")) == set(Profile)


def test_every_verb_is_explained() -> None:
    found = {cell.split()[0] for cell in rows(REFERENCE, "| verb | does |")}

    assert found == {str(command.name) for command in main.app.registered_commands}


@pytest.mark.parametrize(
    "page",
    [REFERENCE, TROUBLES, CHECKLIST],
    ids=["reference", "troubleshooting", "checklist"],
)
def test_every_option_that_a_page_names_exists(page: str) -> None:
    helps = " ".join(
        CliRunner().invoke(main.app, [str(command.name), "--help"], env={"COLUMNS": "200"}).output
        for command in main.app.registered_commands
    )

    said = FENCE.sub("", page)  # what is typed there is tried elsewhere
    for option in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", said)) - {"--no-stream"}:
        assert option in helps, option


@pytest.mark.parametrize("words", sorted(set(QUOTED)))
def test_every_sentence_that_is_quoted_is_one_that_the_program_says(words: str) -> None:
    alternatives = [words, words.replace("`", "")]

    assert any(alternative in PROGRAM for alternative in alternatives)
