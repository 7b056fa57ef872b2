"""Three engines in containers: the stack deployed, replaced, drained, and short of a node, with
riders about all the while. Figures are printed."""

import base64
import json
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from contravento_ops.environment import file as env_files
from contravento_ops.environment.variables.table import VARIABLES
from contravento_ops.kit.errors import Exit
from contravento_ops.swarm.service import ONE_AT_A_TIME
from tests.stack.deployment import tell, trusting_anybody, wait_until
from tests.stack.docker import docker
from tests.stack.nodes import Node, three_nodes
from tests.stack.releases import DOMAIN, a_host
from tests.stack.swarm_page import Reader, untyped
from tests.stack.swarm_site import HTTPS, Site, figures, losses, probing, riders
from tests.support.certified import write_certificate

pytestmark = pytest.mark.stack

OVERLAY = "services: { postgres: { container_name: !reset null } }\n"  # ports as on a host
ON_ALL = ("nginx:1.30-trixie",)
POSTGRES = "contravento-postgres:18"
ON_THE_FIRST = (POSTGRES, "redis:8-trixie")
BACK_SECONDS = 30
SETTLED_SECONDS = 90
WATCHED_SECONDS = 40


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, images: str) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("swarm")
    certificate = a_certificate(tmp_path_factory.mktemp("certificate"))
    with (
        three_nodes() as nodes,
        a_host(folder, f"contravento:{images}", "prod", overlay=OVERLAY) as host,
    ):
        reader = Reader(nodes)
        reader.make_a_swarm()
        reader.sits_at(host, str(certificate))
        reader.type("The environment file")
        began = time.monotonic()
        nodes.load(*ON_THE_FIRST, host.base, nodes=(nodes.first,))
        nodes.load(*ON_ALL)
        reader.type("Bring it there", "docker save")
        loaded = time.monotonic() - began
        host.prove(host.base)
        reader.type("Bring it there", "./deploy.sh prod --swarm")
        took = time.monotonic() - began
        yield Site(host, nodes, reader, certificate / "fullchain.pem", took, loaded)


def a_certificate(folder: Path) -> Path:
    """As somebody else obtained it."""
    shutil.copy(write_certificate(folder), folder / "fullchain.pem")
    shutil.copy(folder / "server.key", folder / "privkey.pem")
    return folder


