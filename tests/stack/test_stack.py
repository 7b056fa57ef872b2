"""A fresh host: from nothing to HTTPS with a certificate that its authority's root vouches for."""

import subprocess

import pytest

from contravento_ops.kit.services import MONITORING
from tests.stack.deployment import DOMAIN, Deployment, in_a_hurry, tell
from tests.stack.docker import docker

pytestmark = pytest.mark.stack

PROMISED_SECONDS = 40
BUSY_SECONDS = 150
ONE_OFFS = {"prepare-1", "static-1", "roles-1", "migrate-1", "backup-prepare-1"}
RUNNING = {"postgres-1", "redis-1", "backend-1", "worker-1", "nginx-1", "certbot-1"}
RUNNING |= {"backup-1", "drill-1"} | {f"{name}-1" for name in MONITORING - {"nginx-exporter"}}


def test_it_answers_by_https_soon_after_there_was_nothing(
    staging: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    times = ", ".join(f"{what} {taken:.1f} s" for what, taken in staging.times.items())
    tell(capsys, f"staging from nothing: {times}")
    assert staging.times["answering"] < (BUSY_SECONDS if in_a_hurry() else PROMISED_SECONDS)


def test_every_part_is_up_and_healthy(staging: Deployment) -> None:
    states = {name: each["State"] for name, each in staging.containers().items()}
    for name in RUNNING:
        assert states[name]["Health"]["Status"] == "healthy", name
    for name in ONE_OFFS:
        assert (states[name]["Status"], states[name]["ExitCode"]) == ("exited", 0), name


def test_each_part_starts_after_those_it_needs(staging: Deployment) -> None:
    """Times as Docker wrote them down; ISO times of one length compare as text."""
    state = {name: each["State"] for name, each in staging.at_first.items()}
    order = [
        ("backup-prepare-1", "postgres-1"),
        ("postgres-1", "roles-1"),
        ("roles-1", "migrate-1"),
        ("redis-1", "migrate-1"),
        ("prepare-1", "static-1"),
        ("migrate-1", "backend-1"),
        ("migrate-1", "worker-1"),
        ("static-1", "backend-1"),
        ("backend-1", "nginx-1"),
        ("nginx-1", "certbot-1"),
        ("backend-1", "prometheus-1"),
        ("prometheus-1", "grafana-1"),
        ("postgres-1", "postgres-exporter-1"),
    ]
    for earlier, later in order:
        assert state[earlier]["StartedAt"] < state[later]["StartedAt"], (earlier, later)
        if earlier in ONE_OFFS:
            assert state[earlier]["FinishedAt"] < state[later]["StartedAt"], (earlier, later)


def test_a_visitor_who_trusts_only_the_authority_is_let_in(staging: Deployment) -> None:
    with staging.client() as client:
        assert client.get("/health").json() == {"status": "ok"}
        assert client.get("/").status_code == 200
        assert client.get("/health/ready").json()["checks"]["queue"] == "ok"


def test_the_log_says_that_the_certificate_came(staging: Deployment) -> None:
    log = staging.logs("certbot")
    assert "The dry run was successful" in log
    assert log.index("The dry run was successful") < log.index("Successfully received certificate")
    assert "nginx serves the stored certificate" in log


def test_http_leads_to_https_and_answers_head(staging: Deployment) -> None:
    plain = curl(staging, "HTTP", "-I", "http://{site}/trips/x?y=1")
    assert plain.startswith("HTTP/1.1 308 ")
    assert f"Location: https://{DOMAIN}/trips/x?y=1\n" in plain
    secure = curl(staging, "HTTPS", "-k", "-I", "https://{site}/")
    assert secure.startswith("HTTP/2 200 ")


def test_http3_is_answered(staging: Deployment) -> None:
    said = docker(
        "run",
        "--rm",
        "--network",
        f"{staging.project}_edge",
        "nginx:1.30-trixie",
        "sh",
        "-c",
        f"echo Q | timeout 10 openssl s_client -quic -alpn h3 -connect {DOMAIN}:443"
        f" -servername {DOMAIN} 2>&1 || true",
    )
    assert "ALPN protocol: h3" in said
    with staging.client() as client:
        assert client.get("/health").headers["Alt-Svc"].startswith('h3=":443"')


def test_unknown_names_are_refused(staging: Deployment) -> None:
    with pytest.raises(OSError, match="unrecognized name"):
        staging.served(server_name="another.example.test")
    for arguments in (
        ("HTTP", "http://{site}/", "-H", "Host: another.example.test"),
        ("HTTPS", "https://{site}/", "-k", "-H", "Host: another.example.test"),
        ("HTTP", "http://127.0.0.1:{port}/"),
    ):
        assert curl(staging, *arguments) == "", arguments


def test_the_api_describes_itself_only_with_debug(staging: Deployment) -> None:
    with staging.client() as client:
        for path in ("/docs", "/openapi.json", "/redoc", "/outbox"):
            assert client.get(path).status_code == 404, path


def curl(deployment: Deployment, port_name: str, *arguments: str) -> str:
    port = deployment.port(port_name)
    site = f"{DOMAIN}:{port}"
    named = [argument.format(site=site, port=port) for argument in arguments]
    done = subprocess.run(
        ["curl", "-sS", "--max-time", "10", "--resolve", f"{site}:127.0.0.1", *named],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.replace("\r\n", "\n").replace(f":{port}", "")
