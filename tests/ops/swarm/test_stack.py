"""What a Swarm is told of each service, and what nobody may read in it."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from contravento_ops.environment import file as env_files
from contravento_ops.environment.variables.table import VARIABLES
from contravento_ops.swarm import stack
from contravento_ops.swarm.placement import LEFT_OUT
from contravento_ops.swarm.stack import Stack
from tests.ops.making import make_file
from tests.ops.swarm.making import S3, a_folder, a_stack, as_docker_reads_it, service
from tests.support.certified import write_certificate

ELSEWHERE = "postgresql+asyncpg://contravento_app:Wq8-Tz5_xLp3@db.example.org:6432/diary?ssl=true"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_folder(tmp_path_factory.mktemp("swarm"))


@pytest.fixture(scope="module")
def made(folder: Path) -> Stack:
    return a_stack(folder)


def files(made: Stack, name: str) -> dict[str, int]:
    """What a service is given, by its place, with its mode."""
    found = service(made, name)
    return {each["target"]: each["mode"] for each in (*found["configs"], *found["secrets"])}


def test_docker_takes_the_whole_stack_and_understands_all_of_it(
    made: Stack, tmp_path: Path
) -> None:
    done = as_docker_reads_it(made, tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_no_secret_is_in_the_stack_or_a_config(made: Stack, folder: Path) -> None:
    found = env_files.read(folder / ".env.prod")
    assert found
    shown = json.dumps(made.document) + "".join(
        each.content.decode(errors="replace") for each in made.kept.values() if not each.is_secret
    )
    secrets = [
        name for name, value in found.values.items() if VARIABLES[name].is_sensitive and value
    ]

    assert len(secrets) > 8
    assert [name for name in secrets if found.values[name] in shown] == []


def test_every_secret_reaches_the_service_that_asks_for_it(made: Stack) -> None:
    given = [file for file in files(made, "worker") if file.startswith("/run/secrets/")]

    assert sorted(each.rpartition("/")[2] for each in given) == [
        "DATABASE_URL",
        "REDIS_URL",
        "SECRET_KEY",
        "SMTP_PASSWORD",
        "STORAGE_S3_ACCESS_KEY",
        "STORAGE_S3_SECRET_KEY",
    ]
    assert service(made, "worker")["entrypoint"] == ["/opt/contravento/with-secrets"]
    assert service(made, "worker")["command"] == ["contravento", "worker"]
    assert service(made, "redis")["healthcheck"]["test"][:2] == [
        "CMD",
        "/opt/contravento/with-secrets",
    ]
    assert service(made, "postgres-exporter")["command"][0] == "start-of-the-image"
    assert "/run/contravento/environment" in files(made, "backup-prepare")


def test_an_environment_file_that_lies_elsewhere_is_a_secret_too(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    file = make_file(a_folder(tmp_path), "prod", **S3, ENVIRONMENT_FILE=str(elsewhere))
    elsewhere.write_bytes(file.read_bytes())

    made = a_stack(tmp_path)

    (found,) = (each for each in made.kept.values() if each.target.endswith("/environment"))
    assert found.is_secret


def test_another_value_has_another_name(made: Stack, tmp_path: Path) -> None:
    other = a_stack(a_folder(tmp_path), SMTP_PASSWORD="another-7-password")

    def names(one: Stack) -> set[str]:
        return {each for each in one.kept if "SMTP-PASSWORD" in each}

    assert len(names(made)) == len(names(other)) == 1
    assert names(made) != names(other)
    assert max(len(each) for each in made.kept) <= 64


def test_what_may_be_run_stays_so(made: Stack) -> None:
    given = files(made, "nginx")

    assert given["/opt/contravento/bin/render"] == given["/opt/contravento/bin/watch"] == 0o755
    assert given["/etc/nginx/nginx.conf"] == 0o644


def test_a_new_backend_stands_beside_the_old_one_and_is_taken_back_if_it_fails(made: Stack) -> None:
    for name in ("backend", "worker"):
        replacing = service(made, name)["deploy"]["update_config"]

        assert replacing["order"] == "start-first"
        assert replacing["failure_action"] == "rollback"
    assert service(made, "backend")["deploy"]["replicas"] == 3
    assert service(made, "backend")["command"][:2] == ["/opt/contravento/lingering", "5"]
    assert service(made, "backend")["healthcheck"]["test"][-1] == "/opt/contravento/healthy.py"


@pytest.mark.parametrize("name", ["postgres", "redis", "backup", "prometheus", "grafana"])
def test_what_has_a_volume_stays_with_it_and_never_stands_beside_another(
    made: Stack, name: str
) -> None:
    deployed = service(made, name)["deploy"]

    assert deployed["placement"] == {"constraints": ["node.labels.contravento.database==true"]}
    assert deployed["update_config"]["order"] == "stop-first"


def test_two_postgresqls_never_have_the_same_folder(made: Stack) -> None:
    assert service(made, "postgres")["entrypoint"] == ["flock"]
    assert service(made, "postgres")["command"][:2] == [
        "--no-fork",
        "/var/lib/postgresql/one-at-a-time",
    ]


def test_every_service_is_asked_by_the_addresses_of_its_tasks(made: Stack) -> None:
    modes = {each["deploy"]["endpoint_mode"] for each in made.document["services"].values()}

    assert modes == {"dnsrr"}


def test_riders_come_in_at_the_edge_by_ports_of_the_node(made: Stack) -> None:
    nginx = service(made, "nginx")

    assert nginx["deploy"]["mode"] == "global"
    assert nginx["deploy"]["placement"] == {"constraints": ["node.labels.contravento.edge==true"]}
    assert {(port["mode"], port["published"]) for port in nginx["ports"]} == {
        ("host", 80),
        ("host", 443),
    }
    assert nginx["environment"]["UPSTREAM_KEEPALIVE"] == "off"


def test_what_was_prepared_for_nginx_stays_so_while_it_is_empty(made: Stack) -> None:
    cache = next(
        volume
        for volume in service(made, "nginx")["volumes"]
        if volume["target"] == "/var/cache/nginx"
    )

    assert cache["volume"] == {"nocopy": True}


def test_nothing_but_nginx_opens_a_port_of_a_node(made: Stack) -> None:
    assert [name for name, each in made.document["services"].items() if each.get("ports")] == [
        "nginx"
    ]


def test_whom_the_application_believes_is_the_network_that_nginx_is_on(made: Stack) -> None:
    network = made.document["networks"]["application"]

    assert network["driver"] == "overlay"
    assert (
        service(made, "backend")["environment"]["TRUSTED_PROXIES"]
        == network["ipam"]["config"][0]["subnet"]
    )


def test_what_no_swarm_has_is_left_out(made: Stack) -> None:
    assert not {*LEFT_OUT} & made.services
    assert {"backend", "worker", "nginx", "postgres", "redis", "backup"} <= made.services


def told(made: Stack, name: str) -> str:
    return next(each.content.decode() for each in made.kept.values() if f"_{name}_" in each.name)


def test_prometheus_asks_each_node_and_nothing_that_is_not_there(made: Stack) -> None:
    jobs = {
        scrape_config["job_name"]: scrape_config
        for scrape_config in yaml.safe_load(told(made, "prometheus-yml"))["scrape_configs"]
    }

    assert jobs["node"]["dns_sd_configs"][0]["names"] == ["node-exporter"]
    assert "containers" not in jobs
    assert {"backend", "worker", "postgres", "redis", "nginx", "blackbox-https"} <= set(jobs)
    assert service(made, "node-exporter")["deploy"]["mode"] == "global"


def test_no_alert_misses_what_is_left_out(made: Stack) -> None:
    groups = yaml.safe_load(told(made, "watching-yml"))["groups"]
    rules = {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}
    recorded = told(made, "recording-yml")

    assert 'up{job="containers"}' not in rules["TargetMissing"]
    assert 'up{job="backend"}' in rules["TargetMissing"]
    assert "contravento_certificate" not in recorded
    assert "probe_ssl_earliest_cert_expiry" in recorded


def test_a_certificate_of_ones_own_goes_to_each_nginx_and_is_kept_secret(
    folder: Path, tmp_path: Path
) -> None:
    certificate = write_certificate(tmp_path)
    shutil.copy(certificate, tmp_path / "fullchain.pem")
    shutil.copy(tmp_path / "server.key", tmp_path / "privkey.pem")

    made = a_stack(folder, CERTIFICATE_FOLDER=str(tmp_path))

    assert "/etc/letsencrypt/live/velo.test/privkey.pem" in files(made, "nginx")
    sources = {volume.get("source") for volume in service(made, "nginx")["volumes"]}
    assert "ssl_certificates" not in sources
    assert next(each for name, each in made.kept.items() if "privkey" in name).is_secret


def test_a_database_elsewhere_is_migrated_by_its_owner_and_nothing_runs_here(
    tmp_path: Path,
) -> None:
    made = a_stack(a_folder(tmp_path), DATABASE_URL=ELSEWHERE)

    assert not {"postgres", "roles", "backup", "backup-prepare", "drill"} & made.services
    urls = [each.content.decode() for name, each in made.kept.items() if "DATABASE-URL" in name]
    assert ELSEWHERE in urls
    owner = next(url for url in urls if url != ELSEWHERE)
    assert owner.startswith("postgresql+asyncpg://contravento_owner:")
    assert owner.endswith("@db.example.org:6432/diary?ssl=true")


def test_files_for_docker_are_those_of_this_stack_and_no_secret(
    made: Stack, tmp_path: Path
) -> None:
    configs = tmp_path / "configs"
    configs.mkdir()
    (configs / "of-the-release-before").touch()

    stack.write(made, tmp_path)

    names = {path.name for path in configs.iterdir()}
    assert names == {name for name, each in made.kept.items() if not each.is_secret}


def test_a_part_holds_what_its_services_need_and_no_more(made: Stack) -> None:
    part = made.part(("redis",))

    assert set(part["services"]) == {"redis"}
    assert set(part["networks"]) == {"data"}
    assert set(part["volumes"]) == {"redis_data"}
    assert all(secret["external"] for secret in part["secrets"].values())
