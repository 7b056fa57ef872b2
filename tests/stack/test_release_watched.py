"""Deployments of a watched site: figures go on, and what is wrong with monitoring stops nobody."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from contravento_ops.kit.errors import Exit
from contravento_ops.kit.services import MONITORING
from tests.stack.docker import PATIENT_SECONDS, docker
from tests.stack.releases import Host, a_host

pytestmark = pytest.mark.stack

BAKE_SECONDS = 20  # longer than Prometheus waits between two questions
NEVER_NONE = 'min_over_time(sum(up{job="backend"})[40s:5s]) >= 1'
INSTANCES = 'count(count_over_time(up{job="backend"}[3m]))'


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, images: str) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("watched")
    with a_host(folder, f"contravento:{images}", is_watched=True) as host:
        yield host


def ask(host: Host, query: str) -> list[Any]:
    (published,) = [
        port
        for container in host.compose.containers("prometheus")
        for _, port, _ in container.ports
    ]
    url = f"http://127.0.0.1:{published}/api/v1/query"
    asked = httpx.get(url, params={"query": query}, timeout=PATIENT_SECONDS)
    found: list[Any] = asked.json()["data"]["result"]
    return found


def test_a_first_deployment_starts_monitoring_and_says_where_it_is(host: Host) -> None:
    done = host.deploy(host.good("first"))

    assert done.status == Exit.DONE, done.words
    assert done.report["warnings"] == []
    told = host.ops("status", "--json").report
    assert {each["service"] for each in told["services"]} >= MONITORING
    pages = {each["name"]: each for each in told["access"]}
    assert {"Grafana", "Prometheus", "Alertmanager"} <= set(pages)
    assert pages["Alertmanager"]["how"].startswith("ssh -L 9093:localhost:")


def test_an_upgrade_goes_on_when_monitoring_does_not_come_up(host: Host) -> None:
    """Grafana finds its data sources broken. Prometheus asks old and new all the while."""
    sources = host.folder / "monitoring/grafana/provisioning/datasources/contravento.yml"
    Path(sources).write_text("datasources: [")

    done = host.deploy(host.good("second"), bake_seconds=BAKE_SECONDS)

    assert done.status == Exit.DONE, done.words
    assert done.requests["lost"] == 0, done.requests
    (warning,) = done.report["warnings"]
    assert warning.startswith("monitoring is not well"), done.words
    assert "grafana" in warning
    assert host.serving()[0][1].endswith("second")
    assert ask(host, NEVER_NONE), "for some seconds no backend was known"
    ((_, instances),) = [each["value"] for each in ask(host, INSTANCES)]
    assert instances == "2"
    image = docker("inspect", "--format", "{{.Config.Image}}", f"{host.project}-containers-1")
    assert image == host.serving()[0][1]
