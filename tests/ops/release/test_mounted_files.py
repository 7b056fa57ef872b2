"""What Compose does not see: files of ours that a service has mounted have changed."""

import json
from pathlib import Path
from typing import Any

import pytest

from contravento_ops.kit.compose import Container, Project
from contravento_ops.kit.paths import EnvironmentPaths
from contravento_ops.release import mounted_files


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    (tmp_path / "deploy" / "redis").mkdir(parents=True)
    (tmp_path / "deploy" / "redis" / "redis.conf").write_text("maxmemory 1gb\n")
    (tmp_path / "backups").mkdir()
    made = Project(EnvironmentPaths(tmp_path, "staging"))
    monkeypatch.setattr(Project, "config", lambda project: config(tmp_path))
    monkeypatch.setattr(Project, "containers", lambda project, *services: [redis("1")])
    return made


def config(root: Path) -> dict[str, Any]:
    mounts = [
        {"type": "bind", "source": str(root / "deploy/redis"), "target": "/opt", "read_only": True},
        {"type": "bind", "source": str(root / "backups"), "target": "/backups"},
        {"type": "volume", "source": "redis_data", "target": "/data"},
    ]
    service = {
        "image": "redis:8",
        "user": "999:999",
        "environment": {"A": "1"},
        "volumes": mounts,
        "tmpfs": ["/tmp:size=1m"],
        "networks": {"data": None},
    }
    return {
        "services": {"redis": service},
        "volumes": {"redis_data": {"name": "x_redis_data"}},
        "networks": {"data": {"name": "x_data"}},
    }


def redis(identity: str) -> Container:
    return Container(identity, "x-redis-1", "redis", "running", "healthy", "redis:8")


def stale(project: Project, identity: str = "1") -> tuple[str, ...]:
    return mounted_files.stale(project, project.config(), [redis(identity)])


def test_a_service_whose_files_have_changed_is_stale_until_it_is_made_anew(
    project: Project,
) -> None:
    root = project.paths.root
    assert stale(project) == ()  # seen for the first time
    mounted_files.note(project)
    (root / "backups" / "set").write_text("data is no file of ours")
    assert stale(project) == ()

    (root / "deploy" / "redis" / "redis.conf").write_text("maxmemory 2gb\n")

    assert stale(project) == ("redis",)
    mounted_files.note(project)
    assert stale(project) == ("redis",)  # noting is not taking over
    assert stale(project, "2") == ()  # another container
    mounted_files.note(project, "redis")  # restarted
    assert stale(project) == ()


def test_notes_that_cannot_be_read_are_none(project: Project) -> None:
    file = project.paths.memory / mounted_files.NOTES
    file.parent.mkdir(parents=True)
    file.write_text("[")
    assert stale(project) == ()
    mounted_files.note(project)
    assert json.loads(file.read_text()).keys() == {"1"}


def test_files_are_tried_in_a_container_that_riders_never_meet(project: Project) -> None:
    call = mounted_files.trial(project.config(), "redis")
    words = call.words
    root = project.paths.root
    assert words[:5] == ("docker", "run", "--rm", "--user", "999:999")
    assert f"{root}/deploy/redis:/opt:ro" in words
    assert (words[words.index("--env") + 1], call.implied) == ("A", {"A": "1"})
    assert "x_redis_data:/data" in words
    assert words[words.index("--network") + 1] == "x_data"
    assert words[words.index("--entrypoint") + 2] == "redis:8"
