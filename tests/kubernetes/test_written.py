"""What is checked in is what `make kubernetes` writes, and agrees with Compose."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from tools import kubernetes as written

from contravento.kit.database.session import libpq_url
from contravento_ops.environment.variables.table import VARIABLES
from contravento_ops.kit.paths import EnvironmentName
from contravento_ops.kubernetes import replicas, settings
from tests.kubernetes.rendering import HERE, OVERLAYS, ROOT, Object, name_of, rendered

SHARED = {"backend": "web", "worker": "worker", "migrate": "migrate", "redis": "redis"}
EXPORTERS = ("postgres-exporter", "redis-exporter")
UNITS = {"M": 1000**2, "Mi": 1024**2, "G": 1000**3, "Gi": 1024**3}
# Said by CloudNativePG itself, or otherwise on purpose.
OWN_PARAMETERS = {
    "max_connections",
    "shared_buffers",
    "effective_cache_size",
    "archive_mode",
    "archive_command",
    "shared_preload_libraries",
    "log_line_prefix",
}


@pytest.mark.parametrize("path", written.files(), ids=lambda path: "/".join(path.parts[-2:]))
def test_a_written_file_is_up_to_date(path: Path) -> None:
    assert path.read_text() == written.files()[path], "run make kubernetes"


def test_nothing_lies_beside_what_is_written() -> None:
    there = {path for path in (HERE / "overlays").rglob("*") if path.is_file()}

    assert there == {path for path in written.files() if "overlays" in path.parts}


class _Loader(yaml.SafeLoader):
    """Compose's own tags mean nothing here."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: None)


@cache
def compose(name: str) -> Any:
    return yaml.load((ROOT / f"docker-compose{name}.yml").read_text(), _Loader)  # noqa: S506


def service(name: str) -> Any:
    return {**compose("")["services"], **compose(".monitoring")["services"]}[name]


def objects(environment: EnvironmentName) -> dict[str, Object]:
    return {re.sub(r"migrate-.*", "migrate", name_of(each)): each for each in rendered(environment)}


def container(name: str) -> Any:
    all_ = objects("prod")
    found = all_.get(f"Deployment/{name}") or all_[f"Job/{name}"]
    return found["spec"]["template"]["spec"]["containers"][0]


def test_the_application_is_told_what_compose_tells_it() -> None:
    told = set(compose("")["x-settings"]) - {"GIT_COMMIT", "TRUSTED_PROXIES"}

    assert set(settings.APPLICATION) == told


@pytest.mark.parametrize("environment", OVERLAYS)
def test_no_secret_is_in_an_overlay(environment: EnvironmentName) -> None:
    (found,) = [each for each in rendered(environment) if name_of(each).startswith("ConfigMap/set")]

    assert not [
        name for name in found["data"] if name in VARIABLES and VARIABLES[name].is_sensitive
    ]
    assert "change-me" not in str(rendered(environment))


@pytest.mark.parametrize("theirs", [*SHARED, *EXPORTERS])
def test_limits_are_composes(theirs: str) -> None:
    ours = container(SHARED.get(theirs, theirs))["resources"]["limits"]
    limits = service(theirs)["deploy"]["resources"]["limits"]

    assert cores(ours["cpu"]) == float(limits["cpus"])
    assert size(ours["memory"]) == size(limits["memory"].replace("M", "Mi"))


def cores(written_: str) -> float:
    return float(written_[:-1]) / 1000 if written_.endswith("m") else float(written_)


