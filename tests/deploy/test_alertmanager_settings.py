"""What Alertmanager is told of mail, for each kind of mail server that a host may have."""

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
SCRIPT = ROOT / "deploy" / "monitoring" / "alertmanager.sh"
OWN = ROOT / "monitoring" / "alertmanager"
MAIL = {
    "SMTP_HOST": "smtp.velo.test",
    "SMTP_FROM": "Diary <diary@velo.test>",
    "ALERT_MAIL_TO": "us@velo.test, them@velo.test",
    "SITE": "https://velo.test:8443/",
}
STAND_IN = """#!/bin/sh
echo "$@" >>{folder}/started
trap 'echo reloaded >>{folder}/started' HUP
n=0
while [ $n -lt "${{STAY:-0}}" ]; do sleep 0.1; n=$((n + 1)); done
"""


def prepare(folder: Path, *, look_seconds: str = "15") -> Path:
    """The script with its paths in the folder, and a program that takes Alertmanager's place."""
    own = folder / "own"
    (own / "templates").mkdir(parents=True)
    for file in ("alertmanager.yml", "templates/mail.tmpl"):
        (own / file).write_text((OWN / file).read_text())
    program = folder / "bin" / "alertmanager"
    program.parent.mkdir()
    program.write_text(STAND_IN.format(folder=folder))
    program.chmod(0o755)
    text = SCRIPT.read_text().replace("/tmp/", f"{folder}/")
    text = text.replace("own=/etc/alertmanager", f"own={own}")
    text = text.replace("sleep 15", f"sleep {look_seconds}")
    script = folder / "alertmanager.sh"
    script.write_text(text)
    return script


def start(script: Path, *, stay: str = "0", **settings: str) -> "subprocess.Popen[bytes]":
    path = f"{script.parent / 'bin'}:{os.environ['PATH']}"
    return subprocess.Popen(
        ["/bin/sh", str(script), "--flag"],
        env={"PATH": path, "STAY": stay, **settings},
    )


def told(folder: Path, **settings: str) -> dict[str, Any]:
    assert start(prepare(folder), **settings).wait(10) == 0
    found: dict[str, Any] = yaml.safe_load((folder / "alertmanager.yml").read_text())
    return found


def receiver(found: dict[str, Any], name: str) -> dict[str, Any]:
    (one,) = [each for each in found["receivers"] if each["name"] == name]
    assert isinstance(one, dict)
    return one


def test_without_a_mail_server_nothing_is_sent(tmp_path: Path) -> None:
    found = told(tmp_path, ALERT_MAIL_TO="us@velo.test")

    assert receiver(found, "operators") == {"name": "operators"}
    assert receiver(found, "heartbeat") == {"name": "heartbeat"}
    assert found["global"] == {"resolve_timeout": "5m"}


def test_mail_goes_to_the_operators_who_hear_of_the_end_too(tmp_path: Path) -> None:
    found = told(tmp_path, **MAIL)

    (mail,) = receiver(found, "operators")["email_configs"]
    assert (mail["to"], mail["send_resolved"]) == ("us@velo.test, them@velo.test", True)
    settings = found["global"]
    assert settings["smtp_smarthost"] == "smtp.velo.test:587"
    assert settings["smtp_from"] == "Diary <diary@velo.test>"
    assert settings["smtp_hello"] == "velo.test"
    assert "smtp_auth_username" not in settings
    assert found["route"]["receiver"] == "operators"


@pytest.mark.parametrize(
    ("tls", "port", "starts_tls", "begins_with_tls"),
    [
        ("true", "587", True, False),
        ("true", "25", True, False),
        ("true", "465", False, True),
        ("false", "1025", False, False),
    ],
)
def test_mail_is_encrypted_as_the_environment_says(
    tmp_path: Path, tls: str, port: str, starts_tls: bool, begins_with_tls: bool
) -> None:
    settings = told(tmp_path, **MAIL, SMTP_TLS=tls, SMTP_PORT=port)["global"]

    assert settings["smtp_require_tls"] is starts_tls
    assert settings.get("smtp_force_implicit_tls", False) is begins_with_tls


def test_secrets_stand_in_files_of_their_own(tmp_path: Path) -> None:
    password, hook = "it's $o: #se'cret", "https://chat.test/hook?a=1&token='x'"
    found = told(
        tmp_path,
        **MAIL,
        SMTP_USER="o'brien",
        SMTP_PASSWORD=password,
        ALERT_WEBHOOK_URL=hook,
        ALERT_HEARTBEAT_URL="https://alive.test/1",
    )

    assert found["global"]["smtp_auth_username"] == "o'brien"
    kept = Path(found["global"]["smtp_auth_password_file"])
    assert (kept.read_text(), kept.stat().st_mode & 0o777) == (password, 0o600)
    (webhook,) = receiver(found, "operators")["webhook_configs"]
    assert Path(webhook["url_file"]).read_text() == hook
    (heartbeat,) = receiver(found, "heartbeat")["webhook_configs"]
    assert (Path(heartbeat["url_file"]).read_text(), heartbeat["send_resolved"]) == (
        "https://alive.test/1",
        False,
    )
    written = (tmp_path / "alertmanager.yml").read_text()
    assert "se'cret" not in written
    assert "token" not in written


def test_a_changed_route_is_taken_over_by_the_running_program(tmp_path: Path) -> None:
    script = prepare(tmp_path, look_seconds="0.1")
    running = start(script, stay="100", **MAIL)
    started = tmp_path / "started"
    try:
        until(lambda: started.exists())
        time.sleep(0.3)
        assert "reloaded" not in started.read_text()
        file = tmp_path / "own" / "alertmanager.yml"
        file.write_text(file.read_text().replace("repeat_interval: 24h", "repeat_interval: 7h"))
        until(lambda: "reloaded" in started.read_text())
    finally:
        running.terminate()
        running.wait(10)
    found = yaml.safe_load((tmp_path / "alertmanager.yml").read_text())
    assert found["route"]["repeat_interval"] == "7h"


def until(happens: Any) -> None:
    ends = time.monotonic() + 10
    while not happens():
        assert time.monotonic() < ends
        time.sleep(0.02)
