"""What the documentation tells people to type exists."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
BLOCKS = [
    (page.relative_to(ROOT).as_posix(), line)
    for page in PAGES
    for block in re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL)
    for line in block.splitlines()
]
LINKS = [
    (page.relative_to(ROOT).as_posix(), link)
    for page in PAGES
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
]


@pytest.mark.parametrize(("page", "line"), BLOCKS)
def test_every_command_is_known(page: str, line: str) -> None:
    """make says what it would do; deploy.sh knows the verb."""
    kinds = {"make": f"{line} --dry-run", "./deploy.sh": f"{line} --help"}
    program = line.split()[0]
    assert program in kinds, f"{page}: teach this test how to try «{line}»"
    subprocess.run(["sh", "-c", kinds[program]], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize(("page", "link"), LINKS)
def test_every_link_leads_to_a_file(page: str, link: str) -> None:
    assert (ROOT / page).parent.joinpath(link).exists(), f"{page} → {link}"
