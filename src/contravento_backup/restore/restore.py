"""Restoring: into a side database, looked at from all sides, then swapped in. See the guide."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contravento_backup import report
from contravento_backup.kit import progress
from contravento_backup.kit.errors import BackupFailed, Busy
from contravento_backup.kit.settings import Settings
from contravento_backup.postgres import fingerprint, pgbackrest, scratch_cluster
from contravento_backup.restore.side_database import SideDatabase
from contravento_backup.restore.sources import LATEST, Source, Sources
from contravento_backup.storage import file_pool as pools
from contravento_backup.storage.file_pool import Entry, Pool
from contravento_backup.storage.folder import Store, iso, write_json, write_whole

NAME = "a restore"
WAIT_SECONDS = 600  # for a backup or a drill that is at work
FILES, PLAN = "files.jsonl", "plan.json"
CHECK_SECONDS = 5.0
NAMED_REFERENCES = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """What to restore: one of the first five; none of them is the newest proven set."""

    set: str = ""
    to: str = ""
    dump: str = ""
    refreshed: bool = False
    undo: bool = False
    without_missing_files: bool = False


@dataclass(frozen=True, slots=True)
class Restore:
    settings: Settings
    store: Store
    pool: Pool

    @property
    def cluster(self) -> SideDatabase:
        return SideDatabase(self.settings)

    @property
    def sources(self) -> Sources:
        return Sources(self.settings, self.store, self.cluster)

    # --- first: everything but the swap

    def prepare(self, asked: Asked) -> None:
        """A side database that is whole, and the list of files that go with it.

        Raises BackupFailed; what is live is not touched.
        """
        with self._alone():
            scratch_cluster.stop_orphans(self.store.throwaway)
            self.store.sweep()
            self._bring_backups_up_to_date(asked)
            if asked.undo:
                self._prepare_undo(asked)
                return
            with ExitStack() as stack:
                self._prepare(self._source(asked, stack), asked)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Whoever is at work is told to end: that is for the host's program to do."""
        with ExitStack() as stack:
            try:
                stack.enter_context(self.store.alone(NAME))
            except Busy as error:
                progress.event(waits=str(error))
                stack.enter_context(self.store.alone(NAME, wait_seconds=WAIT_SECONDS))
            yield

    def _bring_backups_up_to_date(self, asked: Asked) -> None:
        """A repository or a storage that is damaged keeps no set from being restored."""
        for work in (pgbackrest.adopt, self.pool.collect):
            try:
                work()
            except BackupFailed as error:
                if asked.to:
                    raise
                progress.warn(f"The backups are not up to date: {error}")

    def _source(self, asked: Asked, stack: ExitStack) -> Source:
        if asked.to:
            return stack.enter_context(self.sources.moment(moment_of(asked.to)))
        if asked.dump:
            return stack.enter_context(self.sources.dump(asked.dump))
        if asked.refreshed:
            return stack.enter_context(self.sources.refreshed())
        return self.sources.proven_set(asked.set)

    def _prepare(self, source: Source, asked: Asked) -> None:
        cluster, side = self.cluster, self.cluster.side
        with progress.step("load", "load the side database", source.seconds):
            cluster.make()
            cluster.bring_roles(source.roles)
            cluster.load(source.dump)
        with progress.step(
            "compare", "compare it with the fingerprint, row for row", CHECK_SECONDS
        ):
            self._compare(source)
        with progress.step("structure", "check every index and page", CHECK_SECONDS):
            cluster.check_structure(side)
        entries, missing = self._files(side, source.files, asked)
        self._write_plan(side, source.words, entries, missing, ends_sign_ins=True)

    def _compare(self, source: Source) -> None:
        side = self.cluster.side
        if not self.cluster.is_ours(side):
            raise BackupFailed(f"{source.words} holds no database of ContraVento.")
        if source.fingerprint is None:
            return
        with self.cluster.connect(side) as connection:
            differences = fingerprint.differences(source.fingerprint, fingerprint.take(connection))
        if differences:
            raise BackupFailed(f"What came back is not what was kept: {'; '.join(differences)}.")

    def _prepare_undo(self, asked: Asked) -> None:
        """What was live before comes back as it is: it never left this server."""
        kept = self.cluster.kept()
        if not kept:
            raise BackupFailed("No database of before a restore is kept any more.")
        name = kept[-1].name
        if not self.cluster.is_ours(name):
            raise BackupFailed(f"{name} holds nothing: there was no database to be kept then.")
        with progress.step("structure", f"check every index and page of {name}", CHECK_SECONDS):
            self.cluster.check_structure(name)
            self.cluster.forbid_changes(name)
        entries, missing = self._files(name, None, asked)
        words = f"what was live until {iso(kept[-1].since)}"
        self._write_plan(name, words, entries, missing, ends_sign_ins=False)

    def _files(
        self, database: str, listed: list[Entry] | None, asked: Asked
    ) -> tuple[list[Entry], list[str]]:
        """Those of the set, or else those that rows speak of; and the keys that nobody has."""
        if self.settings.storage is None:
            return [], []
        with self.cluster.connect(database) as connection:
            spoken_of = {key for key, _ in fingerprint.references(connection)}
        known = {each.key: each for each in listed} if listed is not None else self.pool.entries()
        missing = sorted(spoken_of - set(known))
        if missing and not asked.without_missing_files:
            named = ", ".join(missing[:NAMED_REFERENCES])
            raise BackupFailed(
                f"Rows speak of {len(missing)} uploaded files that the backup does not have:"
                f" {named}. With --without-missing-files the rest is restored."
            )
        wanted = set(known) if listed is not None else spoken_of & set(known)
        return [known[key] for key in sorted(wanted)], missing

    # --- what the other steps go by

    def _write_plan(
        self, side: str, words: str, entries: list[Entry], missing: list[str], **facts: Any
    ) -> None:
        self.place.mkdir(mode=0o700, exist_ok=True)
        write_whole(self.place / FILES, pools.written(entries).encode())
        facts["files_are_elsewhere"] = self.settings.storage is None
        plan = {"side": side, "words": words, "missing": missing, **facts}
        write_json(self.place / PLAN, plan)
        size = sum(entry.bytes for entry in entries)
        progress.result(**plan, files=len(entries), bytes=size)

    @property
    def place(self) -> Path:
        return self.store.restore

    def plan(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((self.place / PLAN).read_text())
        except (OSError, ValueError) as error:
            raise BackupFailed("Nothing is prepared to be swapped in; restore again.") from error
        return found

    def entries(self) -> list[Entry]:
        self.plan()
        return list(pools.parse((self.place / FILES).read_text().splitlines()))

    # --- then: the swap

    def swap(self) -> None:
        """From here on the restored one is live, with the old one kept beside it."""
        plan, now = self.plan(), datetime.now(UTC)
        with self._alone():
            if plan["ends_sign_ins"]:
                self.cluster.end_sign_ins(plan["side"])
            # another set is due, whatever becomes of this: see running.is_due
            self.store.remember(restore_last_timestamp_seconds=int(time.time()))
            kept = self.cluster.name_to_keep(now)
            with progress.step("swap", "put it in the place of the live database", 1):
                seconds = self.cluster.swap(plan["side"], kept)
            (self.place / PLAN).unlink()
        until = next((each.until for each in self.cluster.kept() if each.name == kept), None)
        words = f"Restored: {plan['words']}."
        report.tell(self.settings, "restore", "succeeded", sentence=words, kept=kept)
        progress.result(
            kept=kept if until else None,
            kept_until=iso(until) if until else None,
            swap_seconds=round(seconds, 3),
        )

    def drop(self) -> None:
        """After a dry run: nothing is left of it. What is kept for an undo stays."""
        self.cluster.drop(self.cluster.side)
        (self.place / PLAN).unlink(missing_ok=True)


def moment_of(written: str) -> datetime | None:
    """None is the last one there is."""
    if written == LATEST:
        return None
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is None:
        raise BackupFailed(f"{written} has no time zone; write 2026-11-23T10:15:00+00:00.")
    return moment
