"""Two environments that are alike but where they may differ; and each way in which they are not."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from contravento_ops import main
from contravento_ops.environment import file as env_files
from contravento_ops.kit import compose
from contravento_ops.kit.compose import Call, Container, Done, Project
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.parity.diff import Allowed, compare, flat, read_allowed
from tests.ops.making import make_file

ROOT = Path(__file__).parents[3]
ALLOWED = ROOT / "deploy" / "parity.toml"
NGINX = """\
# configuration file /etc/nginx/nginx.conf:
worker_processes auto;
# configuration file /run/nginx/conf/20-servers.conf:
server_name {domain};
add_header X-Frame-Options DENY always;
"""
PARAMETERS = {"max_connections": "100", "work_mem": "4096"}
SETTINGS = {"DEBUG": "False", "METRICS": "True"}


@dataclass
class Side:
    """One environment as Docker would tell it."""

    environment: str
    folder: Path
    domain: str
    replicas: int
    backend: dict[str, Any] = field(default_factory=dict)
    nginx: str = NGINX
    parameters: dict[str, str] = field(default_factory=lambda: dict(PARAMETERS))
    settings: dict[str, str] = field(default_factory=lambda: dict(SETTINGS))
    images: dict[str, str] = field(
        default_factory=lambda: {"nginx": "sha256:1", "redis": "sha256:2"}
    )
    running: bool = True

    @property
    def values(self) -> dict[str, str]:
        found = env_files.read(self.folder / f".env.{self.environment}")
        assert found
        return found.values

    def config(self) -> dict[str, Any]:
        values = self.values
        told = {
            name: values.get(name, "") for name in ("LOG_LEVEL", "SECRET_KEY", "DOMAIN", "DEBUG")
        }
        backend = {
            "image": "contravento:1",
            "environment": told,
            "deploy": {"replicas": self.replicas},
            "volumes": [{"source": f"{self.folder}/deploy"}],
            "command": ["--redis", f"redis://:{values['REDIS_PASSWORD']}@redis:6379/1"],
            **self.backend,
        }
        others = {name: {"image": f"{name}:1"} for name in self.images}
        return {
            "name": f"contravento-{self.environment}",
            "services": {"backend": backend, **others},
        }

    def answer(self, words: str) -> Done:
        if "contravento settings" in words:
            return Done(0, json.dumps(self.settings), "")
        if "nginx -T" in words:
            return Done(0, self.nginx.format(domain=self.domain), "")
        if "pg_settings" in words:
            return Done(0, "\n".join(f"{k}={v}" for k, v in self.parameters.items()), "")
        return Done(1, "", "no such image")


@dataclass
class Both:
    staging: Side
    prod: Side

    def of(self, name: str) -> Side:
        return self.prod if name.endswith("prod") else self.staging


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Both:
    monkeypatch.setenv("CONTRAVENTO_ROOT", str(tmp_path))
    make_file(tmp_path, "staging")
    make_file(tmp_path, "prod")
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "parity.toml").write_text(ALLOWED.read_text())
    made = Both(
        Side("staging", tmp_path, "staging.velo.test", 1), Side("prod", tmp_path, "velo.test", 3)
    )

    def run(call: Call, *, timeout: float = 0, said_to_it: str | None = None) -> Done:
        words = " ".join(call.words)
        if "image inspect" in words:
            return Done(0, "sha256:app\n" if "contravento:" in words else "sha256:3\n", "")
        if call.words[:2] == ("docker", "run"):  # which of the two, only its variables tell
            return made.of("prod" if call.environment["DOMAIN"] == "velo.test" else "").answer(
                words
            )
        return made.of(words.partition("--env-file")[2].split()[0]).answer(words)

    def containers(project: Project, *services: str) -> list[Container]:
        side = made.of(project.paths.environment)
        names = [*side.images, "backend", "postgres"] if side.running else []
        prefix = project.paths.environment
        return [Container(f"{prefix}/{name}", name, name, "running", "", "") for name in names]

    def inspect(name: str) -> dict[str, Any]:
        environment, _, service = name.partition("/")
        return {"Image": made.of(environment).images.get(service, "sha256:app")}

    monkeypatch.setattr(compose, "compose_command", lambda: ("docker", "compose"))
    monkeypatch.setattr(compose, "run", run)
    monkeypatch.setattr(compose, "inspect", inspect)
    monkeypatch.setattr(Project, "containers", containers)
    monkeypatch.setattr(Project, "config", lambda each: made.of(each.paths.environment).config())
    return made


def parity(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any], str]:
    status = main.run(["staging", "parity", "--json", *words])
    said = capsys.readouterr()
    return status, json.loads(said.out), said.out + said.err


def unknown(report: dict[str, Any]) -> list[str]:
    return [difference["key"] for difference in report["differences"] if not difference["allowed"]]


def test_two_that_are_alike_but_where_they_may_differ(
    both: Both, capsys: pytest.CaptureFixture[str]
) -> None:
    status, report, said = parity(capsys)

    assert (status, report["is_alike"]) == (Exit.DONE, True), unknown(report)
    told = {difference["key"]: difference for difference in report["differences"]}
    assert told["files/secrets/SECRET_KEY"]["staging"] == "96 characters"
    assert told["files/secrets/SECRET_KEY"]["production"] == "128 characters"
    assert told["files/names/domain"]["reason"] == "each has a name of its own"
    assert told["files/compose/services/backend/environment/LOG_LEVEL"]["production"] == "WARNING"
    for side in (both.staging, both.prod):
        for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "SMTP_PASSWORD", "REDIS_PASSWORD"):
            assert side.values[name] not in said


def change_nginx(side: Side) -> None:
    side.nginx = side.nginx.replace("DENY", "SAMEORIGIN")


def change_postgresql(side: Side) -> None:
    side.parameters["work_mem"] = "65536"


def change_image(side: Side) -> None:
    side.images["redis"] = "sha256:4"


def change_compose(side: Side) -> None:
    side.backend = {"privileged": True}


def change_setting(side: Side) -> None:
    side.settings["DEBUG"] = "True"


def change_file(side: Side) -> None:
    env_files.put(side.folder / f".env.{side.environment}", "DEBUG", "true")


@pytest.mark.parametrize("which", ["staging", "prod"])
@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            change_nginx,
            "running/nginx/20-servers.conf: add_header X-Frame-Options SAMEORIGIN always;",
        ),
        (change_postgresql, "running/postgresql/work_mem"),
        (change_image, "running/images/redis"),
        (change_compose, "files/compose/services/backend/privileged"),
        (change_setting, "running/settings/DEBUG"),
        (change_file, "files/compose/services/backend/environment/DEBUG"),
    ],
    ids=["nginx", "postgresql", "image", "compose", "setting", "file"],
)
def test_what_nobody_allows_is_named(
    both: Both,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Side], None],
    named: str,
    which: str,
) -> None:
    change(both.of(which))

    status, report, _ = parity(capsys)

    assert status == Exit.NO_GO
    assert named in unknown(report)
    assert len(unknown(report)) <= 2, "and nothing else is"


def test_a_setting_is_also_seen_by_the_files_alone(
    both: Both, capsys: pytest.CaptureFixture[str]
) -> None:
    both.staging.running = both.prod.running = False
    change_setting(both.prod)

    status, report, _ = parity(capsys)

    assert (status, unknown(report)) == (Exit.NO_GO, ["files/settings/DEBUG"])


def test_what_does_not_run_on_both_is_compared_by_the_files(
    both: Both, capsys: pytest.CaptureFixture[str]
) -> None:
    both.prod.running = False
    change_nginx(both.staging)

    status, report, _ = parity(capsys)

    assert status == Exit.DONE
    assert not [
        difference
        for difference in report["differences"]
        if difference["key"].startswith("running/")
    ]


def test_production_on_another_host_is_carried_in_a_file_without_secrets(
    both: Both, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    carried = tmp_path / "carried.json"
    secrets = [both.prod.values[name] for name in ("SECRET_KEY", "REDIS_PASSWORD", "SMTP_PASSWORD")]
    assert main.run(["prod", "parity", "--write", str(carried)]) == Exit.DONE
    (tmp_path / ".env.prod").unlink()
    capsys.readouterr()

    assert not [secret for secret in secrets if secret in carried.read_text()]
    status, report, _ = parity(capsys, "--with", str(carried))
    assert status == Exit.DONE, unknown(report)
    change_postgresql(both.staging)
    assert unknown(parity(capsys, "--with", str(carried))[1]) == ["running/postgresql/work_mem"]


def test_without_a_production_it_says_what_to_do(
    both: Both, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / ".env.prod").unlink()

    status, _, said = parity(capsys)

    assert status == Exit.USAGE
    assert "--write" in said
    assert main.run(["prod", "parity"]) == Exit.USAGE


def test_every_difference_that_is_allowed_has_a_reason(tmp_path: Path) -> None:
    assert all(len(each.reason) > 10 for each in read_allowed(ALLOWED))
    bad = tmp_path / "parity.toml"
    for text in ('[[allowed]]\nkey = "a"\nreason = " "\n', '[[allowed]]\nkey = "a"\n', "nonsense"):
        bad.write_text(text)
        with pytest.raises(CommandError):
            read_allowed(bad)


def test_no_pattern_allows_what_would_matter() -> None:
    keys = (
        "files/compose/services/backend/environment/DEBUG",
        "running/settings/METRICS",
        "running/postgresql/max_connections",
        "files/compose/services/nginx/volumes/0/source",
        "running/images/nginx",
        "running/nginx/headers.conf: add_header X-Frame-Options DENY;",
        "files/compose/services/postgres/command/3",
        "files/settings/ACCESS_TOKEN_EXPIRE_MINUTES",
    )
    found = compare(dict.fromkeys(keys, "1"), dict.fromkeys(keys, "2"), read_allowed(ALLOWED))

    assert [str(each) for each in found if each.is_allowed] == []
    assert len(found) == len(keys)


def test_what_only_one_of_them_has_is_a_difference() -> None:
    (found,) = compare({"a": "1", "b": "2"}, {"a": "1"}, [Allowed("c", "another")])

    assert str(found) == "b: staging has 2, production nothing"
    assert not found.is_allowed


def test_a_tree_is_flat_by_its_paths() -> None:
    tree = {"a": {"b": ["x", {"c": 1}]}, "d": None, "e": False}

    assert dict(flat(tree, "t")) == {"t/a/b/0": "x", "t/a/b/1/c": "1", "t/e": "False"}
