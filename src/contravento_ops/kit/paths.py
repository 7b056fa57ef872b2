"""Where an environment's files are on this host."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

type EnvironmentName = Literal["dev", "staging", "prod"]

JOBS = "docker-compose.jobs.yml"
ELSEWHERE, POOLER = "docker-compose.elsewhere.yml", "docker-compose.pooler.yml"
ENVIRONMENTS: tuple[EnvironmentName, ...] = ("dev", "staging", "prod")


@dataclass(frozen=True, slots=True)
class EnvironmentPaths:
    """`root` is the folder of deploy.sh; `overlays` are Compose files that the environment file
    asks for, and those of the host's own."""

    root: Path
    environment: EnvironmentName
    overlays: tuple[Path, ...] = ()

    @property
    def env_file(self) -> Path:
        return self.root / f".env.{self.environment}"

    @property
    def compose_files(self) -> tuple[Path, ...]:
        names = ("docker-compose.yml", f"docker-compose.{self.environment}.yml", JOBS)
        return (*(self.root / name for name in names), *self.overlays)

    @property
    def has_own_database(self) -> bool:
        """Whether PostgreSQL is one of the services here."""
        return self.root / ELSEWHERE not in self.overlays

    @property
    def memory(self) -> Path:
        return self.shared / self.environment

    @property
    def state(self) -> Path:
        return self.memory / "state.json"

    @property
    def lock(self) -> Path:
        return self.memory / "lock"

    @property
    def audit(self) -> Path:
        return self.memory / "audit.jsonl"

    @property
    def reports(self) -> Path:
        return self.memory / "reports"

    @property
    def shared(self) -> Path:
        """What all environments of this host share: the newest verdict, and who signs it."""
        return self.root / "var" / "ops"

    @property
    def fingerprints(self) -> Path:
        """Of every environment that was checked on this host; may be copied to another."""
        return self.shared / "fingerprints"

    def others(self) -> tuple["EnvironmentPaths", ...]:
        return tuple(
            EnvironmentPaths(self.root, environment)
            for environment in ENVIRONMENTS
            if environment != self.environment
        )
