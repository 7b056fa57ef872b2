"""A deployment for tests: the compose files of the product, with names and ports of its own."""

import json
import os
import secrets
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.stack.container_logs import shown_on_failure
from tests.stack.docker import PATIENT_SECONDS, ROOT, docker

DOMAIN = "staging.example.test"
UP_SECONDS = 240
ANSWER_SECONDS = 60
JOBS = "docker-compose.jobs.yml"
OVERLAY = "tests/stack/compose.test.yml"
WATCHED_OVERLAY = "tests/stack/monitoring.test.yml"
PORTS = (
    *("HTTP", "HTTPS", "POSTGRES", "REDIS", "MAIL", "PEBBLE"),
    *("GRAFANA", "PROMETHEUS", "ALERTMANAGER"),
)


@dataclass(frozen=True)
class Deployment:
    mode: str
    folder: Path
    project: str
    values: Mapping[str, str]
    times: dict[str, float] = field(default_factory=dict)
    at_first: dict[str, dict[str, Any]] = field(default_factory=dict)  # the containers, just made
    overlays: tuple[str, ...] = ()

    # --- Compose and Docker

    @property
    def compose_line(self) -> tuple[str, ...]:
        files = ["docker-compose.yml", f"docker-compose.{self.mode}.yml", JOBS, OVERLAY]
        if self.mode != "dev":
            files.append(WATCHED_OVERLAY)
        files += self.overlays
        named = [part for file in files for part in ("-f", str(ROOT / file))]
        return ("compose", *named, "--env-file", str(self.folder / "env"))

    def compose(self, *arguments: str, timeout: float = UP_SECONDS) -> str:
        return docker(*self.compose_line, *arguments, timeout=timeout)

    def exec(self, service: str, *command: str) -> str:
        return self.compose("exec", "-T", service, *command)

    def shell(self, service: str, script: str) -> subprocess.CompletedProcess[str]:
        """Run a script in a container, whatever comes of it."""
        return subprocess.run(
            ["docker", *self.compose_line, "exec", "-T", service, "sh", "-c", script],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def containers(self) -> dict[str, dict[str, Any]]:
        """What Docker says of each container, one-offs included, by name without the project."""
        ids = self.compose("ps", "--all", "--quiet").split()
        inspected: list[dict[str, Any]] = json.loads(docker("inspect", *ids))
        return {each["Name"].removeprefix(f"/{self.project}-"): each for each in inspected}

    def logs(self, service: str) -> str:
        return self.compose("logs", "--no-color", "--no-log-prefix", service)

    def access_log(self) -> list[dict[str, Any]]:
        """nginx' requests; whatever else it says is no JSON."""
        said = [line for line in self.logs("nginx").splitlines() if '{"at"' in line]
        return [json.loads(line[line.index("{") :]) for line in said]

    def psql(self, query: str, *, role: str | None = None) -> str:
        """As the administrator over the socket, or as a role with its password over TCP."""
        line = ["psql", "-X", "-At", "-v", "ON_ERROR_STOP=1", "-d", self.values["POSTGRES_DB"]]
        if role is None:
            line += ["-U", self.values["POSTGRES_USER"]]
            return self.exec("postgres", *line, "-c", query)
        password = self.values[f"POSTGRES_{role.removeprefix('contravento_').upper()}_PASSWORD"]
        line += ["-h", "127.0.0.1", "-U", role, "-c", query]
        return self.exec("postgres", "env", f"PGPASSWORD={password}", *line)

    # --- from outside

    @property
    def domain(self) -> str:
        return self.values["DOMAIN"]

    def port(self, name: str) -> int:
        return int(self.values[f"TEST_{name}_PORT"])

    @cached_property
    def roots(self) -> str:
        """Pebble's root certificates, which nothing but these tests trusts."""
        url = f"https://127.0.0.1:{self.port('PEBBLE')}/roots/0"
        return (
            httpx.get(url, verify=trusting_anybody(), timeout=PATIENT_SECONDS)
            .raise_for_status()
            .text
        )

    def trusting(self) -> ssl.SSLContext:
        """Trusts Pebble's root and nothing else."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.roots)
        return context

    def client(self, *, certified: bool = True, **options: Any) -> httpx.Client:
        """A visitor who trusts Pebble's root only and finds the site under its name."""
        context = self.trusting() if certified else trusting_anybody()
        site = f"https://{self.domain}:{self.port('HTTPS')}"
        options.setdefault("timeout", PATIENT_SECONDS)
        return httpx.Client(base_url=site, transport=AtLoopback(context), **options)

    def served(self, *, server_name: str = "") -> bytes:
        """The certificate that is served, in DER, without judging it."""
        context = trusting_anybody()
        address = ("127.0.0.1", self.port("HTTPS"))
        with (
            socket.create_connection(address, timeout=5) as plain,
            context.wrap_socket(plain, server_hostname=server_name or self.domain) as tls,
        ):
            found = tls.getpeercert(binary_form=True)
        assert found
        return found

    def trust_at_home(self) -> None:
        """The site's own visitor, blackbox, trusts Pebble's root from here on."""
        bundle = self.folder / "pebble" / "ca.pem"
        if self.roots not in bundle.read_text():
            with bundle.open("a") as file:
                file.write(self.roots)
        self.compose("restart", "--timeout", "3", "blackbox")

    # --- what is watched

    def prometheus(self, path: str, **asked: str) -> Any:
        """What Prometheus says at a path of its API."""
        url = f"http://127.0.0.1:{self.port('PROMETHEUS')}/api/v1/{path}"
        return httpx.get(url, params=asked, timeout=20).raise_for_status().json()["data"]

    def figures(self, query: str) -> list[tuple[dict[str, str], float]]:
        """Labels and value of each series that a query finds now."""
        found = self.prometheus("query", query=query)["result"]
        return [(each["metric"], float(each["value"][1])) for each in found]

    def is_certified(self) -> bool:
        return "nginx serves the stored certificate" in self.logs("certbot")

    def answers(self) -> bool:
        """Whether somebody outside gets an answer from the application."""
        secure = self.mode != "dev"
        port = self.port("HTTPS") if secure else self.port("HTTP")
        url = f"{'https' if secure else 'http'}://127.0.0.1:{port}/health"
        try:
            extensions = {"sni_hostname": self.domain}
            with httpx.Client(verify=trusting_anybody(), timeout=PATIENT_SECONDS) as client:
                answer = client.get(url, headers={"Host": self.domain}, extensions=extensions)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200


def trusting_anybody() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class AtLoopback(httpx.HTTPTransport):
    """Connects to this machine whatever the URL's name says; TLS and Host use the name."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(verify=context)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        name = request.url.host
        request.extensions["sni_hostname"] = name
        request.headers["Host"] = name
        request.url = request.url.copy_with(host="127.0.0.1")
        return super().handle_request(request)


def wait_until(happens: Any, seconds: float, what: str, every: float = 0.25) -> float:
    """How long it took; the test fails with `what` if it takes longer than `seconds`."""
    started = time.monotonic()
    while not happens():
        assert time.monotonic() - started < seconds, f"{what} within {seconds} s"
        time.sleep(every)
    return time.monotonic() - started


@contextmanager
def deployed(
    mode: str,
    folder: Path,
    tag: str,
    *,
    settings: Mapping[str, str] | None = None,
    overlays: tuple[str, ...] = (),
    prepare: Callable[[Path], None] = lambda folder: None,
) -> Iterator[Deployment]:
    """From nothing, and to nothing again; `prepare` may change what lies in the folder."""
    deployment = replace(planned(mode, folder, tag, settings or {}), overlays=overlays)
    prepare(folder)
    started = time.monotonic()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            if deployment.answers():
                deployment.times["answering"] = time.monotonic() - started
                return

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        with shown_on_failure(deployment.project):
            deployment.compose("up", "--detach")
            deployment.times["up"] = time.monotonic() - started
            wait_until(lambda: "answering" in deployment.times, ANSWER_SECONDS, "it answers")
            deployment.at_first.update(deployment.containers())
            yield deployment
    finally:
        over.set()
        watching.join()
        down = ("down", "--volumes", "--remove-orphans", "--timeout", "3")
        everything = ("--profile", "*")
        subprocess.run(
            ["docker", *deployment.compose_line, *everything, *down],
            capture_output=True,
            timeout=UP_SECONDS,
            check=False,
        )


def planned(mode: str, folder: Path, tag: str, settings: Mapping[str, str]) -> Deployment:
    """The environment file, and Pebble's own certificate, in the folder."""
    project = f"contravento-test-{secrets.token_hex(4)}"
    ports = {f"TEST_{name}_PORT": str(free_port()) for name in PORTS}
    values = {
        "COMPOSE_PROJECT_NAME": project,
        "TAG": tag,
        "DOMAIN": DOMAIN,
        "NETWORK_PREFIX": f"10.{100 + secrets.randbelow(100)}.{secrets.randbelow(250)}",
        "SECRET_KEY": secrets.token_urlsafe(96),
        "POSTGRES_DB": "contravento_staging",
        "POSTGRES_USER": "contravento_staging",
        **{
            f"{name}_PASSWORD": secrets.token_urlsafe(32)
            for name in ("POSTGRES", "POSTGRES_OWNER", "POSTGRES_APP", "POSTGRES_MONITOR", "REDIS")
        },
        "GRAFANA_ADMIN_PASSWORD": secrets.token_urlsafe(16),
        "BACKUP_ENCRYPTION_KEY": secrets.token_urlsafe(48),
        "BACKUP_EVERY_HOURS": "24",
        "COMPOSE_PROFILES": "" if mode == "dev" else "monitoring",
        "SECRETS_MADE": f"SECRET_KEY:{time.time():.0f}",
        "ENVIRONMENT_FILE": str(folder / "env"),
        "SMTP_HOST": "mail",
        "SMTP_PORT": "1025",
        "SMTP_TLS": "false",
        "SMTP_FROM": "diary@example.test",
        "ACME_EMAIL": "ops@example.test",
        "ACME_DIRECTORY": "https://pebble:14000/dir",
        "ACME_DRY_RUN_DIRECTORY": "https://pebble:14000/dir",
        "ACME_CA_BUNDLE": str(folder / "pebble" / "ca.pem"),
        "TEST_FOLDER": str(folder),
        "HTTP_PORT": ports["TEST_HTTP_PORT"],
        "POSTGRES_PORT": ports["TEST_POSTGRES_PORT"],
        "REDIS_PORT": ports["TEST_REDIS_PORT"],
        **ports,
        **settings,
    }
    write_pebble(folder / "pebble")
    (folder / "env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    return Deployment(mode=mode, folder=folder, project=project, values=values)


def write_pebble(folder: Path) -> None:
    folder.mkdir(parents=True)
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "30",
            "-subj",
            "/CN=pebble",
            "-addext",
            "subjectAltName=DNS:pebble",
            "-keyout",
            "key.pem",
            "-out",
            "ca.pem",
        ],
        cwd=folder,
        capture_output=True,
        check=True,
    )
    listening = {"listenAddress": "0.0.0.0:14000", "managementListenAddress": "0.0.0.0:15000"}
    own = {"certificate": "/pebble/ca.pem", "privateKey": "/pebble/key.pem"}
    sees = {"httpPort": 80, "tlsPort": 443, "externalAccountBindingRequired": False}
    (folder / "pebble.json").write_text(json.dumps({"pebble": {**listening, **own, **sees}}))
    for file in folder.iterdir():
        file.chmod(0o644)  # Docker may run these as anybody


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def in_a_hurry() -> bool:
    """Whether other tests run beside this one, so that its times say little."""
    return "PYTEST_XDIST_WORKER" in os.environ


def tell(capsys: pytest.CaptureFixture[str], words: str) -> None:
    """A measured figure, shown whether or not the test passes."""
    with capsys.disabled():
        sys.stdout.write(f"\n  {words}\n")
