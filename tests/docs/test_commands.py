"""What the documentation tells people to type exists; what is for hosts is typed elsewhere.

tests/stack/test_docs_commands.py types every command of docs/deployment/ and docs/guides/, but for
those of pages that need a whole staging to themselves, which test_check_pages.py, test_rotation.py
and test_parity.py beside it type, for Kubernetes', which tests/kubernetes/test_page.py does, and
for a Swarm's, which test_swarm.py does.
"""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Command, commands, indented_blocks
from tests.kubernetes.test_page import PAGE as PAGE_OF_KUBERNETES
from tests.stack.alone.test_check_pages import PAGES_OF_THE_CHECK
from tests.stack.alone.test_parity import PAGE_OF_PARITY
from tests.stack.alone.test_rotation import PAGE_OF_SECRETS
from tests.stack.swarm_page import PAGE as PAGE_OF_A_SWARM
from tests.stack.test_docs_commands import (
    ANSWERS,
    AWAITED,
    ENDS,
    NOT_TYPED,
    ORDER,
    OTHERWISE,
    TOLD_MORE,
)

PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
HOSTS = sorted({*ROOT.glob("docs/deployment/*.md"), *ORDER})
TYPED = [each for page in ORDER for each in commands(page)]
PAGES_APART = (*PAGES_OF_THE_CHECK, PAGE_OF_SECRETS, PAGE_OF_PARITY)
APART_PAGES = [
    *(ROOT / "docs" / "guides" / name for name in PAGES_APART),
    PAGE_OF_KUBERNETES,
    PAGE_OF_A_SWARM,
]
ELSEWHERE = [
    each for page in PAGES if page not in (*ORDER, *APART_PAGES) for each in commands(page)
]
WINDOWS = [each for page in PAGES for each in commands(page, "powershell")]
LINKS = [
    (page.relative_to(ROOT).as_posix(), link)
    for page in PAGES
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
]


@pytest.mark.parametrize("command", ELSEWHERE, ids=str)
def test_a_command_on_other_pages_is_known(command: Command) -> None:
    """make says what it would do; deploy.sh knows the verb, or it is typed on a page for hosts."""
    words = command.words
    if words in {each.words for each in TYPED}:
        return
    program = words.split()[0]
    kinds = {"make": f"{words} --dry-run", "./deploy.sh": f"{' '.join(words.split()[:3])} --help"}
    assert program in kinds, f"{command}: type it on a page for hosts, where it is tried"
    tried(kinds[program])


@cache
def tried(words: str) -> None:
    """Once, however many pages say so."""
    subprocess.run(["sh", "-c", words], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("command", WINDOWS, ids=str)
def test_windows_has_the_same_words(command: Command) -> None:
    assert command.words.replace(".\\deploy.ps1", "./deploy.sh") in {each.words for each in TYPED}


def test_every_page_for_hosts_is_typed_or_has_nothing_to_type() -> None:
    assert not [page for page in HOSTS if page not in (*ORDER, *APART_PAGES) and commands(page)]
    assert set(ORDER) <= set(HOSTS)


@pytest.mark.parametrize("page", HOSTS, ids=lambda page: page.name)
def test_no_command_hides_where_nobody_types_it(page: Path) -> None:
    assert indented_blocks(page) == []


def test_the_lists_of_exceptions_are_of_use_and_short() -> None:
    typed = {each.words for each in TYPED}
    told = "\n".join("\n".join((each.words, *each.shown)) for each in TYPED)
    in_their_places = {(each.page.rpartition("/")[2], each.section, each.words) for each in TYPED}

    for table in (NOT_TYPED, TOLD_MORE, ANSWERS, AWAITED):
        assert set(table) <= typed
    assert set(ENDS) <= in_their_places
    assert [said for said in OTHERWISE if said not in told] == []
    assert len(NOT_TYPED) < len(typed) / 5


@pytest.mark.parametrize(("page", "link"), LINKS)
def test_every_link_leads_to_a_file(page: str, link: str) -> None:
    assert (ROOT / page).parent.joinpath(link).exists(), f"{page} → {link}"
