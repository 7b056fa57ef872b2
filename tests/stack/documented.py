"""A host on which the pages' commands are typed, in one shell, as a reader would type them."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import randbelow, token_hex

import httpx

from tests.docs.pages import Command
from tests.stack.deployment import free_port, trusting_anybody, write_pebble
from tests.stack.docker import PATIENT_SECONDS, ROOT, docker

DOMAINS = {"staging": "staging.docs.test", "prod": "diary.docs.test", "dev": "localhost"}
COMMAND_SECONDS = 300
TOOLS = ("-c", "user.name=docs", "-c", "user.email=docs@docs.test")
# Monitoring has a page and tests of its own, and its ports are the same for all on one machine.
UNWATCHED = (ROOT / "tests" / "stack" / "unwatched.test.yml").read_text()
# What is built here has names of its own: a tag that moves makes Compose recreate what others run.
SERVED = f"""\
{UNWATCHED}
  postgres:
    container_name: !reset null
    image: contravento-postgres:${{COMPOSE_PROJECT_NAME}}
  mail: {{ image: "contravento-mail:${{COMPOSE_PROJECT_NAME}}" }}
  nginx:
    networks:
      edge: {{ aliases: ["${{DOMAIN}}"] }}
    ports: !override
      - "127.0.0.1:${{TEST_HTTP_PORT}}:80"
      - "127.0.0.1:${{TEST_HTTPS_PORT}}:443"
  pebble:
    image: ghcr.io/letsencrypt/pebble:2.7
    command: ["-config", "/pebble/pebble.json"]
    environment: {{ PEBBLE_VA_NOSLEEP: "1" }}
    volumes: ["${{TEST_FOLDER}}/pebble:/pebble:ro"]
    networks: [edge]
    ports: ["127.0.0.1:${{TEST_PEBBLE_PORT}}:15000"]
networks:
  application: {{ name: "${{COMPOSE_PROJECT_NAME}}-application" }}
"""
DEV = """\
services:
  postgres:
    container_name: !reset null
    image: contravento-postgres:${COMPOSE_PROJECT_NAME}
  mail: { image: "contravento-mail:${COMPOSE_PROJECT_NAME}" }
networks:
  application: { name: "${COMPOSE_PROJECT_NAME}-application" }
