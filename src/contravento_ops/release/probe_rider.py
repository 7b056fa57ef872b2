"""A rider that the application makes for us, to ask as; removed with all that it did.

Reads alone would not show a lost write: `probe_…`, whose address ends in `@probe.invalid`, writes
drafts for nobody else's eyes and uploads small tracks, and every write that was acknowledged is
looked up afterwards. One that a broken-off deployment left goes with the next.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from contravento_ops.kit import compose
from contravento_ops.kit.compose import Project
from contravento_ops.kit.errors import CommandError, Exit

MAKE = ("exec", "-T", "backend", "contravento", "riders", "probe")


@dataclass(frozen=True, slots=True)
class Probe:
    username: str
    token: str
    password: str


@contextmanager
def a_probe(project: Project) -> Iterator[Probe]:
    """Raises CommandError where the release that serves makes none."""
    done = compose.run(project.call(*MAKE))
    try:
        made = json.loads(done.out)
        probe = Probe(made["username"], made["token"], made["password"])
    except (ValueError, KeyError):
        raise CommandError(
            f"The release that serves made no rider to ask as: {done.err.strip() or done.status}",
            status=Exit.DOCKER,
        ) from None
    try:
        yield probe
    finally:
        compose.run(project.call(*MAKE, "--remove", probe.username))
