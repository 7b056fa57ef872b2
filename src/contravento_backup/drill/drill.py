"""The drill: a set is restored and compared, and the application serves what came back."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from contravento_backup.drill import client
from contravento_backup.kit.errors import BackupFailed, Problem
from contravento_backup.kit.programs import ProgramFailed
from contravento_backup.kit.settings import Settings
from contravento_backup.postgres import fingerprint, pgbackrest, scratch_cluster
from contravento_backup.postgres.scratch_cluster import ScratchCluster
from contravento_backup.sets import backup_set, verify
from contravento_backup.sets.backup_set import BackupSet
from contravento_backup.storage import file_pool as pools
from contravento_backup.storage.file_pool import Pool
from contravento_backup.storage.folder import Store, iso, write_json

MARGIN_BYTES = 128 * 2**20

type Say = Callable[[str], None]


@dataclass
class Drill:
    """What it found so far; one step's failure keeps no other from being tried."""

    settings: Settings
    store: Store
    pool: Pool
    subject: BackupSet
    say: Say
    problems: list[Problem] = field(default_factory=list)
    steps: dict[str, float] = field(default_factory=dict)

    def run(self) -> dict[str, Any]:
        """Every step, and its outcome written beside the set. Never raises for a bad set."""
        started = time.monotonic()
        scratch_cluster.stop_orphans(self.store.throwaway)
        self.store.sweep()
        with self.step("parts", "part_unreadable"):
            self.problems += verify.parts(self.subject, self.settings)
        with self.step("files", "files_unreadable"):
            self.problems += verify.files(self.subject, self.pool)
        with self.step("repository", "repository_unreadable"):
            if found := pgbackrest.damages():
                self.problems.append(Problem("repository_damaged", f"pgBackRest says: {found}"))
        restoring = time.monotonic()
        if self.subject.manifest:
            with self.step("dump", "dump_not_restored"):
                self._restore_dump()
            with self.step("wal", "wal_not_replayed"):
                self._replay()
        proof = {
            "outcome": "failed" if self.problems else "proven",
            "at": iso(datetime.now(UTC)),
            "seconds": round(time.monotonic() - started, 1),
            "restore_seconds": round(time.monotonic() - restoring, 1),
            "problems": [asdict(problem) for problem in self.problems],
            "steps": self.steps,
        }
        write_json(self.subject.folder / backup_set.PROOF, proof)
        return proof

    @contextmanager
    def step(self, name: str, kind: str) -> Iterator[None]:
        self.say(f"drill: {name}")
        started = time.monotonic()
        try:
            yield
        except (BackupFailed, OSError, fingerprint.Broken) as error:
            self.problems.append(Problem(kind, str(error).strip()))
        self.steps[name] = round(time.monotonic() - started, 1)

    # --- the dump, into a cluster that has nothing

    def _restore_dump(self) -> None:
        self._refuse_full_disk()
        with scratch_cluster.place(self.store.throwaway, "dump") as folder:
            administrator = str((self.subject.manifest or {})["administrator"])
            scratch_cluster.initialise(folder, administrator)
            cluster = ScratchCluster(folder, self.settings.throwaway_host, administrator)
            with cluster.running():
                cluster.load(self.subject.globals_file, self.subject.dump)
                self._compare(cluster, "the dump")
                self._ask(cluster, "the dump")

    # --- the base backup, with WAL replayed to the same moment

    def _replay(self) -> None:
        self._refuse_full_disk()
        manifest = self.subject.manifest or {}
        with scratch_cluster.place(self.store.throwaway, "wal") as folder:
            pgbackrest.restore(
                folder, label=manifest["base"], restore_point=manifest["restore_point"]
            )
            cluster = ScratchCluster(
                folder, self.settings.throwaway_host, manifest["administrator"]
            )
            with cluster.running():
                self._compare(cluster, "the replayed WAL")
                self._check_structure(cluster)
                self._ask(cluster, "the replayed WAL")

    def _check_structure(self, cluster: ScratchCluster) -> None:
        """amcheck: every index holds every row, in order, and every page is what it should be."""
        try:
            cluster.run(
                "pg_amcheck",
                "--heapallindexed",
                "--install-missing",
                "--no-password",
                self._database,
            )
        except ProgramFailed as error:
            self.problems.append(Problem("index_damaged", f"amcheck says: {error}"))

    # --- what both are asked

    @property
    def _database(self) -> str:
        return str((self.subject.manifest or {})["database"])

    def _compare(self, cluster: ScratchCluster, what: str) -> None:
        with fingerprint.connect(**cluster.where(self._database)) as connection:
            found = fingerprint.take(connection)
            spoken_of = set(fingerprint.references(connection))
        for sentence in fingerprint.differences(self.subject.fingerprint(), found):
            self.problems.append(Problem("content_differs", f"In {what} {sentence}."))
        if not (self.subject.manifest or {})["files"]["are_elsewhere"]:
            self._compare_references(spoken_of, what)

    def _compare_references(self, spoken_of: set[tuple[str, str]], what: str) -> None:
        lines = (self.subject.folder / backup_set.FILES).read_text().splitlines()
        there = {entry.key for entry in pools.parse(lines)}
        for key, table in sorted(spoken_of):
            if key not in there:
                words = f"A row of {table} in {what} speaks of {key}, which the set does not have."
                self.problems.append(Problem("file_missing", words))

    def _ask(self, cluster: ScratchCluster, what: str) -> None:
        """The application, read-only, with its own role and password."""
        if not self.settings.drill_url:
            return
        cluster.run(
            "psql",
            "--no-psqlrc",
            "--quiet",
            "--command",
            "ALTER SYSTEM SET default_transaction_read_only = on",
            "--command",
            "SELECT pg_reload_conf()",
        )
        with client.storage(self.store, self.subject) as folder:
            refusal = client.ask(self.settings, self._database, folder)
        if refusal:
            self.problems.append(
                Problem("application_fails", f"The application does not serve {what}: {refusal}")
            )

    def _refuse_full_disk(self) -> None:
        with fingerprint.connect(
            dbname=self.settings.database, user=self.settings.administrator
        ) as connection:
            row = connection.execute(
                "SELECT sum(pg_database_size(oid)) FROM pg_database"
            ).fetchone()
        needed = int(row[0] if row else 0) + MARGIN_BYTES
        if (free := self.store.free_bytes()) < needed:
            raise BackupFailed(
                f"The drill needs about {needed // 2**20} MB and {free // 2**20} MB are free"
                " where BACKUP_FOLDER is."
            )


def drill(settings: Settings, store: Store, pool: Pool, subject: BackupSet, say: Say) -> BackupSet:
    """The set with its proof."""
    proof = Drill(settings, store, pool, subject, say).run()
    return BackupSet(subject.folder, subject.manifest, proof)
