"""Every command of the pages for hosts is typed on a host, and prints what the page shows.

The pages tell one story: a clone, an environment file, staging, its containers, troubles, dev,
prod. Each page has a shell of its own. What is not typed here stands in NOT_TYPED with its reason.
"""

import time
from collections.abc import Iterator
from itertools import groupby

import pytest

from tests.docs.pages import ROOT, Command, commands, missing
from tests.stack.documented import DOMAINS, Ended, Reader, Shell, a_reader, mode_of
from tests.stack.releases import prove

pytestmark = pytest.mark.stack

DEPLOYMENT, GUIDES = ROOT / "docs" / "deployment", ROOT / "docs" / "guides"
ORDER = (
    *(DEPLOYMENT / f"{name}.md" for name in ("staging", "containers", "reference")),
    *(GUIDES / f"{name}.md" for name in ("environment-variables", "troubleshooting")),
    *(DEPLOYMENT / f"{name}.md" for name in ("dev", "prod", "local-dev")),
)
APART = "By hand instead of init"  # in a clone of its own, which has no environment file yet
AT_LAST = "Take it all away"  # of staging, when the other pages are done with it

NOT_TYPED = {
    "apt-get install docker.io docker-compose-v2 python3-venv git curl": "changes this machine",
    "dig staging.example.org +short": "asks the internet",
    "nslookup staging.example.org": "asks the internet",
    "ufw default deny incoming": "changes this machine",
    "ufw allow from YOUR.OWN.ADDRESS to any port 22 proto tcp": "changes this machine",
    "ufw allow 80/tcp": "changes this machine",
    "ufw allow 443/tcp": "changes this machine",
    "ufw allow 443/udp": "changes this machine",
    "ufw enable": "changes this machine",
    "ssh -L 5432:localhost:5432 YOU@staging.example.org": "needs a second machine",
    "docker image ls --filter reference=contravento --quiet | xargs -r docker rmi --force": (
        "removes other tests' images too"
    ),
    "make run": "typed by tests/e2e/test_run.py",
}
# What a page says → what this host says. Each must be of use.
OTHERWISE = {
    "https://git.example.org/contravento.git": "{origin} contravento",
    "openssl s_client -connect staging.example.org:443": (
        "openssl s_client -CAfile {roots} -connect 127.0.0.1:{https}"
    ),
    "staging.example.org": DOMAINS["staging"],
    "-f docker-compose.staging.yml": "-f docker-compose.staging.yml -f {overlay}",
    "-f docker-compose.prod.yml": "-f docker-compose.prod.yml -f {overlay}",
    "yml:docker-compose.staging.yml": "yml:docker-compose.staging.yml:{overlay}",
    "yml:docker-compose.dev.yml": "yml:docker-compose.dev.yml:{overlay}",
    "contravento-db-staging": "{project}-postgres-1",
    "contravento-postgres:18": "contravento-postgres:{project}",
    "✓ attempts none used here yet": "– attempts no certificate authority is asked",
    "✓ dns 203.0.113.7, 2001:db8::7": "– dns no public name here",
}
# Exact commands that this host is told more, so that it finds its authority and loses no time.
AUTHORITY = (
    " --set ACME_DIRECTORY=https://pebble:14000/dir"
    " --set ACME_DRY_RUN_DIRECTORY=https://pebble:14000/dir"
    " --set ACME_CA_BUNDLE={ca}"
)
TOLD_MORE = {
    "./deploy.sh staging init": AUTHORITY,
    "./deploy.sh prod init": " --set ACME_DIRECTORY=off",
    "./deploy.sh staging": " --bake-seconds 3",
    "./deploy.sh staging rollback": " --bake-seconds 3",
    "./deploy.sh prod": " --bake-seconds 3",
}
ANSWERS = {
    "./deploy.sh staging init": (
        DOMAINS["staging"],
        "smtp.docs.test",
        "",
        "",
        "",
        "diary@docs.test",
        "@docs.test",
        "host@docs.test",
    ),
    "./deploy.sh prod init": (
        DOMAINS["prod"],
        "smtp.docs.test",
        "",
        "",
        "",
        "diary@docs.test",
        "host@docs.test",
    ),
}
# The exit status where it is not 0, and why.
ENDS = {
    ("staging.md", APART, "./deploy.sh staging check-environment"): 3,  # placeholders
    ("staging.md", APART, "./deploy.sh staging init"): 3,  # the domain is the example's still
    (
        "staging.md",
        "From an empty server to HTTPS",
        "./deploy.sh staging exec backend contravento riders make-admin YOUR-NAME",
    ): 1,  # nobody yet
    ("staging.md", "Every day", 'docker compose logs backend | grep -i "error\\|exception"'): 1,
    (
        "troubleshooting.md",
        "Nobody gets mail",
        'docker compose logs worker | grep -ci "held back"',
    ): 1,  # none were
}
# Typed again until it ends well: how many seconds a reader may have to wait.
AWAITED = {
    './deploy.sh staging logs certbot | grep "Successfully received certificate"': 120,
    "./deploy.sh staging status": 30,  # nginx looks every ten seconds for a new certificate
}


