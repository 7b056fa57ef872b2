"""The guide's commands do what it says, in a staging that runs."""

import re
import shlex

import httpx
import pytest

from tests.stack.deployment import Deployment, wait_until
from tests.stack.docker import PATIENT_SECONDS, ROOT

pytestmark = pytest.mark.stack

PAGE = ROOT / "docs" / "guides" / "monitoring.md"
PROGRAM = "./deploy.sh staging "
LINES: list[str] = [
    line
    for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for line in block.splitlines()
]
NAME = "contravento_staging"  # of role and database, as the guide has them
ALERTMANAGER = "--alertmanager.url=http://127.0.0.1:9093"
MAIL_SECONDS = 90


def _run(deployment: Deployment, line: str) -> str:
    """deploy.sh hands these to Compose, which is asked here."""
    assert line.startswith(PROGRAM), line
    verb, *words = shlex.split(line.removeprefix(PROGRAM))
    return deployment.exec(*words) if verb == "exec" else deployment.compose(verb, *words)


def _line(part: str) -> str:
    (found,) = [line for line in LINES if part in line]
    return found


def test_the_alert_that_is_about_nothing_is_mailed(staging: Deployment) -> None:
    _run(staging, _line("alert add"))
    assert "TryOut" in _run(staging, _line("alert query"))
    wait_until(lambda: "TryOut" in _mails(staging), MAIL_SECONDS, "the mail comes")


def test_a_silence_is_kept_until_it_is_taken_back(staging: Deployment) -> None:
    silence = _run(staging, _line("silence add"))
    _run(staging, f"{PROGRAM}exec alertmanager amtool silence expire {silence} {ALERTMANAGER}")


@pytest.mark.parametrize("line", [each for each in LINES if "amtool" not in each])
def test_a_command_says_something(staging: Deployment, line: str) -> None:
    """What status says is tested where the program's own verbs are."""
    assert staging.values["POSTGRES_USER"] == staging.values["POSTGRES_DB"] == NAME
    if line != f"{PROGRAM}status":
        assert _run(staging, line)


def _mails(deployment: Deployment) -> str:
    mailbox = f"http://127.0.0.1:{deployment.port('MAIL')}/mails.json"
    return str(httpx.get(mailbox, timeout=PATIENT_SECONDS).text)