"""
OVERLAY = {"staging": SERVED, "prod": SERVED, "dev": DEV}


@dataclass(frozen=True, slots=True)
class Ended:
    status: int
    printed: str


@dataclass
class Shell:
    """What a reader's shell keeps from one line to the next: its folder and what it exported."""

    folder: Path
    kept: Path
    environment: Mapping[str, str]
    begun: bool = False

    def type(self, words: str, answers: str = "") -> Ended:
        remember = f'{{ export -p; printf "cd %q\\n" "$PWD"; }} >{self.kept}'
        before = f". {self.kept}; " if self.begun else ""
        done = subprocess.run(
            ["bash", "-c", f"{before}{words}\nstatus=$?\n{remember}\nexit $status"],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            input=answers,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        self.begun = True
        printed = done.stdout.replace("]:", "]:\n") if answers else done.stdout  # the Return key
        return Ended(done.returncode, printed)


@dataclass
class Reader:
    """Somebody with a server, the pages, and one shell for each page."""

    folder: Path
    id: str = field(default_factory=lambda: token_hex(4))
    shells: dict[str, Shell] = field(default_factory=dict)
    ports: dict[str, dict[str, int]] = field(default_factory=dict)
    networks: dict[str, str] = field(default_factory=dict)
    printed: str = ""  # since the block began

    @property
    def origin(self) -> Path:
        return self.folder / "origin"

    @property
    def apart(self) -> Path:
        """Another clone, as it is at first."""
        return self.folder / "apart"

    @property
    def clone(self) -> Path:
        return self.folder / "contravento"

    @property
    def roots(self) -> Path:
        """Of the authority, which nothing but these readers trusts."""
        return self.folder / "roots.pem"

    def trust_the_authority(self) -> None:
        url = f"https://127.0.0.1:{self.ports['staging']['PEBBLE']}/roots/0"
        found = httpx.get(
            url, verify=trusting_anybody(), timeout=PATIENT_SECONDS
        ).raise_for_status()
        self.roots.write_text(found.text)

    def project(self, mode: str) -> str:
        return f"contravento-docs-{self.id}-{mode}"

    def shell(self, name: str, mode: str, folder: Path) -> Shell:
        if name not in self.shells:
            kept = self.folder / f"{name.replace('/', '-').replace(' ', '-')}.shell"
            self.shells[name] = Shell(folder, kept, self.environment(mode))
        return self.shells[name]

    def environment(self, mode: str) -> dict[str, str]:
        """What makes this host another than every other on this machine."""
        if mode not in self.ports:
            names = ("HTTP", "HTTPS", "POSTGRES", "REDIS", "PEBBLE", "MAIL")
            self.ports[mode] = {name: free_port() for name in names}
            self.networks[mode] = f"10.{100 + randbelow(100)}.{randbelow(250)}"
        ports = self.ports[mode]
        self.overlay(mode).write_text(OVERLAY[mode])
        curl = self.folder / mode
        curl.mkdir(exist_ok=True)
        (curl / ".curlrc").write_text(
            "no-progress-meter\n"
            f"cacert = {self.roots}\n"
            f"connect-to = {DOMAINS['staging']}:443:127.0.0.1:{ports['HTTPS']}\n"
            f"connect-to = {DOMAINS['staging']}:80:127.0.0.1:{ports['HTTP']}\n"
            f"connect-to = localhost:8080:127.0.0.1:{ports['HTTP']}\n"
            f"connect-to = localhost:8025:127.0.0.1:{ports['MAIL']}\n"
        )
        return {
            "COMPOSE_PROJECT_NAME": self.project(mode),
            "NETWORK_PREFIX": self.networks[mode],
            "CONTRAVENTO_OVERLAYS": str(self.overlay(mode)),
            "TEST_FOLDER": str(self.folder),
            **{f"TEST_{name}_PORT": str(port) for name, port in ports.items()},
            "HTTP_PORT": str(ports["HTTP"]),
            **{f"{name}_PORT": str(ports[name]) for name in ("MAIL", "POSTGRES", "REDIS")},
            "CURL_HOME": str(curl),
            "COMPOSE_PROGRESS": "plain",
        }

    def overlay(self, mode: str) -> Path:
        return self.folder / f"{mode}.overlay.yml"

    def clone_apart(self) -> None:
        subprocess.run(["git", "clone", "--quiet", str(self.origin), str(self.apart)], check=True)

    def publish(self, news: str) -> None:
        """A commit more at the origin, of which another image comes."""
        file = self.origin / "src" / "contravento" / "worker.py"
        file.write_text(f"{file.read_text()}\n# {news}\n")
        self.commit(news)

    def commit(self, message: str) -> None:
        for words in (("add", "--all"), (*TOOLS, "commit", "--quiet", "--message", message)):
            subprocess.run(["git", "-C", str(self.origin), *words], check=True)

    def newest_image(self) -> str:
        """What staging served last."""
        state = json.loads((self.clone / "var/ops/staging/state.json").read_text())
        return str(state["current"]["image"])

    def images(self) -> list[str]:
        """Built here: their tags begin with the commits of this clone alone."""
        tags = docker("images", "--format", "{{.Repository}}:{{.Tag}}", "contravento").split()
        log = ["git", "-C", str(self.origin), "log", "--abbrev=12", "--format=%h"]
        ours = subprocess.run(log, capture_output=True, text=True, check=True).stdout.split()
        return [tag for tag in tags if any(f":{commit}" in tag for commit in ours)]


@contextmanager
def a_reader(folder: Path) -> Iterator[Reader]:
    """With a repository to clone, and a certificate authority of their own."""
    reader = Reader(folder)
    reader.origin.mkdir()
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    subprocess.run(
        ["xargs", "-0", "cp", "--parents", "--target-directory", str(reader.origin)],
        cwd=ROOT,
        input=listed,
        check=True,
    )
    subprocess.run(["git", "init", "--quiet", "-b", "main", str(reader.origin)], check=True)
    reader.commit("First")
    write_pebble(folder / "pebble")
    try:
        yield reader
    finally:
        for mode in reader.ports:
            _remove(reader.project(mode))
            own = (f"contravento-{name}:{reader.project(mode)}" for name in ("postgres", "mail"))
            subprocess.run(["docker", "rmi", *own], capture_output=True, check=False)
        for image in reader.images():
            subprocess.run(["docker", "rmi", image], capture_output=True, check=False)


def _remove(project: str) -> None:
    """By its label, whatever state the pages left it in."""
    label = f"label=com.docker.compose.project={project}"
    for words, end in (
        (("ps", "--all", "--quiet"), ("rm", "--force")),
        (("volume", "ls", "--quiet"), ("volume", "rm")),
        (("network", "ls", "--quiet"), ("network", "rm")),
    ):
        if found := docker(*words, "--filter", label).split():
            docker(*end, *found)


def mode_of(command: Command) -> str:
    name = Path(command.page).stem
    return name if name in ("dev", "prod") else "staging"
