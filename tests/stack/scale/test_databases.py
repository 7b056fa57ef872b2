"""Staging behind PgBouncer, and staging whose PostgreSQL is elsewhere and speaks TLS."""

import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from contravento.migrations import newest_revision
from contravento_ops.environment.urls import AUTHORITY
from contravento_ops.kit.errors import Exit
from tests.stack.deployment import free_port, tell, wait_until
from tests.stack.docker import ROOT, docker
from tests.stack.releases import Host, a_host
from tests.stack.scale.test_move_storage import riding, shows_everything
from tests.support.tls import Authority, make_authority

pytestmark = pytest.mark.stack

PACE = ("--bake-seconds", "3", "--healthy-seconds", "60")
READY_SECONDS = 60
OF_APPLICATION = "SELECT count(*) FROM pg_stat_activity WHERE usename LIKE 'contravento_app%'"
POSTGRES = "contravento-postgres:18"


@pytest.fixture(scope="module")
def pooled(tmp_path_factory: pytest.TempPathFactory, images: str) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("pooled")
    with ExitStack() as ends:
        forget = ends.enter_context(ExitStack())  # once Compose has let go of it
        host = ends.enter_context(
            a_host(
                folder,
                f"contravento:{images}",
                DATABASE_POOLER="on",
                WEB_CONCURRENCY="2",
                DATABASE_POOL_SIZE="20",
            )
        )
        secret = f"{host.project}_pooler_secret"
        forget.callback(lambda: docker("volume", "rm", "--force", secret))
        done = host.deploy(host.base, "--skip", "firewall")
        assert done.status == Exit.DONE, done.words
        yield host


def test_riders_jobs_a_release_and_a_new_password_get_along_with_pgbouncer(
    pooled: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two processes of thirty connections each, and one more backend while one is replaced: 120,
    where PostgreSQL takes 100."""
    with riding(pooled) as rider:
        began = time.monotonic()
        released = pooled.deploy(pooled.good("second"))
        assert released.status == Exit.DONE, released.words
        tell(capsys, f"a release behind PgBouncer: {released.requests}")
        assert released.requests["lost"] == 0, released.words
        rotated = pooled.ops("rotate", "POSTGRES_APP_PASSWORD", *PACE, "--json")
        assert rotated.status == Exit.DONE, rotated.words
        assert rotated.report["requests"]["lost"] == 0, rotated.words
        seconds = time.monotonic() - began
        rider.rest()
        shows_everything(rider)

    sent = f"{len(rider.photos)} photos and {len(rider.tracks)} tracks sent meanwhile"
    tell(capsys, f"and another password: {sent}, in {seconds:.0f} s")
    assert pooled.psql("SELECT version_num FROM alembic_version") == newest_revision()
    through, past = connections(pooled, "pooler"), connections(pooled, "backend")
    tell(capsys, f"connections of the application: {through} through PgBouncer, {past} past it")
    assert through > 0
    assert past == 0, "web processes have none of their own"
    assert connections(pooled, "worker") > 0, "who listens for jobs has"


def connections(host: Host, service: str) -> int:
    found = 0
    for part in docker("ps", "--quiet", "--filter", f"name={host.project}-{service}-").split():
        form = f'{{{{(index .NetworkSettings.Networks "{host.project}_data").IPAddress}}}}'
        address = docker("inspect", "--format", form, part)
        found += int(host.psql(f"{OF_APPLICATION} AND client_addr = '{address}'"))
    return found


def test_the_application_is_refused_what_pgbouncer_asks_with(pooled: Host) -> None:
    shell = (
        "read -r PGPASSWORD; export PGPASSWORD; psql -XAt -h 127.0.0.1 -d postgres"
        " -U contravento_app -c \"SELECT pooler.credentials('contravento_owner')\""
    )
    password = value_in(pooled, "POSTGRES_APP_PASSWORD")
    role = value_in(pooled, "POSTGRES_APP_ROLE") or "contravento_app"
    done = subprocess.run(
        [
            "docker",
            "exec",
            "-i",
            f"{pooled.project}-postgres-1",
            "sh",
            "-c",
            shell.replace("contravento_app", role, 1),
        ],
        input=f"{password}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "permission denied for schema pooler" in done.stderr
    asked = "SELECT secret IS NULL FROM pooler.credentials('contravento_owner')"
    assert (
        docker(
            "exec",
            f"{pooled.project}-postgres-1",
            "sh",
            "-c",
            'psql -XAt -U "$POSTGRES_USER" -d postgres -c "$0"',
            asked,
        )
        == "t"
    )


def value_in(host: Host, name: str) -> str:
    lines = (host.folder / f".env.{host.mode}").read_text().splitlines()
    return next((line.partition("=")[2] for line in lines if line.startswith(f"{name}=")), "")


@dataclass(frozen=True)
class Elsewhere:
    """A PostgreSQL of somebody else's on this machine, which takes nobody without TLS."""

    container: str
    port: int
    authority: Authority

    def psql(self, query: str) -> str:
        return docker(
            "exec", self.container, "psql", "-XAt", "-U", "keeper", "-d", "diary", "-c", query
        )


def at(prefix: str, port: int, role: str, password: str, driver: str = "") -> str:
    """As containers reach this machine: by their network's gateway."""
    place = f"{prefix}.1:{port}/diary?sslmode=verify-full&sslrootcert={AUTHORITY}"
    return f"postgresql{driver}://contravento_{role}:{password}@{place}"


@contextmanager
def elsewhere(folder: Path, gateway: str) -> Iterator[Elsewhere]:
    authority = make_authority(folder, "authority")
    certificate, key = authority.issue(gateway)
    tls = folder / "tls"
    tls.mkdir()
    shutil.copy(certificate, tls / "server.pem")
    shutil.copy(key, tls / "server.key")
    user = docker("run", "--rm", "--entrypoint", "id", POSTGRES, "-u", "postgres")
    for each in (tls, *tls.iterdir()):
        os.chown(each, int(user), int(user))
        each.chmod(0o700 if each.is_dir() else 0o600)
    name, port = f"contravento-elsewhere-{secrets.token_hex(4)}", free_port()
    docker(
        "run",
        "--detach",
        "--name",
        name,
        "--publish",
        f"0.0.0.0:{port}:5432",
        "--env",
        "POSTGRES_PASSWORD=unused",
        "--env",
        "POSTGRES_USER=keeper",
        "--env",
        "POSTGRES_DB=diary",
        "--volume",
        f"{tls}:/tls:ro",
        POSTGRES,
        "postgres",
        "-cssl=on",
        "-cssl_cert_file=/tls/server.pem",
        "-cssl_key_file=/tls/server.key",
        "-cshared_preload_libraries=pg_stat_statements",
    )
    try:
        made = Elsewhere(name, port, authority)
        wait_until(lambda: is_up(name), READY_SECONDS, "the server elsewhere is up")
        yield made
    finally:
        docker("rm", "--force", "--volumes", name)


def is_up(name: str) -> bool:
    words = ["docker", "exec", name, "pg_isready", "-q", "-h", "127.0.0.1", "-d", "diary"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


PREFIX = f"10.{150 + os.getpid() % 50}.77"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, images: str) -> Iterator[Elsewhere]:
    with elsewhere(tmp_path_factory.mktemp("elsewhere"), f"{PREFIX}.1") as made:
        yield made


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, images: str, there: Elsewhere) -> Iterator[Host]:
    made = {each: secrets.token_urlsafe(48) for each in ("OWNER", "APP", "MONITOR")}
    passwords = {f"POSTGRES_{name}_PASSWORD": each for name, each in made.items()}
    script = (ROOT / "deploy" / "postgres" / "elsewhere.sql").read_text()
    given = [part for name, each in passwords.items() for part in ("--env", f"{name}={each}")]
    subprocess.run(
        ["docker", "exec", "-i", *given, there.container, "psql", "-XU", "keeper", "-d", "diary"],
        input=script,
        text=True,
        check=True,
        capture_output=True,
    )
    folder = tmp_path_factory.mktemp("host")
    shutil.copy(there.authority.file, folder / "authority.pem")
    with a_host(
        folder,
        f"contravento:{images}",
        "staging",
        overlay="",
        is_watched=False,
        **passwords,
        NETWORK_PREFIX=PREFIX,
        DATABASE_URL=at(PREFIX, there.port, "app", made["APP"], "+asyncpg"),
        DATABASE_OWNER_URL=at(PREFIX, there.port, "owner", made["OWNER"]),
        DATABASE_MONITOR_URL=at(PREFIX, there.port, "monitor", made["MONITOR"]),
        DATABASE_CA_FILE="./authority.pem",
    ) as host:
        yield host


