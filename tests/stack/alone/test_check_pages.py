"""The commands of the pages about load and the checklist, typed on a host with a whole staging."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import Command, commands, missing
from tests.stack.checked import value_in
from tests.stack.docker import ROOT
from tests.stack.releases import DOMAIN, Host

pytestmark = pytest.mark.stack

PAGES_OF_THE_CHECK = ("load-testing.md", "production-checklist.md")
TYPED = [each for name in PAGES_OF_THE_CHECK for each in commands(ROOT / "docs" / "guides" / name)]
SITE = "https://staging.example.org"
COMMAND_SECONDS = 280
TYPED_ELSEWHERE = {"./deploy.sh staging check": "by test_check.py, which looks at each box"}


@pytest.mark.parametrize(
    "command", [each for each in TYPED if not each.words.startswith("export")], ids=str
)
def test_a_command_does_what_the_page_says(checked: Host, command: Command, tmp_path: Path) -> None:
    if command.words in TYPED_ELSEWHERE:
        return
    if command.words.startswith("ab "):
        _needs_ab()

    done = subprocess.run(
        ["unshare", "--mount", "bash", "-c", _on_this_host(checked, command.words, tmp_path)],
        cwd=checked.folder,
        env={**os.environ, **checked.environment, **_told(checked)},
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )

    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    assert missing(command.shown, printed) is None, printed


def _on_this_host(host: Host, words: str, folder: Path) -> str:
    """With the site's name leading here, for this one command."""
    hosts = folder / "hosts"
    hosts.write_text(f"127.0.0.1 localhost {DOMAIN}\n")
    port = value_in(host, "TEST_HTTPS_PORT")
    here = f"https://{DOMAIN}:{port}" if words.startswith("ab ") else f"https://{DOMAIN}"
    typed = words.replace("./deploy.sh", f"{sys.executable} -m contravento_ops").replace(SITE, here)
    return f"mount --bind {hosts} /etc/hosts && {typed}"


def _told(host: Host) -> dict[str, str]:
    port = value_in(host, "TEST_HTTPS_PORT")
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
        "BASE_URL": f"https://{DOMAIN}",
        "RESOLVE": f"{DOMAIN}=127.0.0.1:{port}",
        "SSL_CERT_FILE": value_in(host, "ACME_CA_BUNDLE"),
    }


def _needs_ab() -> None:
    if shutil.which("ab"):
        return
    if os.environ.get("CI"):
        pytest.fail("ab was not found in CI; .ci/run installs it")
    pytest.skip("no ab was found: install Debian's package apache2-utils")
