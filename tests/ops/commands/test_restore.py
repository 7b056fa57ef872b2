"""restore asks first, and answers in words that a person and a program can use."""

from pathlib import Path

import pytest

from contravento_ops import main
from contravento_ops.commands import restore
from contravento_ops.context import CommandContext
from contravento_ops.kit.compose import Call
from contravento_ops.kit.console import Bars, Console
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.kit.paths import EnvironmentPaths
from contravento_ops.recovery.restore import follow
from tests.ops.making import make_file


@pytest.fixture
def context(tmp_path: Path) -> CommandContext:
    make_file(tmp_path)
    return CommandContext(EnvironmentPaths(tmp_path, "staging"), Console())


@pytest.mark.parametrize("typed", ["", "prod", "yes"])
def test_another_name_than_the_environments_changes_nothing(
    context: CommandContext, typed: str
) -> None:
    with pytest.raises(CommandError, match="Nothing was changed") as refused:
        restore.confirm(context, typed, "All of it gives way.")
    assert refused.value.status == Exit.USAGE


def test_the_environments_name_is_enough(context: CommandContext) -> None:
    restore.confirm(context, "staging", "All of it gives way.")


def test_dev_has_nothing_to_restore(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CONTRAVENTO_ROOT", str(tmp_path))

    assert main.run(["dev", "restore", "--yes", "dev"]) == Exit.USAGE
    assert main.run(["dev", "init", "--from-backup", "/srv/backups"]) == Exit.USAGE
    assert "There are no backups in dev." in capsys.readouterr().err


def test_a_host_with_another_environment_file_is_not_rebuilt(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CONTRAVENTO_ROOT", str(tmp_path))

    status = main.run(["staging", "init", "--from-backup", str(tmp_path / "nothing")])

    assert status == Exit.USAGE
    assert "is no backup folder" in capsys.readouterr().err


RESULT = '{"result": {"files": 7}}'


def speaking(script: str) -> Call:
    return Call(("sh", "-c", script))


def test_what_a_step_says_is_shown_as_it_happens(capsys: pytest.CaptureFixture[str]) -> None:
    begun = '{"begins": "load", "title": "load the side database", "seconds": 4}'
    ended = '{"ended": "load", "seconds": 3.2}'
    warns = '{"warns": "The backups are not up to date."}'
    said = "; ".join(f"echo '{each}'" for each in (begun, "noise", ended, warns, RESULT))

    assert follow(Console(), speaking(said)) == {"files": 7}
    shown = capsys.readouterr().out.splitlines()
    assert shown == [
        "load the side database (about 4 s) …",
        "✓ load the side database: 3.2 s",
        "! The backups are not up to date.",
    ]


def test_who_is_in_the_way_is_named_to_whoever_can_end_it() -> None:
    waits = '{"waits": "Another run is at work: a drill."}'
    told: list[str] = []

    follow(Console(), speaking(f"echo '{waits}'; echo '{RESULT}'"), is_in_the_way=told.append)

    assert told == ["Another run is at work: a drill."]


def test_a_step_that_fails_is_told_in_its_own_words() -> None:
    with pytest.raises(CommandError, match=r"^No set is proven\.$"):
        follow(Console(), speaking("echo 'No set is proven.' >&2; exit 1"))
    with pytest.raises(CommandError) as refused:
        follow(Console(), speaking("echo 'Another run is at work.' >&2; exit 5"))
    assert refused.value.status == Exit.BUSY


def test_a_bar_ends_in_the_same_line_as_without_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Bars(Console()) as bars:
        bars.begin("load the side database", 4)
        bars.end(3.2)

    assert "✓ load the side database: 3.2 s" in capsys.readouterr().out


def test_a_step_that_was_killed_is_told_so() -> None:
    with pytest.raises(CommandError, match="broken off"):
        follow(Console(), speaking("kill -9 $$"))
