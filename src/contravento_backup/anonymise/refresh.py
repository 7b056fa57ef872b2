"""Another environment's set as a dump in which nobody is named, to be restored in this one."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace as changed
from pathlib import Path
from uuid import UUID

from contravento_backup.anonymise import anonymise
from contravento_backup.anonymise.strip_metadata import without_words
from contravento_backup.kit import progress
from contravento_backup.kit.errors import BackupFailed
from contravento_backup.kit.settings import Settings
from contravento_backup.postgres import fingerprint, scratch_cluster
from contravento_backup.postgres.fingerprint import Connection, Content
from contravento_backup.postgres.scratch_cluster import ScratchCluster
from contravento_backup.sets import backup_set, verify
from contravento_backup.sets.backup_set import BackupSet, SetState
from contravento_backup.storage import file_pool as pools
from contravento_backup.storage.file_pool import Entry, Pool
from contravento_backup.storage.folder import Store, sha256_of, write_json

PLACE = "refresh"
LOAD_SECONDS, SCAN_SECONDS = 20.0, 10.0
HERE = "127.0.0.1"  # nobody else asks this cluster anything
NO_KEY = "wrong_key", "manifest_altered", "environment_lost"  # what cannot be known without it
MARGIN_BYTES, WAIT_SECONDS = 256 * 2**20, 600
# Stands for a track's own file: who recorded it, and with what, may be said in that.
EMPTY_TRACK = (
    b'<?xml version="1.0"?>\n<gpx version="1.1" creator="ContraVento"'
    b' xmlns="http://www.topografix.com/GPX/1/1"/>\n'
)
# The largest picture of each photo stands for its own file, without camera and place.
PHOTOS = """
    SELECT file_key, (SELECT each.value ->> 'key' FROM jsonb_each(sizes) AS each
        ORDER BY (each.value ->> 'width')::int DESC LIMIT 1)
    FROM public.photos
