"""rotate on the command line: what it names, what it asks, what it refuses."""

import io
import json
from pathlib import Path

import pytest

from contravento_ops import main
from contravento_ops.commands import rotate
from contravento_ops.context import CommandContext
from contravento_ops.environment import secret_ages
from contravento_ops.kit.console import Console
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.kit.paths import EnvironmentPaths
from contravento_ops.release import facts
from contravento_ops.release.plan import Facts
from tests.ops.making import make_file, spoil, value_in


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONTRAVENTO_ROOT", str(tmp_path))
    monkeypatch.setattr(facts, "gather", lambda project: Facts(project, "x"))
    return make_file(tmp_path)


def test_the_list_names_every_secret_with_its_age_and_shows_none(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret_ages.note(path, "SECRET_KEY", now=1_700_000_000)

    assert main.run(["staging", "rotate", "--list", "--json"]) == Exit.DONE

    said = capsys.readouterr().out
    found = {row["name"]: row for row in json.loads(said)}
    assert found["SECRET_KEY"]["is_old"]
    assert found["SECRET_KEY"]["days"] > secret_ages.OLD_DAYS
    assert not found["REDIS_PASSWORD"]["is_old"]
    assert (found["SMTP_PASSWORD"]["made_by"], found["SECRET_KEY"]["made_by"]) == ("others", "us")
    assert not [name for name in found if value_in(path, name) in said]


def test_one_that_nothing_is_known_of_has_no_age(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(path, secret_ages.VARIABLE, "# it came later")

    assert main.run(["staging", "rotate", "--list", "--json"]) == Exit.DONE

    found = json.loads(capsys.readouterr().out)
    assert {each["days"] for each in found} == {None}
    assert not [each for each in found if each["is_old"]]


@pytest.mark.parametrize("name", ["", "DOMAIN", "DATABASE_URL", "SENTRY_DSN"])
def test_what_is_no_secret_of_this_file_is_refused(
    path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main.run(["staging", "rotate", *([name] if name else [])]) == Exit.USAGE
    assert "there are SECRET_KEY" in capsys.readouterr().err


def test_where_nothing_serves_nothing_is_replaced(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = value_in(path, "SECRET_KEY")

    assert main.run(["staging", "rotate", "SECRET_KEY"]) == Exit.REFUSED
    assert "deploy first" in capsys.readouterr().err
    assert value_in(path, "SECRET_KEY") == before


def test_a_pair_is_given_together(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("the-key-4711\nand-its-secret-4711\n"))
    context = CommandContext(EnvironmentPaths(path.parent, "staging"), Console(as_json=True))

    request = rotate._request(context, "BACKUP_S3_SECRET_KEY", from_stdin=True)

    assert request.new == {
        "BACKUP_S3_ACCESS_KEY": "the-key-4711",
        "BACKUP_S3_SECRET_KEY": "and-its-secret-4711",
    }


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("SMTP_PASSWORD", "", "nothing was given"),
        ("SMTP_PASSWORD", "two words", "character"),
        ("SMTP_PASSWORD", "pays$dollars", "character"),
        ("SENTRY_DSN", "ftp://elsewhere.example", "no DSN"),
    ],
)
def test_what_cannot_stand_in_the_file_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{value}\n"))

    with pytest.raises(CommandError, match=why):
        rotate._given(name, from_stdin=True)


def test_nothing_is_to_be_finished_without_a_key_before(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(path, "TAG", "TAG=1f3c5a7")
    monkeypatch.setattr(facts, "gather", lambda project: Facts(project, "x", ("x-backend-1",)))

    assert main.run(["staging", "rotate", "SECRET_KEY", "--finish"]) == Exit.USAGE
    assert "nothing is to be finished" in capsys.readouterr().err
