"""The command line: which environment, which verb, and with which status it ends."""

import json
from pathlib import Path

import pytest

from contravento_ops import main
from contravento_ops.kit.errors import MEANINGS, Exit
from tests.ops.making import make_file, spoil

VERBS = {
    "deploy",
    "rollback",
    "init",
    "check-host",
    "check-environment",
    "status",
    "logs",
    "restart",
    "stop",
    "exec",
    "renew-certificate",
    "support",
    "backup",
    "restore",
    "refresh",
    "check",
    "load",
    "move-storage",
    "rotate",
    "parity",
    "kubernetes",
}


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONTRAVENTO_ROOT", str(tmp_path))
    return tmp_path


def test_every_verb_of_the_manual_is_there() -> None:
    assert {command.name for command in main.app.registered_commands} == VERBS


@pytest.mark.parametrize("words", [[], ["production"], ["status"], ["stageing", "status"]])
def test_without_an_environment_it_says_how_it_is_used(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(words) == Exit.USAGE
    assert "./deploy.sh <dev|staging|prod> [verb] [options]" in capsys.readouterr().err


def test_an_unknown_verb_is_a_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["staging", "fly"]) == Exit.USAGE
    assert "fly" in capsys.readouterr().err


def test_without_an_environment_file_it_says_how_to_make_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.run(["staging", "--image", "x:1"]) == Exit.ENVIRONMENT
    assert "run ./deploy.sh staging init" in capsys.readouterr().err


def test_mistakes_are_told_to_machines(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(make_file(root), "DEBUG", "DEBUG=yes")

    assert main.run(["staging", "check-environment", "--json"]) == Exit.ENVIRONMENT
    answer = json.loads(capsys.readouterr().out)
    assert answer["status"] == "environment"
    assert "DEBUG is wrong" in answer["refused"][0]


def test_init_makes_a_file_and_then_leaves_it_alone(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [
        "--set",
        "DOMAIN=staging.velo.test",
        "--set",
        "SMTP_HOST=mail",
        "--set",
        "SMTP_FROM=a@velo.test",
        "--set",
        "ACME_EMAIL=a@velo.test",
        "--set",
        "MAIL_ALLOW_LIST=@velo.test",
    ]
    assert main.run(["staging", "init", "--no-questions", *given]) == Exit.DONE
    before = (root / ".env.staging").read_text()

    assert main.run(["staging", "init", "--json"]) == Exit.DONE
    assert (root / ".env.staging").read_text() == before
    assert '"added": []' in capsys.readouterr().out


def test_an_unknown_check_cannot_be_skipped(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_file(root)

    assert main.run(["staging", "check-host", "--skip", "weather"]) == Exit.USAGE
    assert "there are engine, compose, processors" in capsys.readouterr().err


def test_there_is_nothing_to_go_back_to_at_first(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_file(root)

    assert main.run(["staging", "rollback"]) == Exit.REFUSED
    assert "no release before this one" in capsys.readouterr().err


def test_every_exit_status_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Exit)
