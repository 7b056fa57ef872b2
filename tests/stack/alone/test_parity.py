"""Staging and production on one host: alike at first; what is changed in either is named."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contravento_ops.kit.errors import Exit
from tests.docs.pages import commands, missing
from tests.stack.deployment import tell
from tests.stack.docker import ROOT, docker
from tests.stack.releases import Host, a_host, production_beside, prove

pytestmark = pytest.mark.stack

PAGE_OF_PARITY = "parity.md"
PAGE = ROOT / "docs" / "guides" / PAGE_OF_PARITY
# On one host each has ports of its own, and both names stand in the file.
PORTS = """
[[allowed]]
key = "files/compose/services/*/ports/*/published"
reason = "two environments on one host cannot publish the same ports"
"""


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory, images: str) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("parity")
    with a_host(folder, f"contravento:{images}") as host:
        list_of_allowed = folder / "deploy" / "parity.toml"
        list_of_allowed.write_text(list_of_allowed.read_text() + PORTS)
        done = host.deploy(host.base, "--skip", "firewall")
        assert done.status == Exit.DONE, done.words
        yield host


@pytest.fixture(scope="module")
def production(staging: Host) -> Iterator[Host]:
    """In the same folder, with one word changed in each name."""
    with production_beside(staging, "diary.production.test") as host:
        prove(host.folder, host.base)
        done = host.deploy(host.base, "--skip", "firewall", "--skip", "memory")
        assert done.status == Exit.DONE, done.words
        yield host


def unknown(host: Host) -> set[str]:
    answer = host.ops("parity", "--json")
    assert answer.status in (Exit.DONE, Exit.NO_GO), answer.words
    found = {each["key"] for each in answer.report["differences"] if not each["allowed"]}
    assert bool(found) == (answer.status == Exit.NO_GO)
    return found


def test_both_are_alike_where_they_are_to_be(
    staging: Host, production: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    assert unknown(staging) == set()
    found = staging.ops("parity", "--json").report["differences"]
    running = [each for each in found if each["key"].startswith("running/")]
    tell(capsys, f"{len(found)} differences that are meant, {len(running)} in what runs")
    assert {"running/settings/BCRYPT_ROUNDS", "files/settings/LOG_LEVEL"} <= {
        each["key"] for each in found
    }


def test_a_line_of_nginx(staging: Host, production: Host) -> None:
    name, conf = f"{staging.project}-nginx-1", "/run/nginx/conf/20-servers.conf"
    docker("exec", name, "sh", "-c", f"cp {conf} /tmp/kept; echo '# nothing' >>{conf}")
    assert unknown(staging) == set(), "a remark changes nothing"
    docker("exec", name, "sh", "-c", f"echo 'log_subrequest on;' >>{conf}")
    try:
        assert unknown(staging) == {"running/nginx/20-servers.conf: log_subrequest on;"}
    finally:
        docker("exec", name, "cp", "/tmp/kept", conf)


def test_a_setting_of_postgresql(staging: Host, production: Host) -> None:
    production.psql("ALTER SYSTEM SET work_mem = '64MB'")
    production.psql("SELECT pg_reload_conf()")
    try:
        assert unknown(staging) == {"running/postgresql/work_mem"}
    finally:
        production.psql("ALTER SYSTEM RESET work_mem")
        production.psql("SELECT pg_reload_conf()")


def test_a_setting_of_the_application_and_what_compose_makes_of_it(
    staging: Host, production: Host
) -> None:
    file = production.folder / ".env.prod"
    before = file.read_text()
    file.write_text(f"{before}\nMAP_TILES_URL=https://tiles.host.test/{{z}}/{{x}}/{{y}}.png\n")
    try:
        found = unknown(staging)
    finally:
        file.write_text(before)
    assert "files/settings/MAP_TILES_URL" in found
    assert {each.rpartition("/")[2] for each in found} == {"MAP_TILES_URL"}


def test_an_image(staging: Host, production: Host) -> None:
    overlay = staging.folder / "overlay.yml"
    before, other = overlay.read_text(), f"contravento:{staging.project}-redis"
    docker("tag", "nginx:1.30-trixie", other)
    compose = production.folder / "docker-compose.prod.yml"
    was = compose.read_text()
    compose.write_text(
        was.replace("services:\n", f"services:\n  redis: {{ image: '{other}' }}\n", 1)
    )
    try:
        assert unknown(staging) == {"files/images/redis"}
    finally:
        compose.write_text(was)
        overlay.write_text(before)


def test_the_commands_of_the_page(staging: Host, production: Host, tmp_path: Path) -> None:
    hosts = {"staging": staging, "prod": production}
    for command in commands(PAGE):
        _, mode, *words = command.words.split()

        done = hosts[mode].ops(*words)

        assert done.status == Exit.DONE, done.words
        assert missing(command.shown, done.words) is None, done.words
