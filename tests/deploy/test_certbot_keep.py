"""How certbot's keeper waits after failures, so that mistakes use up no limit of the authority."""

import importlib.util
import json
import time
from pathlib import Path
from types import ModuleType

import pytest

PROGRAM = Path(__file__).parent.parent.parent / "deploy" / "certbot" / "keep.py"


@pytest.fixture
def keep(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The program, with its store in a folder of the test's and nobody waiting for real."""
    monkeypatch.setenv("DOMAIN", "diary.example.org")
    monkeypatch.setenv("ACME_DIRECTORY", "https://authority.example/dir")
    monkeypatch.setenv("ACME_DRY_RUN_DIRECTORY", "https://trial.example/dir")
    found = importlib.util.spec_from_file_location("keep", PROGRAM)
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    monkeypatch.setattr(module, "STORE", tmp_path)
    monkeypatch.setattr(module, "LIVE", tmp_path / "live" / "fullchain.pem")
    monkeypatch.setattr(module, "HISTORY", tmp_path / "history.json")
    return module


def pauses(keep: ModuleType, kind: str, failures: int) -> list[float]:
    found = []
    for _ in range(failures):
        keep.note_failure(kind)
        found.append(round(json.loads(keep.HISTORY.read_text())["not_before"] - time.time()))
    return found


def test_each_failed_trial_doubles_the_wait(keep: ModuleType) -> None:
    assert pauses(keep, "dry run", 5) == [20, 40, 80, 160, 320]


def test_failures_of_the_real_authority_stay_under_five_an_hour(keep: ModuleType) -> None:
    waits = pauses(keep, "certificate", 8)
    assert waits[:3] == [900, 1800, 3600]
    assert max(waits) == 12 * 3600


def test_a_first_failure_of_another_kind_starts_anew(keep: ModuleType) -> None:
    pauses(keep, "dry run", 6)
    assert pauses(keep, "certificate", 1) == [900]


def test_the_wait_outlasts_a_restart(keep: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(keep, "wait", waited.append)
    keep.note_failure("certificate")
    keep.await_turn()
    assert [round(seconds) for seconds in waited] == [900]


def test_a_fifth_certificate_within_a_week_is_not_asked_for(
    keep: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(keep, "wait", waited.append)
    for _ in range(4):
        keep.await_turn()
        keep.note_success()
    assert waited == []
    keep.await_turn()
    assert [round(seconds / 3600) for seconds in waited] == [7 * 24]


def test_a_success_forgets_the_failures(keep: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(keep, "wait", waited.append)
    keep.note_failure("dry run")
    keep.note_success()
    keep.await_turn()
    assert waited == []


def test_a_broken_history_is_a_new_one(keep: ModuleType) -> None:
    keep.HISTORY.write_text("{")
    assert keep.history()["failures"] == 0


def test_the_trial_comes_before_the_authority(
    keep: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []
    outcomes = iter([False, True, True])  # a trial that fails, one that does not, the real thing

    def run(*arguments: str) -> bool:
        asked.append(arguments)
        return next(outcomes)

    monkeypatch.setattr(keep, "run", run)
    monkeypatch.setattr(keep, "wait", lambda _: None)
    monkeypatch.setattr(keep, "await_proxy", lambda: None)
    keep.obtain()
    assert ["--dry-run" in each for each in asked] == [True, True, False]
    assert "https://trial.example/dir" in asked[1]
    assert "https://authority.example/dir" in asked[2]


def test_a_certificate_of_another_authority_is_replaced(keep: ModuleType) -> None:
    assert keep.is_missing()
    keep.LIVE.parent.mkdir()
    keep.LIVE.touch()
    renewal = keep.STORE / "renewal" / "diary.example.org.conf"
    renewal.parent.mkdir()
    renewal.write_text("version = 5.5.0\n[renewalparams]\nserver = https://authority.example/dir\n")
    assert not keep.is_missing()
    renewal.write_text("version = 5.5.0\n[renewalparams]\nserver = https://trial.example/dir\n")
    assert keep.is_missing()
