"""The small programs that containers of a Swarm are given."""

import http.server
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.stack.docker import ROOT

HERE = ROOT / "deploy" / "swarm"
UNTIL_TOLD = 'trap "echo told; exit 3" TERM; echo begun; while :; do sleep 0.05; done'


def test_what_is_told_to_stop_goes_on_for_a_while_and_ends_as_its_command_does() -> None:
    line = [str(HERE / "lingering"), "1", "sh", "-c", UNTIL_TOLD]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        assert running.stdout.readline() == "begun\n"
        running.send_signal(signal.SIGTERM)
        began = time.monotonic()

        assert running.stdout.readline() == "told\n"
        assert time.monotonic() - began >= 1
        assert running.wait(5) == 3


@pytest.mark.parametrize("status", [0, 7])
def test_what_ends_by_itself_ends_at_once_with_its_own_status(status: int) -> None:
    done = subprocess.run(
        [HERE / "lingering", "60", "sh", "-c", f"exit {status}"], timeout=5, check=False
    )

    assert done.returncode == status


def test_secrets_become_variables_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "SECRET_KEY").write_text("a b$c'd\"e")
    program = (HERE / "with-secrets").read_text().replace("/run/secrets", str(tmp_path))
    (tmp_path / "run").mkdir()
    script = tmp_path / "run" / "with-secrets"
    script.write_text(program)

    done = subprocess.run(
        ["sh", str(script), "printenv", "SECRET_KEY"], capture_output=True, text=True, check=True
    )

    assert done.stdout == "a b$c'd\"e\n"


def test_without_secrets_the_command_runs_just_so(tmp_path: Path) -> None:
    program = (HERE / "with-secrets").read_text().replace("/run/secrets", str(tmp_path))

    done = subprocess.run(["sh", "-c", program, "with-secrets", "true"], check=False)

    assert done.returncode == 0


def test_a_backend_is_healthy_once_it_was_ready_and_then_as_long_as_it_lives(
    tmp_path: Path,
) -> None:
    well = {"/health/ready": False, "/health/live": True}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if well[self.path] else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    program = (HERE / "healthy.py").read_text().replace("/tmp/was-ready", f"{tmp_path}/was-ready")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def is_healthy() -> bool:
            environment = {**os.environ, "PORT": str(server.server_port)}
            line = [sys.executable, "-c", program]
            return not subprocess.run(
                line, env=environment, capture_output=True, check=False
            ).returncode

        assert not is_healthy()
        well["/health/ready"] = True
        assert is_healthy()
        well["/health/ready"] = False
        assert is_healthy()
        well["/health/live"] = False
        assert not is_healthy()
        server.shutdown()
