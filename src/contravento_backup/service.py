"""What is done, in order, with what it leaves for metrics and for the operator."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from contravento_backup import offsite, report
from contravento_backup.drill import drill
from contravento_backup.kit.errors import BackupFailed
from contravento_backup.kit.settings import Settings
from contravento_backup.postgres import pgbackrest
from contravento_backup.restore.side_database import SideDatabase
from contravento_backup.sets import backup_set, retention, take
from contravento_backup.sets.backup_set import BackupSet, SetState
from contravento_backup.storage import file_pool as pools
from contravento_backup.storage.file_pool import Pool
from contravento_backup.storage.folder import Store

RESTORE_SECONDS = 3600

type Say = Callable[[str], None]


class Service:
    """One backup folder and everything that is done with it."""

    def __init__(self, settings: Settings, say: Say) -> None:
        self.settings = settings
        self.say = say
        self.store = Store(settings.folder)
        self.pool = Pool(self.store.files, settings.storage)
        self.carrier = offsite.carrier(settings, self.store)

    def back_up(self, *, is_drilled: bool = True) -> BackupSet:
        """Take, carry away, prove, let go. Raises BackupFailed, Busy."""
        with self.store.alone("a backup"):
            taken = self._take()
            self._ship(taken)
            if is_drilled:
                taken = self._drill(taken)
                self._prune()
            return taken

    def drill(self, name: str = "") -> BackupSet:
        with self.store.alone("a drill"):
            return self._drill(backup_set.find(self.store.sets, name))

    def prune(self) -> list[str]:
        with self.store.alone("letting go of old sets"):
            return self._prune()

    def ship(self) -> str:
        """The snapshot's id, once it was read back. Raises BackupFailed."""
        if self.carrier is None:
            raise BackupFailed(
                "There is no off-site copy: BACKUP_S3_ENDPOINT and its kin are not set."
            )
        self.carrier.open()
        snapshot = self.carrier.carry()
        self.carrier.compare(snapshot, backup_set.find(self.store.sets))
        self._shipped()
        return snapshot

    # --- one after another

    def _take(self) -> BackupSet:
        started = time.time()
        self.store.remember(backup_last_attempt_timestamp_seconds=started)
        try:
            taken = take.take(self.settings, self.store, self.pool, self.say)
        except Exception as error:
            self._count("backup_failures_total", backup_last_outcome=0)
            report.tell(self.settings, "backup", "failed", sentence=str(error))
            raise
        seconds = round(time.time() - started, 1)
        self.store.remember(
            backup_last_success_timestamp_seconds=time.time(),
            backup_last_duration_seconds=seconds,
            backup_last_outcome=1,
        )
        words = f"{taken.name} was taken in {seconds} s."
        report.tell(
            self.settings,
            "backup",
            "succeeded",
            sentence=words,
            set=taken.name,
            bytes=taken.bytes,
            seconds=seconds,
        )
        self.say(words)
        return taken

    def _ship(self, taken: BackupSet) -> None:
        """An off-site storage that is away must not keep a set from being proven."""
        if self.carrier is None:
            return
        self.say("off-site copy, and reading it back")
        try:
            snapshot = self.carrier.carry()
            self.carrier.compare(snapshot, taken)
            self._shipped()
        except BackupFailed as error:
            self._not_shipped(error)

    def _drill(self, subject: BackupSet) -> BackupSet:
        drilled = drill.drill(self.settings, self.store, self.pool, subject, self.say)
        proof: dict[str, Any] = drilled.proof or {}
        is_proven = drilled.state is SetState.PROVEN
        facts: dict[str, Any] = {
            "backup_drill_last_timestamp_seconds": time.time(),
            "backup_drill_last_outcome": int(is_proven),
            "backup_drill_duration_seconds": proof["seconds"],
            "backup_restore_duration_seconds": proof["restore_seconds"],
        }
        self.store.remember(**facts)
        self._note_proven()
        sentences = [str(problem["sentence"]) for problem in proof["problems"]]
        if not is_proven:
            self._count("backup_drill_failures_total")
        for sentence in sentences:
            self.say(f"ERROR: {drilled.name}: {sentence}")
        words = f"{drilled.name} was restored and is whole." if is_proven else sentences[0]
        report.tell(
            self.settings,
            "drill",
            "succeeded" if is_proven else "failed",
            sentence=words,
            set=drilled.name,
            seconds=proof["seconds"],
            problems=sentences,
        )
        self.say(f"{drilled.name} is {drilled.state}, after {proof['seconds']} s.")
        return drilled

    def _note_proven(self) -> None:
        there = backup_set.list_all(self.store.sets)
        proven = [each.at.timestamp() for each in there if each.state is SetState.PROVEN]
        self.store.remember(backup_last_proven_timestamp_seconds=max(proven, default=0))

    def _prune(self) -> list[str]:
        """Sets, then WAL, then files that no set lists; nothing without a proven one."""
        there = {each.name: each for each in backup_set.list_all(self.store.sets)}
        gone = [each.name for each in retention.may_go(each.kept() for each in there.values())]
        for name in gone:
            backup_set.remove(there.pop(name))
            self.say(f"{name} was let go of.")
        for name in SideDatabase(self.settings).let_go(now()):
            self.say(f"{name}, which was live before a restore, was let go of.")
        if any(each.state is SetState.PROVEN for each in list(there.values())[-1:]):
            pgbackrest.expire()
            self._forget_files(list(there.values()))
            if self.carrier:
                self._forget_offsite(self.carrier)
        return gone

    def _forget_files(self, there: list[BackupSet]) -> None:
        """A list that cannot be read keeps everything."""
        wanted: set[str] = set()
        for each in there:
            try:
                lines = (each.folder / backup_set.FILES).read_text().splitlines()
                wanted |= {entry.sha256 for entry in pools.parse(lines)}
            except (OSError, BackupFailed):
                return
        self.pool.forget(wanted)

    def _forget_offsite(self, carrier: offsite.OffsiteRepository) -> None:
        try:
            carrier.forget()
            carrier.check()
        except BackupFailed as error:
            self._not_shipped(error)

    # --- once a minute

    def collect(self) -> None:
        """Uploaded files into the folder, and the folder away. Raises BackupFailed."""
        self.pool.collect()
        self.store.remember(backup_collected_timestamp_seconds=time.time())

    def carry(self) -> None:
        if self.carrier is None:
            return
        try:
            self.carrier.carry()
            self._shipped()
        except BackupFailed as error:
            self._not_shipped(error)

    def open(self) -> None:
        """What there must be before anything else; asked until it succeeds. Raises BackupFailed."""
        self.store.make()
        pgbackrest.ensure()

    def open_offsite(self) -> None:
        if self.carrier:
            self.carrier.open()

    def _shipped(self) -> None:
        self.store.remember(backup_offsite_last_success_timestamp_seconds=time.time())

    def _not_shipped(self, error: Exception) -> None:
        self._count("backup_offsite_failures_total")
        self.say(f"ERROR: the off-site copy is not up to date: {error}")

    def _count(self, name: str, **facts: Any) -> None:
        self.store.remember(**{name: self.store.remembered().get(name, 0) + 1, **facts})

    def is_due(self, now: datetime) -> bool:
        """Six hours after the newest set was begun, whatever became of it; at once without one, and
        after a restore: what is live then is in none of them. While one is under way nothing is."""
        if self._is_being_restored(now):
            return False
        there = backup_set.list_all(self.store.sets)
        restored_at = self.store.remembered().get("restore_last_timestamp_seconds", 0)
        if not there or there[-1].at.timestamp() < restored_at:
            return True
        return (now - there[-1].at).total_seconds() >= self.settings.every_seconds

    def _is_being_restored(self, now: datetime) -> bool:
        """One that was broken off keeps nothing from being backed up for long."""
        try:
            begun = (self.store.restore / "plan.json").stat().st_mtime
        except FileNotFoundError:
            return False
        return 0 <= now.timestamp() - begun < RESTORE_SECONDS


def now() -> datetime:
    return datetime.now(UTC)
