"""The one file that calls Docker and Compose. A call is a value, shown before it runs."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import IO, Any

from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.kit.paths import EnvironmentPaths

DEFAULT_TIMEOUT_SECONDS = 300
MOMENT_SECONDS = 1.0
WORDS_OF_A_FAILURE = 15
ENVIRONMENT = "CONTRAVENTO_ENVIRONMENT"  # for docker-compose.jobs.yml


@dataclass(frozen=True, slots=True)
class Call:
    """What to run, and what to say in the environment besides. `implied` goes along unshown."""

    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    implied: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        named = [f"{name}={value}" for name, value in self.environment.items() if name != "PATH"]
        return shlex.join([*named, *self.words])

    @property
    def whole_environment(self) -> dict[str, str]:
        return {**os.environ, **self.implied, **self.environment}


@dataclass(frozen=True, slots=True)
class Done:
    status: int
    out: str
    err: str

    @property
    def ok(self) -> bool:
        return self.status == 0

    @property
    def said(self) -> str:
        """The last lines of both, for a report."""
        lines = [line for line in (self.out + self.err).splitlines() if line.strip()]
        return "\n".join(lines[-WORDS_OF_A_FAILURE:])


@cache
def compose_command() -> tuple[str, ...]:
    """`docker compose`, or the hyphenated program where that is Compose 2."""
    if _says_two(("docker", "compose")):
        return ("docker", "compose")
    if shutil.which("docker-compose") and _says_two(("docker-compose",)):
        return ("docker-compose",)
    raise CommandError(
        "Docker Compose 2 was not found; install the package docker-compose-plugin"
        " (docker-compose-v2 on Ubuntu).",
        status=Exit.DOCKER,
    )


def _says_two(words: Sequence[str]) -> bool:
    return run(Call((*words, "version", "--short"))).out.strip().lstrip("v").startswith(("2", "5"))


def run(
    call: Call, *, timeout: float = DEFAULT_TIMEOUT_SECONDS, said_to_it: str | None = None
) -> Done:
    """Never raises for what the program says; a missing program is status 127, a slow one 124."""
    try:
        done = subprocess.run(  # noqa: S603
            call.words,
            env=call.whole_environment,
            input=said_to_it,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError:
        return Done(127, "", f"{call.words[0]} is not installed")
    except subprocess.TimeoutExpired:
        return Done(124, "", f"no end after {timeout:.0f} seconds")
    return Done(done.returncode, done.stdout, done.stderr)


def follow(call: Call, each_line: Callable[[str], None], said_to_it: IO[bytes] | None) -> Done:
    """Run, and hand every line of its output over as it comes; `err` holds its last words."""
    with tempfile.TemporaryFile("w+", errors="replace") as complaints:
        running = subprocess.Popen(  # noqa: S603
            call.words,
            env=call.whole_environment,
            stdin=said_to_it or subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            errors="replace",
        )
        with running:
            for line in running.stdout or ():
                each_line(line)
        complaints.seek(0)
        return Done(running.returncode, "", complaints.read())


def run_well(call: Call, *, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> str:
    """What it printed. Raises CommandError (DOCKER) with its last words if it fails."""
    done = run(call, timeout=timeout)
    if not done.ok:
        raise CommandError(f"`{call}` failed: {done.said}", status=Exit.DOCKER)
    return done.out


def hand_over(call: Call) -> int:
    """Run with this terminal as its own; the exit status."""
    return subprocess.run(  # noqa: S603
        call.words, env=call.whole_environment, check=False
    ).returncode


def has_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def docker(*words: str) -> Call:
    return Call(("docker", *words))


@dataclass(frozen=True, slots=True)
class Container:
    """What `docker compose ps` tells of one."""

    id: str
    name: str
    service: str
    state: str
    health: str
    image: str
    exit_code: int = 0
    status: str = ""
    ports: tuple[tuple[str, int, int], ...] = ()

    @property
    def is_well(self) -> bool:
        return self.state == "running" and self.health in ("", "healthy")


@dataclass(frozen=True, slots=True)
class Project:
    """One environment as Compose sees it; `variables` win over the environment file."""

    paths: EnvironmentPaths
    variables: Mapping[str, str] = field(default_factory=dict)

    def with_variables(self, **variables: str) -> "Project":
        return Project(self.paths, {**self.variables, **variables})

    def call(self, *words: str) -> Call:
        files = [part for file in self.paths.compose_files for part in ("-f", str(file))]
        env_file = ("--env-file", str(self.paths.env_file))
        implied = {ENVIRONMENT: self.paths.environment}
        return Call((*compose_command(), *files, *env_file, *words), self.variables, implied)

    def config(self) -> dict[str, Any]:
        """The rendered configuration. It holds every secret: show it only through `support`."""
        found: dict[str, Any] = json.loads(run_well(self.call("config", "--format", "json")))
        return found

    def services(self) -> list[str]:
        return run_well(self.call("config", "--services")).split()

    def containers(self, *services: str) -> list[Container]:
        """Running or not, without one-off ones."""
        call = self.call("ps", "--all", "--format", "json", *services)
        done = run(call)
        if not done.ok:  # a container may have gone between being listed and being looked at
            time.sleep(MOMENT_SECONDS)
        said = done.out if done.ok else run_well(call)
        return [_container(json.loads(line)) for line in said.splitlines() if line.startswith("{")]


def _container(found: Mapping[str, Any]) -> Container:
    return Container(
        id=found["ID"],
        name=found["Name"],
        service=found["Service"],
        state=found["State"],
        health=found.get("Health") or "",
        image=found.get("Image") or "",
        exit_code=int(found.get("ExitCode") or 0),
        status=found.get("Status") or "",
        ports=tuple(
            (port.get("URL") or "", int(port["PublishedPort"]), int(port["TargetPort"]))
            for port in found.get("Publishers") or ()
            if port.get("PublishedPort")
        ),
    )


def inspect(name: str) -> dict[str, Any]:
    """Of one container, image or network. Raises CommandError (DOCKER) if there is none."""
    found: list[dict[str, Any]] = json.loads(run_well(docker("inspect", name)))
    return found[0]
