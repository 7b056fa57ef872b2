"""refresh is for staging, and says so before it does anything."""

from pathlib import Path

import pytest

from contravento_ops import main
from contravento_ops.commands.refresh import Source
from contravento_ops.kit.compose import Project
from contravento_ops.kit.errors import Exit
from contravento_ops.kit.paths import EnvironmentPaths


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONTRAVENTO_ROOT", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_only_staging_is_refreshed(
    environment: str, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "sets").mkdir()
    words = ["refresh", "--from-backup", str(root), "--yes", environment]

    assert main.run([environment, *words]) == Exit.USAGE
    assert "refresh is for staging" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("place", "complaint"),
    [
        ("", "--from-backup PLACE"),
        ("/nowhere", "neither a backup folder"),
        ("s3:https://s3.example.org/diary", "restic restore latest"),
    ],
)
def test_a_place_that_is_none_is_refused(
    place: str, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["staging", "refresh", "--from-backup", place]) == Exit.USAGE
    assert complaint in capsys.readouterr().err


def test_what_it_comes_from_is_only_read_and_its_key_named_without_its_value(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKUP_SOURCE_KEY", "secret-of-prod")
    project = Project(EnvironmentPaths(root, "staging"))

    words = Source("/srv/backups", "20261123T101500Z", keep_texts=True).call(project).words

    assert "/srv/backups:/from:ro" in words
    assert words[-4:] == ("refresh", "/from", "20261123T101500Z", "--keep-texts")
    assert not [each for each in words if "secret" in each]
