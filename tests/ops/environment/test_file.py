"""An environment file is changed whole or not at all, and keeps its owner's eyes only."""

from pathlib import Path

import pytest

from contravento_ops.environment import file

TEXT = "# a remark\nA=1\n#B=\nC=3\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / ".env.staging"
    file.create(found, TEXT)
    return found


def test_lines_are_changed_emptied_or_added_and_all_else_stays(path: Path) -> None:
    file.change(path, {"A": "2", "C": "", "D": "4", "E": ""})

    assert path.read_text() == "# a remark\nA=2\n#B=\nC=\nD=4\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == [".env.staging"]


def test_what_stood_before_comes_back_to_the_letter(path: Path) -> None:
    file.change(path, {"A": "2"})

    file.replace(path, TEXT)

    assert path.read_text() == TEXT
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_file_of_before_is_kept_for_its_owner_only(path: Path) -> None:
    for value in ("2", "3"):
        kept = file.keep_previous(path)
        assert kept.read_text() == path.read_text()
        assert kept.stat().st_mode & 0o777 == 0o600
        file.change(path, {"A": value})

    assert kept.name == ".env.staging.previous"
    assert "A=2" in kept.read_text()
