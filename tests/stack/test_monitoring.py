"""Staging is watched: everything that is to be asked answers, in little memory, and in JSON."""

import json
import time
from typing import Any

import httpx
import pytest

from contravento_ops.kit.services import MONITORING
from tests.stack.deployment import DOMAIN, Deployment, tell, wait_until
from tests.stack.docker import PATIENT_SECONDS

pytestmark = pytest.mark.stack

JOBS = {
    *("backend", "worker", "backup", "containers", "node", "postgres", "redis", "nginx"),
    *("blackbox-https", "prometheus", "alertmanager", "grafana"),
}
NOT_HERE = {"grafana"}  # the stand-in for its image is a placeholder that has no figures
MOST_BYTES = 10**9
CLEARED = "\x1b[2K"  # Compose puts this before lines
BEFORE_ITS_OPTIONS = "Redis Metrics Exporter"  # redis-exporter's first line, of its version
KNOWN_TO_HOSTS = (
    "rate(http_requests_total[5m])",
    "histogram_quantile(0.95, rate(http_request_duration_seconds_bucket[5m]))",
    "pg_stat_activity_count",
    "node_cpu_seconds_total",
    "node_memory_MemAvailable_bytes",
    "pg_stat_statements_seconds_total / pg_stat_statements_calls_total",
    "redis_memory_used_bytes",
    "nginx_connections_active",
    "host_network_receive_bytes_total",
)


@pytest.fixture(scope="module")
def watched(staging: Deployment) -> Deployment:
    """Once every target has been asked."""
    with staging.client(certified=False) as client:
        for _ in range(5):
            client.get("/")
    wait_until(lambda: set(down(staging)) <= NOT_HERE, 90, f"all are up but {down(staging)}")
    return staging


def down(deployment: Deployment) -> dict[str, str]:
    """What each target's last trouble was, by job; what was never asked counts as down."""
    targets = deployment.prometheus("targets", state="active")["activeTargets"]
    found = {target["labels"]["job"]: target for target in targets}
    missing = dict.fromkeys(JOBS - set(found), "there is none")
    ill = {job: each["lastError"] for job, each in found.items() if each["health"] != "up"}
    return {**missing, **ill}


def page(deployment: Deployment, name: str, path: str) -> Any:
    url = f"http://127.0.0.1:{deployment.port(name)}{path}"
    return httpx.get(url, timeout=10).raise_for_status()


def test_every_target_is_up(watched: Deployment) -> None:
    targets = watched.prometheus("targets", state="active")["activeTargets"]
    assert {target["labels"]["job"] for target in targets} == JOBS
    # a backend that another test removed is a target for another half minute
    wait_until(lambda: set(down(watched)) <= NOT_HERE, 60, f"all are up but {down(watched)}")
    environments = {
        line
        for line in watched.prometheus("status/config")["yaml"].splitlines()
        if "environment:" in line
    }
    assert environments == {"    environment: staging"}


def test_the_site_is_visited_by_its_public_name(watched: Deployment) -> None:
    probe = f'probe_success{{job="blackbox-https",instance="https://{DOMAIN}/health"}} == 1'
    wait_until(lambda: watched.figures(probe), 45, "a visit succeeds")
    assert watched.figures("probe_ssl_earliest_cert_expiry > time()")


@pytest.mark.parametrize("query", KNOWN_TO_HOSTS)
def test_a_query_that_hosts_know_finds_something(watched: Deployment, query: str) -> None:
    wait_until(lambda: watched.figures(query), 45, f"{query} finds something")


def test_the_pages_answer_on_this_host(watched: Deployment) -> None:
    assert page(watched, "PROMETHEUS", "/-/ready").status_code == 200
    assert page(watched, "ALERTMANAGER", "/-/ready").status_code == 200
    assert page(watched, "GRAFANA", "/api/health").json()["database"] == "ok"
    sources = {each["uid"]: each for each in page(watched, "GRAFANA", "/api/datasources").json()}
    assert set(sources) == {"prometheus", "alertmanager"}
    for name, each in watched.containers().items():
        bindings = [
            port for ports in each["NetworkSettings"]["Ports"].values() for port in ports or ()
        ]
        if name.removesuffix("-1") in MONITORING:
            assert {binding["HostIp"] for binding in bindings} <= {"127.0.0.1"}, name


def test_prometheus_sends_its_alerts_to_alertmanager(watched: Deployment) -> None:
    (found,) = watched.prometheus("alertmanagers")["activeAlertmanagers"]
    assert found["url"] == "http://alertmanager:9093/api/v2/alerts"


def test_an_alert_is_mailed_to_the_operators(watched: Deployment) -> None:
    """Straight to Alertmanager, as amtool would; the mail is caught by a real server."""
    alert = {
        "labels": {"alertname": "TestOfMail", "severity": "critical", "environment": "staging"},
        "annotations": {
            "summary": "A test.",
            "description": "Nothing is wrong.",
            "runbook_url": "docs/runbooks/test-of-mail.md",
        },
    }
    url = f"http://127.0.0.1:{watched.port('ALERTMANAGER')}/api/v2/alerts"
    httpx.post(url, json=[alert], timeout=10).raise_for_status()

    mails = f"http://127.0.0.1:{watched.port('MAIL')}/mails.json"
    wait_until(
        lambda: any(
            "TestOfMail" in mail["subject"]
            for mail in httpx.get(mails, timeout=PATIENT_SECONDS).json()
        ),
        45,
        "the alert arrives as a mail",
    )
    (mail,) = [
        mail
        for mail in httpx.get(mails, timeout=PATIENT_SECONDS).json()
        if "TestOfMail" in mail["subject"]
    ]
    assert mail["subject"] == "[critical] TestOfMail on staging"
    assert "A test.\nNothing is wrong.\nWhat to do: docs/runbooks/test-of-mail.md" in (
        mail["text"].replace("\r\n", "\n")
    )