def test_each_service_is_where_it_belongs(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    tell(
        capsys,
        f"a Swarm of three from nothing: {site.seconds:.0f} s, of that images"
        f" {site.loading_seconds:.0f} s",
    )
    places = {
        service: {node.name for node in site.nodes.all if site.on(node, service)}
        for service in ("nginx", "postgres", "redis", "backup", "backend")
    }

    assert places == {
        "nginx": {"node-1", "node-2"},
        "postgres": {"node-1"},
        "redis": {"node-1"},
        "backup": {"node-1"},
        "backend": {"node-1", "node-2", "node-3"},
    }


@pytest.mark.parametrize("way", ["first", "second"])
def test_riders_get_the_certificate_of_the_folder_at_each_way_in(site: Site, way: str) -> None:
    node: Node = getattr(site.nodes, way)
    with (
        socket.create_connection((node.address, HTTPS), timeout=10) as plain,
        trusting_anybody().wrap_socket(plain, server_hostname=DOMAIN) as tls,
    ):
        served = tls.getpeercert(binary_form=True)

    assert served == ssl.PEM_cert_to_DER_cert(site.certificate.read_text())


@pytest.mark.parametrize("way", ["first", "second"])
def test_signed_out_readers_are_answered_from_memory_at_each_way_in(site: Site, way: str) -> None:
    node: Node = getattr(site.nodes, way)

    wait_until(
        lambda: "hit" in site.cache_status(node, "/"), 15, "an answer comes from memory", 0.1
    )


def test_nobody_who_may_look_at_services_sees_a_secret(site: Site) -> None:
    found = env_files.read(site.host.folder / ".env.prod")
    assert found
    first = site.nodes.first
    names = first.docker("service", "ls", "--quiet").split()
    configs = first.inspect(*first.docker("config", "ls", "--quiet").split())
    shown = json.dumps(first.inspect(*names, *first.docker("ps", "--all", "--quiet").split()))
    shown += "".join(str(base64.b64decode(config["Spec"]["Data"])) for config in configs)
    shown += "".join(file.read_text() for file in (site.host.folder / "var").rglob("*.json"))

    secrets = {
        name: value
        for name, value in found.values.items()
        if name in VARIABLES and VARIABLES[name].is_sensitive and value
    }
    assert len(secrets) > 8
    assert [name for name, value in secrets.items() if value in shown] == []


def test_every_container_is_hardened(site: Site) -> None:
    for node in site.nodes.all:
        for each in node.inspect(*node.docker("ps", "--quiet").split()):
            host = each["HostConfig"]
            assert host["ReadonlyRootfs"], each["Name"]
            assert host["CapDrop"] == ["ALL"], each["Name"]
            assert host["Memory"] > 0, each["Name"]
            assert each["Config"]["User"] or "contravento:" in each["Config"]["Image"], each["Name"]


def test_a_release_takes_over_and_nobody_notices(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    release = site.host.good("second")
    site.nodes.load(release)

    with riders(site, site.nodes.first) as stream:
        began = time.monotonic()
        answer = site.deploy(site.host.prove(release))
        took = time.monotonic() - began
    tell(capsys, f"a release replaced in {took:.0f} s: {figures(stream)}")

    assert answer.status == Exit.DONE, answer.words
    assert site.images("backend") == site.images("worker") == {release}
    assert losses(stream) == []
    assert stream.unkept() == ([], [])


def test_a_release_that_does_not_start_is_taken_back(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    before = site.images("backend")
    release = site.host.with_command("broken", "raise SystemExit('no such thing')")
    site.nodes.load(release)

    with riders(site, site.nodes.first) as stream:
        answer = site.deploy(site.host.prove(release))
    tell(capsys, f"a broken release taken back: {figures(stream)}")

    assert answer.status == Exit.WENT_BACK, answer.words
    assert "no such thing" in answer.cause
    assert site.images("backend") == site.images("worker") == before
    assert losses(stream) == []
    assert stream.unkept() == ([], [])


def test_the_release_before_comes_back_and_nobody_notices(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    with riders(site, site.nodes.first) as stream:
        site.reader.type("Bring it there", "./deploy.sh prod rollback")
    tell(capsys, f"rolled back: {figures(stream)}")

    assert site.images("backend") == site.images("worker") == {site.host.base}
    assert losses(stream) == []
    assert stream.unkept() == ([], [])


def test_a_node_is_emptied_and_nobody_notices(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    first, third = site.nodes.first, site.nodes.third
    spread(site)

    with riders(site, first) as stream:
        began = time.monotonic()
        site.reader.type("Empty a node", "docker node update --availability drain")
        wait_until(lambda: not site.on(third, "backend"), SETTLED_SECONDS, "the node is empty")
        wait_until(lambda: site.serves_with("backend", 3), SETTLED_SECONDS, "three serve again")
        took = time.monotonic() - began
    site.reader.type("Empty a node", "docker node update --availability active")
    tell(capsys, f"a node drained in {took:.0f} s: {figures(stream)}")

    assert losses(stream) == []
    assert stream.unkept() == ([], [])


def spread(site: Site) -> None:
    """A new task goes to the node that has fewest, so the third gets one."""
    site.reader.type("Empty a node", "docker service update --force")
    wait_until(lambda: site.on(site.nodes.third, "backend"), SETTLED_SECONDS, "it has work")
    wait_until(lambda: site.serves_with("backend", 3), SETTLED_SECONDS, "three serve")
    wait_until(lambda: site.is_settled("backend"), SETTLED_SECONDS, "all are replaced")


def test_what_the_page_shows_of_every_day_is_so(site: Site) -> None:
    made = json.loads(site.inside("riders", "probe").splitlines()[-1])
    site.reader.true_here["YOUR-NAME"] = made["username"]

    assert site.service("backend") in site.reader.type("Every day")
    site.reader.type("Look at monitoring")


def test_a_lost_node_costs_nothing_that_was_acknowledged(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = site.nodes.first, site.nodes.second
    assert site.on(second, "backend")

    with riders(site, first) as stream, probing(stream) as prober:
        time.sleep(5)
        docker("kill", second.container)
        killed = time.monotonic()
        wait_until(lambda: site.nodes.states()[second.name] == "Down", 60, "it is noticed")
        noticed = time.monotonic() - killed
        wait_until(lambda: site.serves_with("backend", 3), SETTLED_SECONDS, "three serve again")
        whole = time.monotonic() - killed
        time.sleep(max(WATCHED_SECONDS - whole, 0))
    wait_until(lambda: not stream.unread(), SETTLED_SECONDS, "every upload was read")
    back, (asked, failed) = prober.back_after(killed), prober.count_since(killed)
    tell(
        capsys,
        f"a node killed: noticed after {noticed:.0f} s, every rider served again after"
        f" {back:.1f} s ({failed} of {asked} new requests failed), three backends after"
        f" {whole:.0f} s; {figures(stream)}",
    )

    assert stream.unkept() == ([], [])
    assert back < BACK_SECONDS


def test_a_second_postgresql_waits_until_the_first_has_ended(images: str) -> None:
    """As on a node that was cut off and came back: two tasks on one volume."""
    name = f"contravento-swarm-{uuid4().hex[:6]}"
    own: list[str] = json.loads(
        docker("image", "inspect", "--format", "{{json .Config.Entrypoint}}", POSTGRES)
    )
    (lock, *words), mount = ONE_AT_A_TIME, f"{name}:/var/lib/postgresql"
    given = ("--init", "--user", "postgres", "--env", "POSTGRES_PASSWORD=only-for-tests")
    runs = ("--volume", mount, "--entrypoint", lock, POSTGRES, *words, *own, "postgres")
    line = (*given, *runs, "-cmax_connections=20")
    first, second = docker("run", "--detach", *line), docker("run", "--detach", *line)
    try:
        wait_until(lambda: accepts(first), SETTLED_SECONDS, "the first is ready")
        assert docker("logs", second) == ""
        assert not accepts(second)

        docker("stop", "--signal", "SIGINT", first)

        wait_until(lambda: accepts(second), SETTLED_SECONDS, "the second takes over")
    finally:
        docker("rm", "--force", "--volumes", first, second)
        docker("volume", "rm", name)


def accepts(container: str) -> bool:
    words = ["docker", "exec", container, "pg_isready", "--quiet", "--host", "127.0.0.1"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def test_every_command_of_the_page_was_typed(site: Site) -> None:
    assert untyped(site.reader) == set()
