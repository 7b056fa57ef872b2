"""What Docker itself says of every container: a line taken out of a compose file fails here."""

import json
from typing import Any

import pytest

from contravento_ops.kit.services import MONITORING
from tests.stack.deployment import Deployment
from tests.stack.docker import docker

pytestmark = pytest.mark.stack

ONE_OFFS = ("prepare-1", "static-1", "roles-1", "migrate-1", "backup-prepare-1")
SERVING = (
    *("postgres-1", "redis-1", "backend-1", "worker-1", "nginx-1", "certbot-1", "mail-1"),
    *("backup-1", "drill-1"),
)
WATCHING = tuple(f"{name}-1" for name in sorted(MONITORING))
RUNNING = (*SERVING, *WATCHING)
OURS = (*ONE_OFFS, *RUNNING)
# these two run as root, without a network, to hand volumes over; containers does, without any
# capability, since Docker's socket is root's
ROOTS = ("prepare-1", "backup-prepare-1", "containers-1")
CAPABILITIES = {
    name: {"CHOWN", "DAC_OVERRIDE", "FOWNER"} for name in ("prepare-1", "backup-prepare-1")
}
NETWORKS = {
    "prepare-1": {"none"},
    "static-1": {"none"},
    "postgres-1": {"data"},
    "redis-1": {"data"},
    "migrate-1": {"data"},
    "backend-1": {"application", "data"},
    "worker-1": {"application", "data"},
    "nginx-1": {"edge", "application", "monitoring"},
    "certbot-1": {"edge"},
    "mail-1": {"application"},
    "prometheus-1": {"monitoring", "application"},
    "alertmanager-1": {"monitoring", "application"},
    "grafana-1": {"monitoring", "panels"},
    "blackbox-1": {"monitoring", "edge"},
    "containers-1": {"monitoring"},
    "node-exporter-1": {"monitoring"},
    "postgres-exporter-1": {"monitoring", "data"},
    "redis-exporter-1": {"monitoring", "data"},
    "nginx-exporter-1": {"monitoring"},
    "backup-prepare-1": {"none"},
    "roles-1": {"none"},
    "backup-1": {"monitoring", "offsite", "drill"},
    "drill-1": {"drill"},
}
NOTHING = "0000000000000000"


@pytest.fixture(scope="module")
def containers(staging: Deployment) -> dict[str, dict[str, Any]]:
    return staging.containers()


def test_every_container_is_looked_at(containers: dict[str, Any]) -> None:
    assert set(containers) - {"pebble-1"} == set(OURS)


@pytest.mark.parametrize("name", OURS)
def test_a_container_may_do_little(containers: dict[str, Any], name: str) -> None:
    host = containers[name]["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    added = {each.removeprefix("CAP_") for each in host["CapAdd"] or ()}
    assert added == CAPABILITIES.get(name, set())
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert not host["Privileged"]
    assert host["Init"]
    assert host["PidMode"] == host["UTSMode"] == ""
    assert host["IpcMode"] == "private"
    sockets = [bind for bind in host["Binds"] or () if "docker.sock" in bind]
    assert bool(sockets) == (name == "containers-1")
    assert all(bind.endswith(":ro") for bind in sockets)
    # PostgreSQL's is a volume, so that `docker cp` reaches a dump
    writable = {
        container["Destination"] for container in containers[name]["Mounts"] if container["RW"]
    }
    assert "/tmp" in (writable if name == "postgres-1" else host["Tmpfs"])


@pytest.mark.parametrize("name", OURS)
def test_a_container_may_use_so_much(containers: dict[str, Any], name: str) -> None:
    host = containers[name]["HostConfig"]
    assert 32 <= host["PidsLimit"] <= 256
    least = 32 if name in WATCHING else 96
    assert least * 2**20 <= host["Memory"] <= 1536 * 2**20
    assert 0 < host["NanoCpus"] <= 2e9
    log = host["LogConfig"]
    assert log == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "5"}}


@pytest.mark.parametrize("name", RUNNING)
def test_a_service_is_watched_restarted_and_given_time(
    containers: dict[str, Any], name: str
) -> None:
    said, host = containers[name]["Config"], containers[name]["HostConfig"]
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    assert said["StopTimeout"] >= 5
    if name == "nginx-exporter-1":  # its image holds nothing that could ask; Prometheus does
        assert said["Healthcheck"]["Test"] == ["NONE"]
        return
    assert said["Healthcheck"]["Test"][0] in ("CMD", "CMD-SHELL")
    assert 0 < said["Healthcheck"]["StartInterval"] <= 2e9


@pytest.mark.parametrize("name", OURS)
def test_nobody_is_root(containers: dict[str, Any], name: str) -> None:
    user = containers[name]["Config"]["User"]
    image = docker("image", "inspect", "--format", "{{.Config.User}}", containers[name]["Image"])
    runs_as = user or image
    assert (runs_as.split(":")[0] in ("", "0", "root")) == (name in ROOTS)


@pytest.mark.parametrize("name", RUNNING)
def test_no_process_holds_a_capability(staging: Deployment, name: str) -> None:
    service = name.rpartition("-")[0]
    # some process may end meanwhile, and its file with it
    status = staging.exec(service, "sh", "-c", "cat /proc/[0-9]*/status 2>/dev/null || true")
    held = {line.split()[1] for line in status.splitlines() if line.startswith("CapEff")}
    uids = {line.split()[1] for line in status.splitlines() if line.startswith("Uid")}
    bounded = {line.split()[1] for line in status.splitlines() if line.startswith("CapBnd")}
    assert held == bounded == {NOTHING}
    assert ("0" in uids) == (name in ROOTS)
    assert "Read-only" in staging.shell(service, "touch /etc/new").stderr


def test_each_container_is_on_its_networks_only(
    staging: Deployment, containers: dict[str, Any]
) -> None:
    for name, expected in NETWORKS.items():
        attached = containers[name]["NetworkSettings"]["Networks"]
        short = {each.removeprefix(staging.project).lstrip("_-") for each in attached}
        assert short == expected, name


@pytest.mark.parametrize(("short", "service"), [("data", "postgres"), ("monitoring", "containers")])
def test_an_inner_network_has_no_way_out(staging: Deployment, short: str, service: str) -> None:
    network = f"{staging.project}_{short}"
    assert docker("network", "inspect", "--format", "{{.Internal}}", network) == "true"
    routes = staging.exec(service, "cat", "/proc/net/route").splitlines()[1:]
    assert routes
    assert all(route.split()[1] != "00000000" for route in routes), "there is a default route"


def test_grafana_finds_no_way_into_the_world(staging: Deployment) -> None:
    network = f"{staging.project}_panels"
    options = json.loads(docker("network", "inspect", "--format", "{{json .Options}}", network))
    assert options["com.docker.network.bridge.enable_ip_masquerade"] == "false"


def test_volumes_have_the_names_that_hosts_know(staging: Deployment) -> None:
    labelled = f"label=com.docker.compose.project={staging.project}"
    names = docker("volume", "ls", "--filter", labelled, "--format", "{{.Name}}").split()
    short = {each.removeprefix(f"{staging.project}_") for each in names}
    assert {"postgres_data", "redis_data", "backend_storage", "ssl_certificates"} <= short
    assert {"prometheus_data", "grafana_data"} <= short


def test_no_password_shows_in_a_process_list(staging: Deployment) -> None:
    secrets = [value for name, value in staging.values.items() if name.endswith("_PASSWORD")]
    for service in ("postgres", "redis", "backend", "worker", *sorted(MONITORING)):
        lines = staging.exec(service, "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
        assert not [secret for secret in secrets if secret in lines], service