def test_whoever_is_inside_reads_the_figures_and_nobody_else(watched: Deployment) -> None:
    words = ("wget", "-q", "-O", "-", "http://backend:8000/metrics")
    assert "http_requests_total{" in watched.exec("prometheus", *words)
    with watched.client(certified=False) as client:
        assert client.get("/metrics").status_code == 404


def test_containers_are_told_of_as_docker_knows_them(watched: Deployment) -> None:
    known = watched.containers()
    running = {
        name
        for name, each in known.items()
        if each["HostConfig"]["RestartPolicy"]["Name"] not in ("", "no")
    }
    told = {labels["container"]: value for labels, value in watched.figures("container_up")}
    assert told == {f"{watched.project}-{name}": 1.0 for name in running}
    for labels, value in watched.figures("container_memory_limit_bytes"):
        short = labels["container"].removeprefix(f"{watched.project}-")
        assert value == known[short]["HostConfig"]["Memory"]
    for figure in ("memory_usage_bytes", "cpu_seconds_total", "network_receive_bytes_total"):
        assert len(watched.figures(f"container_{figure} > 0")) == len(running), figure


def test_the_served_certificate_is_told_with_both_its_times(watched: Deployment) -> None:
    ((_, begins),) = watched.figures("contravento_certificate_not_before_seconds")
    ((_, ends),) = watched.figures("contravento_certificate_not_after_seconds")
    ((_, seen),) = watched.figures("probe_ssl_earliest_cert_expiry")
    assert begins < time.time() < ends
    assert ends == seen


def test_a_kill_for_memory_is_counted(watched: Deployment) -> None:
    """A process in the mail catcher's container takes more than it may."""
    before = kills(watched, "mail")
    eats = "head -c 400m /dev/zero | tail -c 400m >/dev/null"
    assert watched.shell("mail", eats).returncode != 0

    wait_until(lambda: kills(watched, "mail") > before, 60, "the kill is counted")


def kills(deployment: Deployment, service: str) -> float:
    found = deployment.figures(f'container_oom_kills_total{{service="{service}"}}')
    return sum(value for _, value in found)


def test_monitoring_takes_little_memory(
    watched: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = "|".join(sorted(MONITORING))
    query = f'container_memory_usage_bytes{{service=~"{chosen}"}}'
    used = {labels["service"]: value for labels, value in watched.figures(query)}
    shown = ", ".join(f"{name} {value / 1e6:.0f}" for name, value in sorted(used.items()))
    tell(capsys, f"memory of monitoring: {sum(used.values()) / 1e6:.0f} MB ({shown})")
    assert set(used) == MONITORING
    assert sum(used.values()) < MOST_BYTES


@pytest.mark.parametrize("service", sorted(MONITORING - NOT_HERE))
def test_each_line_of_a_log_is_json(watched: Deployment, service: str) -> None:
    lines = watched.logs(service).replace(CLEARED, "").splitlines()
    assert lines
    assert not [line for line in lines if not is_json(line) and BEFORE_ITS_OPTIONS not in line]


def is_json(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def test_no_secret_shows_in_what_monitoring_says(watched: Deployment) -> None:
    secrets = [value for name, value in watched.values.items() if name.endswith("_PASSWORD")]
    said = "".join(watched.logs(service) for service in sorted(MONITORING))
    said += json.dumps(watched.prometheus("status/config"))
    said += page(watched, "ALERTMANAGER", "/api/v2/status").text
    assert len(secrets) >= 6
    assert not [value for value in secrets if value in said]


def test_a_changed_rule_is_taken_over_without_a_restart(watched: Deployment) -> None:
    """By the option that Prometheus runs with; it looks at the checksums of its files."""
    flags = watched.prometheus("status/flags")
    assert flags["config.auto-reload-interval"] == "30s"
    assert "auto-reload-config" in flags["enable-feature"]
    assert (flags["storage.tsdb.retention.time"], flags["storage.tsdb.retention.size"]) == (
        "32d",
        "2GiB",
    )


def test_plain_compose_changes_nothing_of_what_runs(watched: Deployment) -> None:
    before = {name: each["Id"] for name, each in watched.containers().items()}
    watched.compose("up", "--detach")
    after = {name: each["Id"] for name, each in watched.containers().items()}
    assert after == before


def test_when_monitoring_is_gone_riders_do_not_notice(watched: Deployment) -> None:
    watched.compose("stop", "--timeout", "1", *sorted(MONITORING))
    try:
        with watched.client(certified=False) as client:
            assert client.get("/").status_code == 200
            assert client.get("/health/ready").status_code == 200
    finally:
        watched.compose("start", *sorted(MONITORING))
    wait_until(lambda: set(down(watched)) <= NOT_HERE, 90, "all are up again")
