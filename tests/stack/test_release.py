"""Upgrades under a steady stream of requests: none is lost, and the way back is as careful."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from contravento.migrations import newest_revision
from contravento_ops.kit.errors import Exit
from tests.stack.docker import docker
from tests.stack.releases import Host, a_host

pytestmark = pytest.mark.stack

UPGRADES = int(os.environ.get("UPGRADES", "20"))  # fewer where somebody waits for it


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, images: str) -> Iterator[Host]:
    with a_host(tmp_path_factory.mktemp("host"), f"contravento:{images}") as host:
        yield host


def test_from_nothing_to_a_site_that_answers(host: Host) -> None:
    done = host.deploy(host.good("first"))

    assert done.status == Exit.DONE, done.words
    assert len(host.serving()) == 1
    assert host.ops("status", "--json").status == Exit.DONE


@pytest.mark.parametrize("number", range(UPGRADES))
def test_an_upgrade_loses_no_request(host: Host, number: int) -> None:
    (before,) = host.serving()
    image = host.good(f"upgrade{number}")

    done = host.deploy(image)

    assert done.status == Exit.DONE, done.words
    assert done.requests["lost"] == 0, done.requests
    assert done.requests["acknowledged_but_gone"] == []
    assert {"read", "write", "upload"} <= set(done.requests["by_kind"])
    (after,) = host.serving()
    assert after[0] != before[0]
    assert after[1] == image


def test_plain_compose_starts_what_was_deployed(host: Host) -> None:
    """deploy.sh writes the tag where Compose reads it, so that `up -d` changes nothing."""
    before = {
        container.name: container.id for container in host.compose.containers() if container.is_well
    }

    docker(*host.compose.call("up", "--detach").words[1:])

    assert {
        container.name: container.id for container in host.compose.containers() if container.is_well
    } == before


def test_going_back_loses_no_request_either(host: Host) -> None:
    (before,) = host.serving()

    done = host.ops("rollback", "--bake-seconds", "3", "--json")

    assert done.status == Exit.DONE, done.words
    assert done.requests["lost"] == 0, done.requests
    (after,) = host.serving()
    assert after[1] != before[1]


def test_a_restart_waits_until_everything_is_healthy(host: Host) -> None:
    assert host.ops("restart", "backend").status == Exit.DONE
    assert host.ops("status", "--json").report["is_well"] is True


def test_the_status_names_what_is_deployed_and_how_to_reach_it(host: Host) -> None:
    found = host.ops("status", "--json").report

    assert {each["service"] for each in found["services"]} == {
        "postgres",
        "redis",
        "backend",
        "worker",
        "nginx",
        "certbot",
        "backup",
        "drill",
    }
    assert found["certificate"]["days_left"] > 300
    assert found["current"]["image"] == host.serving()[0][1]
    assert found["access"][0]["address"] == "https://diary.host.test"


def test_a_bundle_for_helpers_holds_no_secret(host: Host) -> None:
    done = host.ops("support", "--json")

    assert done.status == Exit.DONE, done.words
    packed = Path(done.report["path"]).read_bytes()
    assert len(packed) > 2000
    assert "configuration.yml" in done.report["files"]


def test_every_action_is_in_the_audit(host: Host) -> None:
    lines = (host.folder / "var/ops/staging/audit.jsonl").read_text().splitlines()

    actions = [json.loads(line)["action"] for line in lines]
    assert {"init", "deploy", "rollback", "restart", "support"} <= set(actions)


def test_a_command_runs_in_a_service(host: Host) -> None:
    assert newest_revision() in host.ops("exec", "backend", "alembic", "current").words
    assert host.ops("exec", "backend", "false").status == 1


def test_stopping_keeps_the_data(host: Host) -> None:
    riders = host.psql("SELECT count(*) FROM riders")
    (before,) = host.serving()

    assert host.ops("stop").status == Exit.DONE
    assert host.serving() == []
    assert host.deploy(before[1]).status == Exit.DONE
    assert host.psql("SELECT count(*) FROM riders") == riders
