"""What a restore can come from: a set, a moment, a dump made by hand, or what was live before."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contravento_backup.anonymise import refresh
from contravento_backup.kit import programs, progress
from contravento_backup.kit.errors import BackupFailed
from contravento_backup.kit.settings import Settings
from contravento_backup.postgres import fingerprint, pgbackrest, scratch_cluster
from contravento_backup.postgres.fingerprint import Content
from contravento_backup.restore.side_database import SideDatabase
from contravento_backup.sets import backup_set, snapshot, verify
from contravento_backup.sets.backup_set import BackupSet, SetState
from contravento_backup.storage import file_pool as pools
from contravento_backup.storage.file_pool import Entry
from contravento_backup.storage.folder import Store, iso

LATEST = "latest"
PLACE = "restore"
MEGABYTE = 2**20
MARGIN_BYTES = 256 * MEGABYTE
LOAD_BYTES_A_SECOND = 4 * MEGABYTE  # of a compressed dump, on a small server
EXPECTED_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Source:
    """A dump, what its database must come out as, and which files belong to it.

    Without a fingerprint there is nothing to compare; without files they are those rows speak of.
    """

    words: str
    dump: Path
    seconds: float
    fingerprint: dict[str, Content] | None = None
    roles: str = ""
    files: list[Entry] | None = None


@dataclass(frozen=True, slots=True)
class Sources:
    settings: Settings
    store: Store
    cluster: SideDatabase

    # --- a set

    def proven_set(self, name: str = "") -> Source:
        """The one that is named, or the newest that a drill proved. Raises BackupFailed."""
        subject = backup_set.find(self.store.sets, name) if name else self._newest_proven()
        with progress.step("parts", f"look whether {subject.name} is what was written", 2):
            problems = [str(part.sentence) for part in verify.parts(subject, self.settings)]
            if problems:
                raise BackupFailed(f"{subject.name} cannot be restored. {' '.join(problems)}")
        self._refuse_other_environment(subject)
        manifest = subject.manifest or {}
        files = None
        if not manifest["files"]["are_elsewhere"]:
            files = list(pools.parse((subject.folder / backup_set.FILES).read_text().splitlines()))
        steps = (subject.proof or {}).get("steps", {})
        return Source(
            words=f"{subject.name}, as the database was at {manifest['snapshot_at']}",
            dump=subject.folder / backup_set.DUMP,
            seconds=float(steps.get("dump", EXPECTED_SECONDS)),
            fingerprint=subject.fingerprint(),
            roles=(subject.folder / backup_set.GLOBALS).read_text(),
            files=files,
        )

    def _newest_proven(self) -> BackupSet:
        proven = [
            each for each in backup_set.list_all(self.store.sets) if each.state is SetState.PROVEN
        ]
        if not proven:
            raise BackupFailed("No set is proven; name one to restore it nevertheless.")
        return proven[-1]

    def _refuse_other_environment(self, subject: BackupSet) -> None:
        of_set = (subject.manifest or {}).get("environment")
        if of_set != self.settings.environment:
            raise BackupFailed(
                f"{subject.name} is a set of {of_set}, and this is {self.settings.environment}:"
                " riders' data do not go from one to the other."
            )

    # --- a moment

    @contextmanager
    def moment(self, at: datetime | None) -> Iterator[Source]:
        """The cluster as it was, from a base backup and the WAL since; None is the last moment."""
        self._let_wal_reach(at)
        base = newest_base(pgbackrest.backups(), at)
        words = f"{iso(at)}" if at else "the last moment that the WAL leads to"
        self._refuse_full_disk(int(base["info"]["size"]))
        with ExitStack() as stack:
            folder = stack.enter_context(scratch_cluster.place(self.store.throwaway, PLACE))
            with progress.step("wal", f"bring the server back as it was at {words}", 20):
                cluster = scratch_cluster.ScratchCluster(
                    folder, "127.0.0.1", self.settings.administrator
                )
                try:
                    pgbackrest.restore_to(folder, label=str(base["label"]), at=at)
                    stack.enter_context(cluster.running())
                except BackupFailed as error:
                    raise BackupFailed(f"The WAL does not lead to {words}: {error}") from error
            yield self._dumped(cluster, words, folder.parent)

    def _dumped(self, cluster: scratch_cluster.ScratchCluster, words: str, folder: Path) -> Source:
        name, dump = self.settings.database, folder / backup_set.DUMP
        with progress.step("dump", "take its database and its fingerprint", EXPECTED_SECONDS):
            with fingerprint.connect(**cluster.where(name)) as connection:
                found = fingerprint.take(connection)
            cluster.run(
                "pg_dump",
                "--format=custom",
                "--compress=zstd:1",
                "--no-password",
                f"--file={dump}",
                name,
            )
            roles = cluster.run("pg_dumpall", "--globals-only", "--no-password")
        return Source(words, dump, EXPECTED_SECONDS, found, roles)

    def _let_wal_reach(self, at: datetime | None) -> None:
        """A living server is asked for what it holds back still; one that was lost has no more."""
        now = datetime.now(UTC)
        if at and at > now:
            raise BackupFailed(f"{iso(at)} lies ahead: it is {iso(now)}.")
        if not pgbackrest.holds_live() or not self.cluster.size(self.settings.database):
            return
        where = {"dbname": self.settings.database, "user": self.settings.administrator}
        with (
            progress.step("archive", "let the server hand over its last WAL", 2),
            fingerprint.connect(**where) as connection,
        ):
            connection.execute("SELECT pg_current_xact_id()")  # a commit to stop at
            row = connection.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()
            snapshot.await_archived(str(row[0]) if row else "", **where)

    # --- a dump that somebody made by hand

    @contextmanager
    def dump(self, name: str) -> Iterator[Source]:
        """It comes through standard input: only its owner may be able to read it."""
        with scratch_cluster.place(self.store.throwaway, PLACE) as folder:
            dump = folder.with_name("by-hand.dump")
            with progress.step("copy", f"take over {name}", 3), dump.open("wb") as opened:
                shutil.copyfileobj(sys.stdin.buffer, opened)
            if not dump.stat().st_size:
                raise BackupFailed(f"{name} is empty.")
            try:
                programs.run("pg_restore", "--list", str(dump))
            except programs.ProgramFailed as error:
                raise BackupFailed(
                    f"{name} is no dump that pg_restore reads; make it with pg_dump -F c. {error}"
                ) from error
            yield Source(name, dump, dump.stat().st_size / LOAD_BYTES_A_SECOND)

    # --- another environment's, without its people

    @contextmanager
    def refreshed(self) -> Iterator[Source]:
        """What `refresh` has made; gone afterwards."""
        made = refresh.Made(self.store)
        try:
            words, found = made.read()
            yield Source(words, made.dump, made.dump.stat().st_size / LOAD_BYTES_A_SECOND, found)
        finally:
            made.remove()

    def _refuse_full_disk(self, needed: int) -> None:
        needed, free = needed + MARGIN_BYTES, self.store.free_bytes()
        if free < needed:
            raise BackupFailed(
                f"The restore needs about {needed // MEGABYTE} MB and {free // MEGABYTE} MB are"
                " free where BACKUP_FOLDER is. Nothing was changed; make room."
            )


def newest_base(found: list[dict[str, Any]], at: datetime | None) -> dict[str, Any]:
    """The last base backup that was whole by then. Raises BackupFailed where there is none."""
    whole = [each for each in found if at is None or each["timestamp"]["stop"] <= at.timestamp()]
    if whole:
        return whole[-1]
    if not found:
        raise BackupFailed("There is no base backup, so that no WAL leads anywhere.")
    first = datetime.fromtimestamp(found[0]["timestamp"]["stop"], UTC)
    raise BackupFailed(f"The WAL reaches back to {iso(first)}; name a moment after that.")
