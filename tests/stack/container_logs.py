"""The last lines of the containers of each environment that runs, for a test that failed."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

LINES = 25
SECONDS = 30
running: dict[str, float] = {}  # Compose projects that this process has brought up, and when


@contextmanager
def shown_on_failure(project: str) -> Iterator[None]:
    """An environment's whole life. What goes wrong while it is built carries its logs as a note:
    its containers are gone when pytest reports it."""
    running[project] = time.time()
    try:
        yield
    except Exception as error:
        error.add_note(last_lines(project))
        raise
    finally:
        del running[project]


def last_lines(project: str, *, since: float | None = None) -> str:
    """Of each container that said something since then, in seconds since 1970."""
    listed = _said(
        *("docker", "ps", "--all", "--format", "{{.Names}}\t{{.Status}}"),
        *("--filter", f"label=com.docker.compose.project={project}"),
    )
    limits = ["--tail", str(LINES), *(() if since is None else ("--since", f"{since:.0f}"))]
    shown = []
    for line in sorted(listed.splitlines()):
        name, _, status = line.partition("\t")
        if said := _said("docker", "logs", *limits, name):
            shown.append(f"--- {name}: {status}\n{said}")
    return "\n".join(shown)


def _said(*words: str) -> str:
    try:
        done = subprocess.run(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return done.stdout.strip()
