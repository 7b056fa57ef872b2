"""The figures that autoscalers go by, and the alerts that only a cluster has, asked of promtool."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kubernetes.rendering import HERE, rendered
from tests.monitoring.conftest import IMAGE, Promtool

SECONDS = 120
ADAPTER: dict[str, Any] = yaml.safe_load((HERE / "adapter.yaml").read_text())["rules"]
ALERTS = HERE / "rules-here.yml"

type Judge = Callable[[list[dict[str, Any]]], None]


@pytest.fixture
def judge(promtool: Promtool, tmp_path: Path) -> Judge:
    """Tries the adapter's questions and the alerts on series; says what came out otherwise."""
    (tmp_path / "adapter.yml").write_text(yaml.safe_dump({"groups": [_as_group()]}))
    shutil.copy(ALERTS, tmp_path / "alerts.yml")

    def tried(cases: list[dict[str, Any]]) -> None:
        test = {"rule_files": ["adapter.yml", "alerts.yml"], "evaluation_interval": "1m"}
        (tmp_path / "test.yml").write_text(yaml.safe_dump({**test, "tests": cases}))
        found = shutil.which("promtool")
        box = ["docker", "run", "--rm", "--network", "none", "--user", "0"]
        where = ["--volume", f"{tmp_path}:/rules:ro", "--workdir", "/rules"]
        box += [*where, "--entrypoint", "promtool", IMAGE]
        done = subprocess.run(
            [*([found] if found else box), "test", "rules", "test.yml"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    promtool("--version")  # there is one, or the test is skipped with a sentence
    return tried


def _as_group() -> dict[str, Any]:
    """As the adapter asks when the namespace diary is scaled."""
    rules = []
    for each in ADAPTER["external"]:
        series = each["seriesQuery"].partition("{")[0]
        asked = each["metricsQuery"].replace("<<.Series>>", series)
        asked = asked.replace("<<.LabelMatchers>>", 'namespace="diary"')
        rules.append({"record": each["name"]["as"], "expr": asked})
    return {"name": "adapter", "rules": rules}


def bucket(le: str, values: str, **labels: str) -> dict[str, str]:
    said = {"job": "backend", "namespace": "diary", "route": "/", "le": le, **labels}
    written = ",".join(f'{name}="{value}"' for name, value in said.items())
    return {"series": f"http_request_duration_seconds_bucket{{{written}}}", "values": values}


def expect(expression: str, value: float | None, at: str = "10m") -> dict[str, Any]:
    samples = [] if value is None else [{"labels": expression, "value": value}]
    return {"expr": expression, "eval_time": at, "exp_samples": samples}


@pytest.mark.stack
@pytest.mark.core
def test_the_speed_is_that_of_riders_requests_in_this_namespace(judge: Judge) -> None:
    fast, slow = "0+600x20", "0+0x20"
    judge(
        [
            {
                "interval": "1m",
                "promql_expr_test": [expect("contravento_request_p95_seconds", 0.4875)],
                "input_series": [
                    bucket("0.25", slow),
                    bucket("0.5", fast),
                    bucket("+Inf", fast),
                    bucket("0.25", slow, route="/health/ready"),
                    bucket("3", fast, route="/health/ready"),
                    bucket("+Inf", fast, route="/health/ready"),
                    bucket("3", fast, namespace="staging"),
                    bucket("+Inf", fast, namespace="staging"),
                ],
            },
        ]
    )


@pytest.mark.stack
@pytest.mark.core
def test_a_site_that_nobody_asks_anything_is_fast(judge: Judge) -> None:
    """Also when its figures stand still: 0 of 0 would be no number, and no reason to scale down."""
    still = [bucket("0.5", "7+0x20"), bucket("+Inf", "7+0x20")]
    judge(
        [
            {
                "interval": "1m",
                "input_series": series,
                "promql_expr_test": [expect("contravento_request_p95_seconds", 0)],
            }
            for series in (still, [])
        ]
    )


@pytest.mark.stack
@pytest.mark.core
def test_the_queue_is_as_old_as_any_worker_says(judge: Judge) -> None:
    name = 'contravento_jobs_oldest_waiting_seconds{job="worker",namespace="%s",pod="%s"}'
    judge(
        [
            {
                "interval": "1m",
                "promql_expr_test": [expect("contravento_queue_age_seconds", 40)],
                "input_series": [
                    {"series": name % ("diary", "a"), "values": "30x20"},
                    {"series": name % ("diary", "b"), "values": "40x20"},
                    {"series": name % ("staging", "c"), "values": "900x20"},
                ],
            },
        ]
    )


def fires(alert: str, at: str, series: dict[str, str], **labels: str | None) -> dict[str, Any]:
    """Whether it fires; what it says is not compared."""
    expression = f'count by (alertname) (ALERTS{{alertname="{alert}",alertstate="firing"}})'
    value = labels.get("value", "1")
    sample = [] if value is None else [{"labels": f'{{alertname="{alert}"}}', "value": 1}]
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": each} for name, each in series.items()],
        "promql_expr_test": [{"expr": expression, "eval_time": at, "exp_samples": sample}],
    }


BACKUP = 'barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{namespace="diary"}'
CERTIFICATE = 'certmanager_certificate_expiration_timestamp_seconds{name="site-certificate"}'
CURRENT = 'kube_horizontalpodautoscaler_status_current_replicas{horizontalpodautoscaler="web"}'
MOST = 'kube_horizontalpodautoscaler_spec_max_replicas{horizontalpodautoscaler="web"}'
UP = {f'up{{job="{job}"}}': "1x20" for job in ("backend", "worker", "postgres", "redis")}
DAYS = 86400
CASES = {
    "an old backup": fires("BackupOld", "27h", {BACKUP: "0x1700"}),
    "a backup of yesterday": fires("BackupOld", "25h", {BACKUP: "0x1700"}, value=None),
    "no backups of ours": fires("BackupOld", "27h", {}, value=None),
    "a certificate with 13 days": fires(
        "CertificateNearEnd", "1h", {CERTIFICATE: f"{13 * DAYS}x60"}
    ),
    "a certificate with 20": fires(
        "CertificateNearEnd", "1h", {CERTIFICATE: f"{20 * DAYS}x60"}, value=None
    ),
    "no more pods": fires("AutoscalerAtItsMost", "1h", {CURRENT: "10x60", MOST: "10x60"}),
    "one pod left": fires(
        "AutoscalerAtItsMost", "1h", {CURRENT: "9x60", MOST: "10x60"}, value=None
    ),
    "no worker": fires("TargetMissing", "10m", {k: v for k, v in UP.items() if "worker" not in k}),
    "all there": fires("TargetMissing", "10m", UP, value=None),
}


@pytest.mark.stack
@pytest.mark.core
def test_alerts_of_a_cluster_fire_when_they_should(judge: Judge) -> None:
    judge(list(CASES.values()))


def test_autoscalers_ask_for_what_the_adapter_tells() -> None:
    told = {each["name"]["as"] for each in ADAPTER["external"]}
    asked = {
        metric["external"]["metric"]["name"]
        for each in rendered("prod")
        if each["kind"] == "HorizontalPodAutoscaler"
        for metric in each["spec"]["metrics"]
        if metric["type"] == "External"
    }

    assert asked == told


def test_every_alert_of_a_cluster_is_tried() -> None:
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    tried = set(re.findall(r'alertname="(\w+)"', str(CASES)))

    assert {rule["alert"] for rule in group["rules"]} == tried
    for rule in group["rules"]:
        assert (HERE.parents[1] / rule["annotations"]["runbook_url"]).exists()
