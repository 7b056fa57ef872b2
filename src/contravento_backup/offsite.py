"""The copy elsewhere: restic, which encrypts, keeps what it has, and reads back."""

import json
import shutil
import socket
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from contravento_backup.kit import programs
from contravento_backup.kit.errors import BackupFailed
from contravento_backup.kit.programs import ProgramFailed
from contravento_backup.kit.settings import Offsite, Settings
from contravento_backup.sets import backup_set
from contravento_backup.sets.backup_set import BackupSet
from contravento_backup.storage.folder import Store, sha256_of

EXCLUDED = ("throwaway", "cache", "restore", "lock", "sets/.*", "files/.*", "*.new", "*.tmp")
NO_REPOSITORY, INCOMPLETE, WRONG_KEY = 10, 3, 12
REACH_SECONDS = 10
RETRY_LOCK = ("--retry-lock", "10m")
KEPT = (
    "--keep-last=2",
    "--keep-within=48h",
    "--keep-daily=7",
    "--keep-weekly=4",
    "--keep-monthly=3",
)


class OffsiteRepository:
    """Carries the backup folder to S3."""

    def __init__(self, settings: Settings, offsite: Offsite, store: Store) -> None:
        self.store = store
        parts = urlsplit(offsite.endpoint)
        usual = 80 if parts.scheme == "http" else 443
        self._address = (parts.hostname or "", parts.port or usual)
        self._environment = {
            "RESTIC_REPOSITORY": offsite.repository,
            "RESTIC_PASSWORD": settings.key,
            "RESTIC_CACHE_DIR": str(store.root / "cache"),
            "AWS_ACCESS_KEY_ID": offsite.access_key,
            "AWS_SECRET_ACCESS_KEY": offsite.secret_key,
            "AWS_DEFAULT_REGION": offsite.region or "us-east-1",
            "GOMAXPROCS": "1",
        }

    def open(self) -> None:
        """Make the repository where there is none; break the lock of a run that was killed."""
        try:
            self._restic("cat", "config")
        except ProgramFailed as error:
            if error.status != NO_REPOSITORY:
                raise BackupFailed(f"The off-site storage cannot be used: {error}") from error
            self._restic("init")
        self._restic("unlock", "--remove-all")  # nobody but this service writes there

    def carry(self) -> str:
        """The folder as it is now; the snapshot's id. Raises BackupFailed."""
        excluded = [f"--exclude={self.store.root / each}" for each in EXCLUDED[:-1]]
        words = (
            "backup",
            "--json",
            "--quiet",
            "--host=contravento",
            *excluded,
            f"--exclude={EXCLUDED[-1]}",
            str(self.store.root),
        )
        try:
            said = self._restic(*RETRY_LOCK, *words)
        except ProgramFailed as error:
            if error.status != INCOMPLETE:  # a file that vanished meanwhile is there next time
                raise
            said = self._restic(*RETRY_LOCK, *words)
        summary = json.loads(said.strip().splitlines()[-1])
        return str(summary["snapshot_id"])

    def compare(self, snapshot: str, subject: BackupSet) -> None:
        """Read the set back and compare it with its manifest. Raises BackupFailed."""
        target = self.store.throwaway / "readback"
        shutil.rmtree(target, ignore_errors=True)
        try:
            self._restic(
                *RETRY_LOCK,
                "restore",
                snapshot,
                f"--target={target}",
                f"--include={subject.folder}",
                "--quiet",
            )
            folder = target / subject.folder.relative_to("/")
            for name, part in (subject.manifest or {})["parts"].items():
                if not (folder / name).exists() or sha256_of(folder / name) != part["sha256"]:
                    raise BackupFailed(f"Off-site, {name} of {subject.name} is not what was sent.")
            if not (folder / backup_set.MANIFEST).exists():
                raise BackupFailed(f"Off-site, {subject.name} has no manifest.")
        finally:
            shutil.rmtree(target, ignore_errors=True)

    def check(self) -> None:
        """The structure, and a part of all data, read back. Raises BackupFailed."""
        self._restic(*RETRY_LOCK, "check", "--read-data-subset=2%", "--quiet")

    def forget(self) -> None:
        """Off-site, moments are kept as sets are here; what no moment needs goes."""
        self._restic(*RETRY_LOCK, "forget", "--group-by=host", *KEPT, "--prune", "--quiet")

    def fetch(self, part: str, target: Path) -> None:
        """The newest copy of the folder, or of a part of it, into another. Raises BackupFailed.

        Its paths are those of the server that it came from, which are the same everywhere.
        """
        target.mkdir(parents=True, exist_ok=True)
        wanted = self.store.root / part if part else self.store.root
        self._restic(
            "restore", f"latest:{wanted}", "--no-lock", f"--target={target / part}", "--quiet"
        )

    # --- keys: a repository may have several, each of which opens it

    def let_in(self, key: str) -> None:
        """From now on this key opens the copy, too."""
        if self.lets_in(key):
            return
        with tempfile.NamedTemporaryFile("w") as file:  # in /tmp, which is memory
            file.write(key)
            file.flush()
            self._restic("key", "add", f"--new-password-file={file.name}")

    def lets_in(self, key: str) -> bool:
        try:
            self._restic("cat", "config", RESTIC_PASSWORD=key)
        except ProgramFailed as error:
            if error.status != WRONG_KEY:
                raise
            return False
        return True

    def keep_this_key_only(self) -> None:
        for key in json.loads(self._restic("key", "list", "--json")):
            if not key["current"]:
                self._restic("key", "remove", key["id"])

    def _reach(self) -> None:
        """restic tries for a quarter of an hour; a set that waits to be proven should not."""
        try:
            socket.create_connection(self._address, REACH_SECONDS).close()
        except OSError as error:
            host, port = self._address
            raise BackupFailed(f"{host}:{port} does not answer ({error}).") from error

    def _restic(self, *words: str, **otherwise: str) -> str:
        self._reach()
        return programs.run("restic", *words, environment={**self._environment, **otherwise})


def carrier(settings: Settings, store: Store) -> OffsiteRepository | None:
    return OffsiteRepository(settings, settings.offsite, store) if settings.offsite else None
