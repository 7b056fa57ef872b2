"""A server from nothing: its environment file, its backups, its database and files."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contravento_ops.environment import file as env_files
from contravento_ops.kit import compose
from contravento_ops.kit.compose import Call, Project, docker
from contravento_ops.kit.console import Console
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.kit.paths import EnvironmentPaths
from contravento_ops.recovery.restore import Restore, follow
from contravento_ops.recovery.target import RecoveryTarget

KEY = "BACKUP_ENCRYPTION_KEY"
STORAGE_KEYS = ("BACKUP_S3_ACCESS_KEY", "BACKUP_S3_SECRET_KEY")
OPTIONAL = ("BACKUP_S3_REGION",)
IMAGE, PROGRAM = "contravento-postgres:18", "contravento-backup"
ELSEWHERE = "s3:"
MOUNTED = "/from"
BUILD_SECONDS = 1800

type Ask = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Rebuild:
    """`backup` is a backup folder on this host, or storage elsewhere. Running it again is harmless:
    it goes on with the environment file that it made."""

    paths: EnvironmentPaths
    console: Console
    backup: str
    target: RecoveryTarget

    @property
    def project(self) -> Project:
        return Project(self.paths)

    @property
    def is_elsewhere(self) -> bool:
        return self.backup.startswith(ELSEWHERE)

    @property
    def folder(self) -> Path:
        return Path(self.backup).resolve()

    def make_environment(self, ask: Ask) -> None:
        """Secrets come from the environment or are asked for. Raises CommandError, and makes
        nothing."""
        if not self.is_elsewhere and not (self.folder / "sets").is_dir():
            raise CommandError(
                f"{self.backup} is no backup folder: it has no folder sets.", status=Exit.USAGE
            )
        for name in (KEY, *(STORAGE_KEYS if self.is_elsewhere else ())):
            os.environ[name] = os.environ.get(name) or ask(name)
        with self.console.step("see that the image with the backup tools is here"):
            self._have_image()
        with self.console.step("decrypt the environment file"):
            done = compose.run(self._reading())
            if not done.ok:
                raise CommandError(
                    done.err.strip() or "The environment file cannot be read.",
                    status=Exit.ENVIRONMENT,
                )
        self._write(done.out)

    def _write(self, content: str) -> None:
        path = self.paths.env_file
        if not path.exists():
            env_files.create(path, content)
            return
        there = env_files.read(path)
        if there is None or there.values.get(KEY) != os.environ[KEY]:
            raise CommandError(
                f"There is another {path.name} already, with another {KEY}. This is for a host that"
                " has nothing: move the file away, or restore into what is here.",
                status=Exit.ENVIRONMENT,
            )

    def run(self) -> dict[str, Any]:
        """What came of it; nothing of the application runs yet."""
        values = env_files.read(self.paths.env_file)
        kept_at = values.values.get("BACKUP_FOLDER", "") if values else ""
        if self.is_elsewhere:
            compose.run_well(self.project.call("run", "--rm", "--no-deps", "-T", "backup-prepare"))
            follow(self.console, self._fetching())
        elif not kept_at.startswith("/") or Path(kept_at).resolve() != self.folder:
            follow(self.console, self._adopting())
        return Restore(self.project, self.console, self.target, serves=False).run()

    # --- calls

    def _have_image(self) -> None:
        if compose.run(docker("image", "inspect", IMAGE)).ok:
            return
        folder = self.paths.root / "deploy" / "images"
        compose.run_well(
            docker(
                "build",
                "--quiet",
                "--tag",
                IMAGE,
                "--file",
                str(folder / "postgres.Dockerfile"),
                str(folder),
            ),
            timeout=BUILD_SECONDS,
        )

    def _reading(self) -> Call:
        """Before there is an environment file there is no Compose."""
        program = self.paths.root / "src" / "contravento_backup"
        mounts = ["--volume", f"{program}:/opt/contravento/contravento_backup:ro"]
        where = self.backup
        if not self.is_elsewhere:
            mounts += ["--volume", f"{self.folder}:{MOUNTED}:ro", "--network", "none"]
            where = MOUNTED
        as_root = ("run", "--rm", "--user", "0:0", "--entrypoint", PROGRAM)
        return docker(*as_root, *mounts, *self._secrets(), IMAGE, "environment", where)

    def _adopting(self) -> Call:
        mount = ("--volume", f"{self.folder}:{MOUNTED}:ro")
        return self.project.call(
            "run", "--rm", "--no-deps", "-T", *mount, "restore-files", "adopt", MOUNTED
        )

    def _fetching(self) -> Call:
        given = (*self._secrets(), "--entrypoint", PROGRAM)
        return self.project.call(
            "run", "--rm", "--no-deps", "-T", *given, "backup", "adopt", self.backup
        )

    def _secrets(self) -> tuple[str, ...]:
        """Their names only: values go by our own environment, past every list of processes."""
        names = [each for each in (KEY, *STORAGE_KEYS, *OPTIONAL) if os.environ.get(each)]
        return tuple(part for name in names for part in ("--env", name))