"""
TRACKS = "SELECT id, points_key FROM public.tracks"


@dataclass(frozen=True, slots=True)
class Made:
    """What a refresh leaves for the restore that follows it."""

    store: Store

    @property
    def folder(self) -> Path:
        return self.store.root / "restore"

    @property
    def dump(self) -> Path:
        return self.folder / "refreshed.dump"

    @property
    def facts(self) -> Path:
        return self.folder / "refreshed.json"

    def keep(self, dump: Path, words: str, found: Mapping[str, Content]) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        tables = {name: asdict(content) for name, content in found.items()}
        dump.replace(self.dump)
        write_json(self.facts, {"words": words, "tables": tables})

    def read(self) -> tuple[str, dict[str, Content]]:
        """Raises BackupFailed where there is none."""
        try:
            found = json.loads(self.facts.read_text())
        except (OSError, ValueError) as error:
            raise BackupFailed("No refresh was made; begin with it again.") from error
        return found["words"], {name: Content(**each) for name, each in found["tables"].items()}

    def remove(self) -> None:
        self.facts.unlink(missing_ok=True)
        self.dump.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Refresh:
    """`source` is the other environment's backup folder, which is only read."""

    settings: Settings
    store: Store
    pool: Pool
    source: Store

    def make(self, name: str = "", *, key: str = "", keep_texts: bool = False) -> None:
        """A dump, with its files in our pool. Raises BackupFailed, and leaves no dump then."""
        made = Made(self.store)
        with self.store.alone("a refresh", wait_seconds=WAIT_SECONDS):
            made.remove()
            scratch_cluster.stop_orphans(self.store.throwaway)
            self.store.sweep()
            with progress.step("parts", "look whether it is what was written", 2):
                subject = self._find(name)
                self._refuse_spoiled(subject, key)
                self._refuse_full_disk(subject)
            with scratch_cluster.place(self.store.throwaway, PLACE) as folder:
                self._make(made, folder, subject, keep_texts=keep_texts)

    def _make(self, made: Made, folder: Path, subject: BackupSet, *, keep_texts: bool) -> None:
        manifest = subject.manifest or {}
        administrator, database = str(manifest["administrator"]), str(manifest["database"])
        words = f"{subject.name} of {manifest['environment']}"
        scratch_cluster.initialise(folder, administrator)
        cluster = ScratchCluster(folder, HERE, administrator)
        with cluster.running():
            with progress.step("load", f"load {words} where nobody can reach it", LOAD_SECONDS):
                cluster.load(subject.globals_file, subject.dump)
            with fingerprint.connect(**cluster.where(database)) as connection:
                points: dict[UUID, str | None] = dict(connection.execute(TRACKS).fetchall())
                people = self._replace(connection, keep_texts=keep_texts)
                self._adopt_files(connection, subject, points)
                found = fingerprint.take(connection)
            dump = folder.with_name("refreshed.dump")
            with progress.step("dump", "dump what is left", LOAD_SECONDS):
                cluster.run(
                    "pg_dump",
                    "--format=custom",
                    "--compress=zstd:3",
                    "--no-password",
                    "--no-statistics",  # they hold the most common values of before
                    f"--file={dump}",
                    database,
                )
        made.keep(dump, f"{words}, without its people", found)
        progress.result(words=words, people=people)

    def _replace(self, connection: Connection, *, keep_texts: bool) -> int:
        """How many people there were."""
        with progress.step("replace", "replace everybody", SCAN_SECONDS):
            people = anonymise.replace(connection, keep_texts=keep_texts)
        with progress.step("scan", "look through every value for who is left", SCAN_SECONDS):
            _refuse_findings(anonymise.scan(connection, people))
        row = connection.execute("SELECT count(*) FROM public.riders").fetchone()
        return int(row[0]) if row else 0

    # --- what is taken

    def _find(self, name: str) -> BackupSet:
        if not self.source.sets.is_dir():
            raise BackupFailed("This is no backup folder: it has no folder sets.")
        there = [
            each for each in backup_set.list_all(self.source.sets) if each.state is SetState.PROVEN
        ]
        if name:
            return backup_set.find(self.source.sets, name)
        if not there:
            raise BackupFailed("No set in it is proven; name one to take it nevertheless.")
        return there[-1]

    def _refuse_spoiled(self, subject: BackupSet, key: str) -> None:
        """The seal can be told from another only by who has the other environment's key."""
        with_key = changed(self.settings, key=key) if key else self.settings
        problems = [
            part.sentence
            for part in verify.parts(subject, with_key)
            if key or part.kind not in NO_KEY
        ]
        if problems:
            raise BackupFailed(f"{subject.name} cannot be taken. {' '.join(problems)}")

    def _refuse_full_disk(self, subject: BackupSet) -> None:
        needed, free = 8 * subject.bytes + MARGIN_BYTES, self.store.free_bytes()
        if free < needed:
            raise BackupFailed(
                f"A refresh needs about {needed // 2**20} MB and {free // 2**20} MB are free where"
                " BACKUP_FOLDER is."
            )

    # --- files

    def _adopt_files(
        self, connection: Connection, subject: BackupSet, points: Mapping[UUID, str | None]
    ) -> None:
        """Those that rows still speak of. A file as it was uploaded stays where it was.

        `points` says where those of each track were before they got another name.
        """
        if self.pool.storage is None or (subject.manifest or {})["files"]["are_elsewhere"]:
            return
        with progress.step("files", "take over pictures and points", LOAD_SECONDS):
            self._adopt(connection, subject, points)

    def _adopt(
        self, connection: Connection, subject: BackupSet, points: Mapping[UUID, str | None]
    ) -> None:
        taking = Taking(self.pool, Pool(self.source.files, None), self.store.throwaway / PLACE)
        lines = (subject.folder / backup_set.FILES).read_text().splitlines()
        there = {each.key: each for each in pools.parse(lines)}
        pictures: dict[str, str | None] = dict(connection.execute(PHOTOS).fetchall())
        tracks: dict[UUID, str | None] = dict(connection.execute(TRACKS).fetchall())
        packed = {key: points[track] for track, key in tracks.items() if key}
        for key, table in sorted(set(fingerprint.references(connection))):
            if before := packed.get(key):
                taking.points(key, there, before)
            elif table != "tracks" and (source := pictures.get(key, key)):
                taking.picture(key, there, source)
            else:
                taking.nothing(key)


@dataclass(frozen=True, slots=True)
class Taking:
    """Files of another environment's pool into ours, each as what it may be here."""

    ours: Pool
    theirs: Pool
    folder: Path

    def picture(self, key: str, there: Mapping[str, Entry], source: str) -> None:
        entry = _entry(there, source)
        self.ours.adopt(key, self.theirs.path(entry.sha256), entry)

    def points(self, key: str, there: Mapping[str, Entry], source: str) -> None:
        entry = _entry(there, source)
        path = self.theirs.path(entry.sha256)
        if not path.exists() or sha256_of(path) != entry.sha256:
            raise BackupFailed(f"The content of {source} is missing or damaged there.")
        self._put(key, without_words(path.read_bytes()))

    def nothing(self, key: str) -> None:
        self._put(key, EMPTY_TRACK)

    def _put(self, key: str, content: bytes) -> None:
        unfinished = self.folder / "file"
        unfinished.write_bytes(content)
        self.ours.adopt(key, unfinished)


def _entry(there: Mapping[str, Entry], key: str) -> Entry:
    if key not in there:
        raise BackupFailed(f"A row speaks of {key}, which the set does not have.")
    return there[key]


def _refuse_findings(found: list[anonymise.Finding]) -> None:
    if found:
        raise BackupFailed(
            f"Something personal is left: {'; '.join(sorted(set(map(str, found))))}."
            " Nothing leaves the throwaway database."
        )
