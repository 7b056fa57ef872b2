"""./deploy.sh prod kubernetes: what it writes, what it keeps secret, and what it refuses."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from uvicorn.middleware.proxy_headers import _TrustedHosts

from contravento_ops.environment import consistency
from contravento_ops.kit.errors import Exit
from contravento_ops.kit.paths import EnvironmentName
from contravento_ops.kubernetes import overlay, settings, unsupported
from contravento_ops.kubernetes.replicas import numbers
from contravento_ops.main import run
from tests.kubernetes.policies import findings
from tests.kubernetes.rendering import HERE, OVERLAYS, ROOT, kustomize, values
from tests.ops.making import make_file

IMAGE = "registry.example.org/contravento:1a2b3c4d5e6f"
DIGEST = f"{IMAGE}@sha256:{'ab' * 32}"
ELSEWHERE = (
    "postgresql+asyncpg://contravento_app:secret-1@db.example.org:6432/diary"
    "?sslmode=verify-full&sslrootcert=system"
)
S3 = {
    "STORAGE_URL": "s3://diary-files",
    "BACKUP_S3_ENDPOINT": "https://s3.velo.test",
    "BACKUP_S3_BUCKET": "diary-backups",
    "BACKUP_S3_ACCESS_KEY": "Kz4-mWq8",
    "BACKUP_S3_SECRET_KEY": "pV7_tXs3-Lq9wRk2",
}


def wanted(folder: Path, image: str = IMAGE, **changes: str) -> overlay.OverlayRequest:
    return overlay.OverlayRequest(
        "prod", {**values("prod"), **changes}, image, overlay.shared_from(ROOT, folder)
    )


def render(folder: Path, wanted: overlay.OverlayRequest) -> dict[str, dict[str, object]]:
    for name, content in overlay.files(wanted).items():
        (folder / name).write_text(content)
    found = yaml.safe_load_all(kustomize(folder))
    return {f"{each['kind']}/{each['metadata']['name']}": each for each in found}


REFUSED: dict[str, tuple[EnvironmentName, Mapping[str, str], str]] = {
    "dev": ("dev", {}, "Kubernetes is for staging and prod; dev runs by ./deploy.sh dev."),
    "files on a disk": (
        "prod",
        {"STORAGE_URL": "file:///var/lib/contravento/storage"},
        "STORAGE_URL is a folder of one machine, which other nodes do not have;"
        " write s3:// and the bucket's name.",
    ),
    "files nowhere": (
        "prod",
        {"STORAGE_URL": ""},
        "STORAGE_URL is a folder of one machine, which other nodes do not have;"
        " write s3:// and the bucket's name.",
    ),
    "no figures": (
        "staging",
        {"METRICS": "false"},
        "METRICS is false, but probes and autoscalers ask for figures; write true.",
    ),
    "the catcher": (
        "staging",
        {"SMTP_HOST": "mail"},
        "SMTP_HOST is 'mail', a service that only Compose has; name a mail server.",
    ),
    "no place for backups": (
        "prod",
        {"BACKUP_S3_BUCKET": ""},
        "BACKUP_S3_BUCKET is not set, so PostgreSQL's backups would go nowhere; set it.",
    ),
    "too many connections": (
        "prod",
        {"DATABASE_POOL_SIZE": "60"},
        "DATABASE_POOL_SIZE and WEB_CONCURRENCY let one pod ask for 70 connections, which leaves"
        " room for 1 pods where 3 are needed; write smaller ones.",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_would_not_work_is_refused_with_a_sentence(what: str) -> None:
    environment, changes, sentence = REFUSED[what]
    given = {**values("staging" if environment == "dev" else environment), **changes}

    assert list(unsupported.of_the_environment(environment, given)) == [sentence]


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_what_works_is_not_refused(environment: EnvironmentName) -> None:
    assert list(unsupported.of_the_environment(environment, values(environment))) == []


def test_a_server_elsewhere_needs_no_place_for_backups() -> None:
    given = {**values("prod"), "BACKUP_S3_BUCKET": "", "DATABASE_URL": ELSEWHERE}

    assert list(unsupported.of_the_environment("prod", given)) == []


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (IMAGE, ""),
        (DIGEST, ""),
        ("registry.test:5000/velo/contravento:0.1.0", ""),
        ("registry.example.org/contravento:latest", "The tag latest moves"),
        ("registry.example.org/contravento:local", "The tag local moves"),
        ("registry.example.org/contravento", "is no image in a registry with its tag"),
        ("contravento:1a2b3c", "is no image in a registry with its tag"),
        ("registry.example.org/contravento:1 }, { name: x", "is no image in a registry"),
        ("", "is no image in a registry with its tag"),
    ],
)
def test_an_image_is_of_a_registry_and_has_a_tag_that_stays(image: str, said: str) -> None:
    found = list(unsupported.of_the_image(image))

    assert found == [] if not said else said in found[0]


def test_a_larger_pool_lets_fewer_pods_be() -> None:
    few = numbers("prod", {"DATABASE_POOL_SIZE": "20", "WEB_CONCURRENCY": "1"})
    fewer = numbers("prod", {"DATABASE_POOL_SIZE": "20", "WEB_CONCURRENCY": "2"})

    assert (few.web, fewer.web) == ((3, 5), (3, 2))


def test_a_release_is_pinned_and_named_in_its_migration(tmp_path: Path) -> None:
    found = render(tmp_path, wanted(tmp_path, DIGEST))

    digest = DIGEST.partition("@")[2]
    job = f"Job/{overlay.migration_of(wanted(tmp_path, DIGEST))}"
    assert job.startswith("Job/migrate-1a2b3c4d5e6f-")
    for name in ("Deployment/web", "Deployment/worker", job):
        assert f"registry.example.org/contravento@{digest}" in str(found[name]) or (
            f"registry.example.org/contravento:1a2b3c4d5e6f@{digest}" in str(found[name])
        )


@pytest.mark.parametrize(
    ("endpoint", "port"),
    [("https://s3.test:9443", 9443), ("http://s3.test", 80), ("https://s3.test", 443), ("", 443)],
)
def test_pods_reach_mail_and_storage_where_the_settings_say(
    tmp_path: Path, endpoint: str, port: int
) -> None:
    given = {"STORAGE_S3_ENDPOINT": endpoint, "SMTP_PORT": "2525"}

    found = render(tmp_path, wanted(tmp_path, **given))

    ways: Any = found["NetworkPolicy/to-the-world"]
    ports = {each["port"] for each in ways["spec"]["egress"][0]["ports"]}
    assert ports == {443, 2525, port}


def test_storage_is_opened_with_what_the_settings_say() -> None:
    given = {
        **values("prod"),
        "STORAGE_S3_ENDPOINT": "https://s3.test",
        "STORAGE_S3_ACCESS_KEY": "Kz4",
        "STORAGE_S3_SECRET_KEY": "canary",
    }

    assert settings.configuration("prod", given, "1")["STORAGE_S3_ENDPOINT"] == "https://s3.test"
    assert "canary" not in str(settings.configuration("prod", given, "1"))
    (kept,) = [
        item
        for item in settings.secrets("prod", given)["items"]
        if item["metadata"]["name"] == "contravento"
    ]
    assert kept["stringData"]["STORAGE_S3_SECRET_KEY"] == "canary"


def test_only_addresses_of_pods_are_believed_about_who_asks() -> None:
    """As uvicorn reads what we tell it: the last one that is not a pod's is the rider's."""
    hosts = _TrustedHosts(settings.INSIDE)

    assert hosts.get_trusted_client_address("8.8.8.8, 203.0.113.9, 10.244.1.7")[0] == "203.0.113.9"
    assert "203.0.113.9" not in hosts
    assert not hosts.always_trust


def test_staging_is_kept_out_of_search_engines_and_production_is_not() -> None:
    robots = {
        environment: settings.configuration(environment, values(environment), "1").get(
            "X_ROBOTS_TAG"
        )
        for environment in OVERLAYS
    }

    assert robots == {"staging": "noindex, nofollow", "prod": None}


def test_a_changed_setting_replaces_pods(tmp_path: Path) -> None:
    """By another name of the ConfigMap that they read."""
    names, migrations = set(), set()
    for level in ("INFO", "WARNING"):
        found = render(tmp_path, wanted(tmp_path, LOG_LEVEL=level))
        names |= set(re.findall(r"settings-\w+", str(found["Deployment/web"])))
        migrations |= {name for name in found if name.startswith("Job/")}

    assert len(names) == 2
    assert len(migrations) == 2, "a Job cannot be told of another ConfigMap"


def test_a_server_elsewhere_leaves_ours_out_and_is_let_through_to(tmp_path: Path) -> None:
    changed = wanted(
        tmp_path, DATABASE_URL=ELSEWHERE, DATABASE_OWNER_URL="", DATABASE_DIRECT_URL=""
    )
    found = render(tmp_path, changed)
    secrets = settings.secrets("prod", changed.values)["items"]

    assert not [name for name in found if name.startswith(("Cluster/", "ObjectStore/"))]
    assert "6432" in str(found["NetworkPolicy/to-the-database"])
    together = [*found.values(), *secrets]
    assert findings(together) == []
    urls = {secret["metadata"]["name"]: secret["stringData"] for secret in secrets}
    assert urls["contravento"]["DATABASE_URL"] == ELSEWHERE
    assert urls["migrate"]["DATABASE_URL"] == (
        "postgresql+asyncpg://contravento_owner:postgres_owner_password-1"
        "@db.example.org:6432/diary?sslmode=verify-full&sslrootcert=system"
    )
    assert urls["postgres-exporter"]["DATA_SOURCE_URI"] == (
        "db.example.org:6432/diary?sslmode=verify-full"
    )
    assert not [name for name in urls if name.startswith("postgres-o")]


def test_a_replica_elsewhere_is_let_through_to_and_its_address_is_a_secret(
    tmp_path: Path,
) -> None:
    replica = "postgresql://reader:x@replica.example.org:6433/diary"
    changed = wanted(tmp_path, DATABASE_URL=ELSEWHERE, DATABASE_REPLICA_URL=replica)
    found = render(tmp_path, changed)
    secrets = settings.secrets("prod", changed.values)["items"]

    assert {"6432", "6433"} <= set(re.findall(r"\d+", str(found["NetworkPolicy/to-the-database"])))
    assert replica not in str(found)
    (ours,) = [secret for secret in secrets if secret["metadata"]["name"] == "contravento"]
    assert ours["stringData"]["DATABASE_REPLICA_URL"] == replica


def test_its_own_standbys_may_be_the_replica(tmp_path: Path) -> None:
    given = values("prod")
    password = given["POSTGRES_APP_PASSWORD"]
    replica = f"postgresql://contravento_app:{password}@postgres-ro:5432/contravento"
    changed = wanted(tmp_path, DATABASE_REPLICA_URL=replica)
    secrets = settings.secrets("prod", changed.values)["items"]

    mistakes = [each for rule in consistency.RULES for each in rule(changed.values, "prod")]
    assert "DATABASE_REPLICA_URL" not in [name for name, _, _ in mistakes]
    (ours,) = [secret for secret in secrets if secret["metadata"]["name"] == "contravento"]
    assert ours["stringData"]["DATABASE_REPLICA_URL"] == replica


def test_what_needs_its_own_connection_goes_past_a_pooler(tmp_path: Path) -> None:
    direct = ELSEWHERE.replace("6432", "5432")
    changed = wanted(
        tmp_path, DATABASE_URL=ELSEWHERE, DATABASE_DIRECT_URL=direct, DATABASE_OWNER_URL=""
    )
    secrets = settings.secrets("prod", changed.values)["items"]
    way_out = str(render(tmp_path, changed)["NetworkPolicy/to-the-database"])

    assert "5432" in way_out
    assert "6432" in way_out
    urls = {secret["metadata"]["name"]: secret["stringData"] for secret in secrets}
    assert urls["contravento"]["DATABASE_URL"] == ELSEWHERE
    assert urls["contravento"]["DATABASE_DIRECT_URL"] == direct
    assert "@db.example.org:5432/" in urls["migrate"]["DATABASE_URL"]
    assert urls["migrate"]["DATABASE_DIRECT_URL"] == ""
    assert urls["postgres-exporter"]["DATA_SOURCE_URI"].startswith("db.example.org:5432/")


def test_passwords_are_encoded_in_addresses() -> None:
    given = {**values("prod"), "POSTGRES_APP_PASSWORD": "a/b@c"}

    (found,) = [
        item
        for item in settings.secrets("prod", given)["items"]
        if item["metadata"]["name"] == "contravento"
    ]
    assert (
        "contravento_app:a%2Fb%40c@postgres-rw:5432/contravento"
        in (found["stringData"]["DATABASE_URL"])
    )


def test_a_region_is_told_to_the_backups(tmp_path: Path) -> None:
    changed = wanted(tmp_path, BACKUP_S3_REGION="eu-west-1", BACKUP_S3_PREFIX="diary/")
    found = render(tmp_path, changed)

    store = found["ObjectStore/postgres-backups"]
    assert "s3://contravento-backups/diary" in str(store)
    assert findings([*found.values(), *settings.secrets("prod", changed.values)["items"]]) == []
    assert "eu-west-1" in str(settings.secrets("prod", changed.values))


def test_odd_values_stay_values(tmp_path: Path) -> None:
    odd = {"BACKUP_S3_PREFIX": "a: { b", "ACME_EMAIL": "o'host#1@velo.test"}
    found = render(tmp_path, wanted(tmp_path, **odd))

    assert "s3://contravento-backups/a: { b" in str(found["ObjectStore/postgres-backups"])
    assert odd["ACME_EMAIL"] in str(found["ClusterIssuer/contravento"])


def test_the_command_writes_an_overlay_that_renders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_file(tmp_path, "prod", **S3)
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    monkeypatch.setenv("CONTRAVENTO_ROOT", str(tmp_path))

    status = run(["prod", "kubernetes", "--image", IMAGE])

    assert status == Exit.DONE, capsys.readouterr()
    folder = tmp_path / "var" / "kubernetes" / "prod"
    assert {path.name for path in folder.iterdir()} == set(overlay.files(wanted(folder)))
    assert "s3://diary-files" in (folder / "settings.env").read_text()
    assert str(HERE.relative_to(ROOT)) in (folder / "kustomization.yaml").read_text()


def test_the_command_prints_secrets_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_file(tmp_path, "prod", **S3)
    monkeypatch.setenv("CONTRAVENTO_ROOT", str(tmp_path))

    assert run(["prod", "kubernetes", "--secrets"]) == Exit.DONE

    found = json.loads(capsys.readouterr().out)
    assert {item["kind"] for item in found["items"]} == {"Secret"}
    assert not (tmp_path / "var" / "kubernetes").exists()


@pytest.mark.parametrize(
    ("changes", "arguments", "status", "said"),
    [
        ({"STORAGE_URL": ""}, ("--image", IMAGE), Exit.ENVIRONMENT, "STORAGE_URL is a folder"),
        ({"STORAGE_URL": ""}, ("--secrets",), Exit.ENVIRONMENT, "STORAGE_URL is a folder"),
        ({"BCRYPT_ROUNDS": "8"}, ("--image", IMAGE), Exit.ENVIRONMENT, "BCRYPT_ROUNDS"),
        ({}, (), Exit.USAGE, "is no image in a registry"),
    ],
)
def test_the_command_refuses_before_it_writes(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, str],
    arguments: tuple[str, ...],
    status: Exit,
    said: str,
) -> None:
    make_file(tmp_path, "prod", **{**S3, **changes})
    monkeypatch.setenv("CONTRAVENTO_ROOT", str(tmp_path))

    assert run(["prod", "kubernetes", *arguments]) == status

    printed = capsys.readouterr()
    assert said in printed.out + printed.err
    assert not (tmp_path / "var" / "kubernetes").exists()
