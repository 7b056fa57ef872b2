"""What the compose file tells the service, by environment variables. Read once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from contravento_backup.kit.errors import BackupFailed

HOUR_SECONDS = 3600
KEY_CHARACTERS = 32


@dataclass(frozen=True, slots=True)
class Offsite:
    """S3-compatible storage."""

    endpoint: str
    bucket: str
    prefix: str
    region: str
    access_key: str
    secret_key: str

    @property
    def repository(self) -> str:
        path = "/".join(part for part in (self.bucket, self.prefix.strip("/")) if part)
        return f"s3:{self.endpoint.rstrip('/')}/{path}"


@dataclass(frozen=True, slots=True)
class Settings:
    folder: Path
    storage: Path | None  # none where the application keeps its files in S3
    environment: str
    database: str
    administrator: str
    key: str
    every_seconds: float
    wal_days: int
    image: str
    offsite: Offsite | None = None
    drill_url: str = ""
    throwaway_host: str = "127.0.0.1"

    def __repr__(self) -> str:
        return f"Settings({self.folder})"  # never the key


def read(environment: Mapping[str, str] = os.environ) -> Settings:
    """Raises BackupFailed with a sentence where something is missing or wrong."""
    key = environment.get("BACKUP_ENCRYPTION_KEY", "")
    if len(key) < KEY_CHARACTERS:
        raise BackupFailed(
            f"BACKUP_ENCRYPTION_KEY needs {KEY_CHARACTERS} characters or more;"
            " ./deploy.sh … init makes one."
        )
    return Settings(
        folder=Path(environment.get("BACKUP_PATH", "/var/backups/contravento")),
        storage=_folder_of(environment.get("STORAGE_URL", "")),
        environment=environment.get("ENVIRONMENT", "contravento"),
        database=environment.get("PGDATABASE", "contravento"),
        administrator=environment.get("PGUSER", "contravento"),
        key=key,
        every_seconds=_number(environment, "BACKUP_EVERY_HOURS", 6.0) * HOUR_SECONDS,
        wal_days=int(_number(environment, "BACKUP_WAL_DAYS", 7)),
        image=environment.get("RELEASE", "unknown"),
        offsite=_offsite(environment),
        drill_url=environment.get("DRILL_URL", ""),
        throwaway_host=environment.get("THROWAWAY_HOST", "127.0.0.1"),
    )


def _folder_of(url: str) -> Path | None:
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def _number(environment: Mapping[str, str], name: str, default: float) -> float:
    value = environment.get(name) or str(default)
    try:
        found = float(value)
    except ValueError:
        found = 0.0
    if found <= 0:
        raise BackupFailed(f"{name} is '{value}'; write a number above zero.")
    return found


def _offsite(environment: Mapping[str, str]) -> Offsite | None:
    """All or nothing: half a destination would be believed to be one."""
    needed = ("ENDPOINT", "BUCKET", "ACCESS_KEY", "SECRET_KEY")
    found = {name: environment.get(f"BACKUP_S3_{name}", "") for name in needed}
    missing = [f"BACKUP_S3_{name}" for name, value in found.items() if not value]
    if len(missing) == len(needed):
        return None
    if missing:
        raise BackupFailed(f"For an off-site copy {', '.join(missing)} must be set too.")
    return Offsite(
        found["ENDPOINT"],
        found["BUCKET"],
        environment.get("BACKUP_S3_PREFIX", ""),
        environment.get("BACKUP_S3_REGION", ""),
        found["ACCESS_KEY"],
        found["SECRET_KEY"],
    )