def size(written_: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(\w+)", written_).groups()  # type: ignore[union-attr]
    return int(number) * UNITS[unit]


@pytest.mark.parametrize("theirs", ["redis", *EXPORTERS])
def test_images_are_composes(theirs: str) -> None:
    assert container(theirs)["image"] == service(theirs)["image"]


def test_commands_are_composes() -> None:
    assert container("worker")["command"] == service("worker")["command"]
    assert container("migrate")["command"] == service("migrate")["command"]
    assert container("postgres-exporter")["args"] == service("postgres-exporter")["command"]


def test_replicas_are_composes() -> None:
    services = compose(".prod")["services"]
    found = replicas.numbers("prod", written.values("prod"))

    assert found.web[0] == services["backend"]["deploy"]["replicas"]
    assert found.workers[0] == services["worker"]["deploy"]["replicas"]


def test_as_many_pods_as_there_may_be_find_their_connections() -> None:
    """All of them, and one more of each while a release is replaced."""
    for environment in OVERLAYS:
        values = written.values(environment)
        found = replicas.numbers(environment, values)
        parameters = objects(environment)["Cluster/postgres"]["spec"]["postgresql"]["parameters"]
        pool = int(values["DATABASE_POOL_SIZE"]) + 10
        asked = (found.web[1] + 1) * pool + (found.workers[1] + 1) * replicas.WORKER_CONNECTIONS

        assert asked <= int(parameters["max_connections"]) - 10
        assert int(parameters["max_connections"]) == replicas.MAX_CONNECTIONS


def test_autoscalers_have_these_numbers() -> None:
    for environment in OVERLAYS:
        found = replicas.numbers(environment, written.values(environment))
        for name, expected in (("web", found.web), ("worker", found.workers)):
            spec = objects(environment)[f"HorizontalPodAutoscaler/{name}"]["spec"]
            assert (spec["minReplicas"], spec["maxReplicas"]) == expected


def test_postgresql_is_set_as_composes() -> None:
    ours = objects("prod")["Cluster/postgres"]["spec"]["postgresql"]["parameters"]
    theirs = dict(
        each.removeprefix("-c").split("=", 1) for each in service("postgres")["command"][1:]
    )

    assert set(theirs) - set(ours) - OWN_PARAMETERS == set()
    for name in set(ours) - OWN_PARAMETERS:
        assert ours[name] == theirs[name], name


def test_every_rule_is_there_unchanged_or_left_out_with_a_reason() -> None:
    ours = objects("prod")["PrometheusRule/contravento"]["spec"]["groups"]
    taken = [rule for group in ours for rule in group["rules"]]
    theirs = [
        rule
        for path in written.RULES.glob("*.yml")
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
    ]
    missing = {rule.get("alert", rule.get("record")) for rule in theirs if rule not in taken}

    assert missing == set(written.LEFT_OUT)


def test_rules_are_about_jobs_that_are_watched_here() -> None:
    all_ = objects("prod").values()
    jobs = {each["metadata"].get("labels", {}).get("contravento-job") for each in all_} - {None}
    rules = (HERE / "base" / "rules.yaml").read_text()
    asked = set(re.findall(r'job="([a-z-]+)"', rules))

    assert asked - {"blackbox-https"} <= jobs  # the certificate's figure stays empty


def test_roles_are_made_as_compose_makes_them(own_database: str) -> None:
    """In a real server, which lacks nothing but the extension."""
    script = (HERE / "database" / "roles.sql").read_text()
    name = own_database.rpartition("/")[2].partition("?")[0]
    script = script.replace(f'"{settings.DATABASE}"', f'"{name}"')
    extension = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements;"
    assert extension in script
    with psycopg.connect(libpq_url(own_database), autocommit=True) as connection:
        try:
            connection.execute(script.replace(extension, ""))
            connection.execute("SET ROLE contravento_owner; CREATE TABLE made (id int)")
            connection.execute("RESET ROLE; SET ROLE contravento_app; INSERT INTO made VALUES (1)")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("CREATE TABLE mine (id int)")
        finally:
            connection.execute("RESET ROLE")
            connection.execute(
                "ALTER DATABASE CURRENT_DATABASE OWNER TO CURRENT_USER".replace(
                    "CURRENT_DATABASE", f'"{name}"'
                )
            )
            for role in (
                "contravento_app_2",
                "contravento_monitor",
                "contravento_app",
                "contravento_owner",
            ):
                connection.execute(f"DROP OWNED BY {role} CASCADE")
                connection.execute(f"DROP ROLE {role}")
