"""What every command works with: one environment, its files, its lock, its audit."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from contravento_ops.environment import file as env_files, fingerprints, urls, validation
from contravento_ops.environment.file import EnvFile
from contravento_ops.kit import audit, lock
from contravento_ops.kit.audit import Entry
from contravento_ops.kit.compose import Project
from contravento_ops.kit.console import Console
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.kit.paths import ELSEWHERE, POOLER, EnvironmentName, EnvironmentPaths

ROOT = "CONTRAVENTO_ROOT"
OVERLAYS = "CONTRAVENTO_OVERLAYS"
EXTRA_NAMES = "CONTRAVENTO_EXTRA_NAMES"


@dataclass(frozen=True, slots=True)
class CommandContext:
    paths: EnvironmentPaths
    console: Console

    @property
    def project(self) -> Project:
        return Project(self.paths)

    def file(self) -> EnvFile:
        """Raises CommandError where there is none yet."""
        found = env_files.read(self.paths.env_file)
        if found is None:
            name = self.paths.environment
            raise CommandError(
                f"There is no {self.paths.env_file.name} yet; run ./deploy.sh {name} init.",
                status=Exit.ENVIRONMENT,
            )
        return found

    @property
    def values(self) -> Mapping[str, str]:
        return self.file().values

    @contextmanager
    def changing(self, action: str, **facts: object) -> Iterator[Entry]:
        """Alone at work on this environment, and written down."""
        with (
            audit.recorded(self.paths.audit, action, facts, is_announced=True) as entry,
            lock.held(self.paths.lock, action),
        ):
            yield entry

    @contextmanager
    def changing_nothing(self, action: str, **facts: object) -> Iterator[Entry]:
        """Written down, beside whatever else is at work."""
        with audit.recorded(self.paths.audit, action, facts) as entry:
            yield entry

    def refuse_elsewhere(self, verb: str) -> None:
        """Raises CommandError where PostgreSQL is no service of ours: its keeper does it then."""
        if not self.paths.has_own_database:
            raise CommandError(
                f"{verb} is for the PostgreSQL that Compose runs; DATABASE_URL names a server"
                " elsewhere, whose keeper does that. docs/guides/databases.md says what to see to.",
                status=Exit.USAGE,
            )

    def validate(self) -> None:
        """Raises CommandError with a sentence for each problem; notes a good file's
        fingerprints."""
        found = self.file()
        problems = validation.validate(found, self._context())
        if problems:
            raise CommandError(*(str(problem) for problem in problems), status=Exit.ENVIRONMENT)
        noted = self.paths.fingerprints / f"{self.paths.environment}.json"
        fingerprints.write(noted, fingerprints.Fingerprints.of(found.values))

    def _context(self) -> validation.Context:
        files = {each.environment: env_files.read(each.env_file) for each in self.paths.others()}
        noted = fingerprints.read_all(self.paths.fingerprints)
        noted.pop(self.paths.environment, None)
        return validation.Context(
            environment=self.paths.environment,
            others={name: each for name, each in files.items() if each},
            fingerprints=noted,
            extra_names=frozenset(os.environ.get(EXTRA_NAMES, "").split()),
        )


def paths_of(environment: EnvironmentName) -> EnvironmentPaths:
    """By the folder that deploy.sh stands in; a host's own Compose files may be laid over ours."""
    root = Path(os.environ.get(ROOT) or Path.cwd())
    asked = (root / each for each in asked_for(env_files.read(root / f".env.{environment}")))
    given = (root / part for part in os.environ.get(OVERLAYS, "").split() if part)
    return EnvironmentPaths(root, environment, (*asked, *given))


def asked_for(file: EnvFile | None) -> Iterator[str]:
    """Compose files that go with what an environment file says of the database."""
    values = file.values if file else {}
    if urls.is_elsewhere(values):
        yield ELSEWHERE
    elif values.get("DATABASE_POOLER") == "on":
        yield POOLER