def test_staging_lives_on_a_server_elsewhere(
    host: Host, there: Elsewhere, capsys: pytest.CaptureFixture[str]
) -> None:
    first = host.deploy(host.base, "--skip", "firewall")
    assert first.status == Exit.DONE, first.words
    with riding(host) as rider:
        second = host.deploy(host.good("second"))
        assert second.status == Exit.DONE, second.words
        assert second.requests["lost"] == 0
        rider.rest()
        shows_everything(rider)
    tell(capsys, f"a release on a server elsewhere: {second.requests}")

    services = docker("ps", "--format", "{{.Names}}", "--filter", f"name={host.project}-")
    assert not [each for each in ("postgres", "backup", "drill") if f"-{each}-" in services]
    encrypted = (
        "SELECT bool_and(ssl), count(*) > 0 FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
    )
    assert there.psql(f"{encrypted} WHERE usename LIKE 'contravento%'") == "t|t"
    status = host.ops("status", "--json")
    assert status.status == Exit.DONE, status.words
    assert "a server elsewhere" in status.words


@pytest.mark.parametrize(
    "words", [("backup", "now"), ("restore", "--to", "latest"), ("rotate", "POSTGRES_APP_PASSWORD")]
)
def test_what_its_keeper_does_is_refused(host: Host, words: tuple[str, ...]) -> None:
    refused = host.ops(*words)
    assert refused.status == Exit.USAGE, refused.words
    assert "names a server elsewhere, whose keeper does that" in " ".join(refused.words.split())


def test_another_authority_stops_every_program_at_its_start(host: Host, tmp_path: Path) -> None:
    stranger = make_authority(tmp_path, "stranger")
    kept = (host.folder / "authority.pem").read_bytes()
    (host.folder / "authority.pem").write_bytes(stranger.file.read_bytes())
    try:
        for service in ("migrate", "backend", "worker"):
            overlays = ("docker-compose.elsewhere.yml", *host.overlays)
            project = replace(host, overlays=overlays).compose
            call = project.call("run", "--rm", "--no-deps", "-T", service)
            done = subprocess.run(
                call.words,
                cwd=host.folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
            assert done.returncode == 2, done.stderr
            assert "whose certificate was not signed by an authority in" in done.stderr
    finally:
        (host.folder / "authority.pem").write_bytes(kept)