def story() -> Iterator[tuple[str, list[Command]]]:
    typed = [command for page in ORDER for command in commands(page)]
    sections = [
        (f"{page.rpartition('/')[2]}: {section}", list(found))
        for (page, section), found in groupby(typed, lambda each: (each.page, each.section))
    ]
    staging_ends = [each for each in sections if each[0] == f"staging.md: {AT_LAST}"]
    for each in sections:
        if each[0] == sections_of("dev.md", sections)[0]:
            yield from staging_ends
        if each not in staging_ends:
            yield each


def sections_of(page: str, sections: list[tuple[str, list[Command]]]) -> list[str]:
    return [name for name, _ in sections if name.startswith(f"{page}: ")]


STORY = list(story())


@pytest.fixture(scope="module")
def reader(images: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with a_reader(tmp_path_factory.mktemp("docs")) as reader:
        yield reader


@pytest.mark.parametrize(("section", "typed"), STORY, ids=[name for name, _ in STORY])
def test_a_section_does_what_it_says(reader: Reader, section: str, typed: list[Command]) -> None:
    wrong = [type_it(reader, each) for each in typed if each.words not in NOT_TYPED]

    assert "\n\n".join(filter(None, wrong)) == ""


def type_it(reader: Reader, command: Command) -> str | None:
    """What went otherwise than the page says."""
    prepare(reader, command)
    page = command.page.rpartition("/")[2]
    before = "" if command.begins else reader.printed
    shown = tuple(on_this_host(reader, line, command) for line in command.shown)
    ended = until_well(reader, command, shown)
    reader.printed = f"{before}\n{ended.printed}"
    if ended.status != ENDS.get((page, command.section, command.words), 0):
        return f"{command}\nended with {ended.status}:\n{ended.printed}"
    unseen = missing(shown, reader.printed)
    return unseen and f"{command}\nnot printed: {unseen}\n{reader.printed}"


def until_well(reader: Reader, command: Command, shown: tuple[str, ...]) -> Ended:
    """At once, or where a reader has to wait, in the end."""
    more = "" if command.section == APART else TOLD_MORE.get(command.words, "")
    words = on_this_host(reader, command.words + more, command)
    answers = "".join(f"{each}\n" for each in ANSWERS.get(command.words, ()))
    until = time.monotonic() + AWAITED.get(command.words, 0)
    while True:
        ended = shell_of(reader, command).type(words, answers)
        is_well = ended.status == 0 and missing(shown, ended.printed) is None
        if is_well or time.monotonic() > until:
            return ended
        time.sleep(1)


def shell_of(reader: Reader, command: Command) -> Shell:
    """One for each page; the first page begins where nothing was cloned yet."""
    page = command.page.rpartition("/")[2]
    if command.section == APART:
        return reader.shell("apart", "staging", reader.apart)
    folder = reader.folder if page == "staging.md" else reader.clone
    return reader.shell(page, mode_of(command), folder)


def prepare(reader: Reader, command: Command) -> None:
    """What happens in the world between two lines of a page."""
    if command.section == APART and not reader.apart.exists():
        reader.clone_apart()
    if command.words == "git pull":
        reader.publish("Second")
    if command.words == "./deploy.sh prod":
        prove(reader.clone, reader.newest_image())  # the check itself has tests of its own
    if command.words.startswith("curl -I https") and not reader.roots.exists():
        reader.trust_the_authority()


def on_this_host(reader: Reader, words: str, command: Command) -> str:
    if command.section == APART:
        return words
    for said, instead in OTHERWISE.items():
        words = words.replace(said, instead)
    mode = mode_of(command)
    return (
        words.replace("{origin}", str(reader.origin))
        .replace("{roots}", str(reader.roots))
        .replace("{overlay}", str(reader.overlay(mode)))
        .replace("{project}", reader.project(mode))
        .replace("{https}", str(reader.ports.get(mode, {}).get("HTTPS", "")))
        .replace("{ca}", str(reader.folder / "pebble" / "ca.pem"))
    )
