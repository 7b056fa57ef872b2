"""How k6 is called: nothing secret among its words, and the same by program and by image."""

from pathlib import Path

import pytest

from contravento_ops.load import k6, run
from contravento_ops.load.k6 import Profile, Target

TARGET = Target(
    "https://diary.example.org",
    "diary.example.org=127.0.0.1:443",
    "/etc/ca.pem",
    login="probe",
    password="a-secret-word",
    token="a-secret-token",
)


@pytest.mark.parametrize("program", ["/usr/bin/k6", None])
def test_secrets_go_by_the_environment(
    program: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(k6, "on_path", lambda: program)

    call = run.plan(Path("/srv"), TARGET, Path("/srv/var/x.json"), Profile.STRESS, "20s")

    assert "secret" not in " ".join(call.words)
    assert call.environment["TOKEN"] == "a-secret-token"
    assert call.words[0] == (program or "docker")
    assert "PROFILE=stress" in call.words
    assert "DURATION=20s" in call.words


def test_the_image_gets_every_setting_and_may_write_its_results(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(k6, "on_path", lambda: None)

    call = k6.call(Path("/srv"), TARGET, Path("/srv/var/x.json"), ())

    for name in call.environment:
        assert ("--env", name) in zip(call.words, call.words[1:], strict=False)
    assert "/srv/var:/srv/var" in call.words


@pytest.mark.parametrize(("written", "seconds"), [("30s", 30), ("5m", 300), ("", run.STEP_SECONDS)])
def test_a_duration_is_read_as_k6_reads_it(written: str, seconds: float) -> None:
    assert run.seconds(written) == seconds


@pytest.mark.parametrize("written", ["0s", "30", "1h30m", "-5s", "5 m"])
def test_what_is_no_duration_is_known(written: str) -> None:
    assert not run.is_duration(written)
