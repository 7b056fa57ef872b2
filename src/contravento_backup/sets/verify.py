"""What can be seen of a set without restoring it: seal, key, parts, files."""

from collections.abc import Iterator

from contravento_backup.kit import encryption, programs
from contravento_backup.kit.errors import BackupFailed, Problem
from contravento_backup.kit.settings import Settings
from contravento_backup.sets import backup_set
from contravento_backup.sets.backup_set import BackupSet
from contravento_backup.storage import file_pool as pools
from contravento_backup.storage.file_pool import Pool
from contravento_backup.storage.folder import sha256_of

NAMED_FILES = 20  # of a thousand that are missing


def parts(subject: BackupSet, settings: Settings) -> Iterator[Problem]:
    manifest = subject.manifest
    if manifest is None:
        yield Problem(
            "manifest_unreadable", f"{backup_set.MANIFEST} of {subject.name} cannot be read."
        )
        return
    if manifest.get("key") != encryption.fingerprint(settings.key):
        yield Problem("wrong_key", "The set was made with another BACKUP_ENCRYPTION_KEY than this.")
    elif not encryption.is_sealed(manifest, settings.key):
        yield Problem("manifest_altered", "The manifest is not what was sealed with the key.")
    if manifest.get("name") != subject.name:
        yield Problem("manifest_altered", f"The manifest is that of {manifest.get('name')}.")
    yield from _version(str(manifest.get("postgres")))
    for name in backup_set.PARTS:
        yield from _part(subject, name)
    try:
        if not encryption.decrypt(subject.folder / backup_set.ENVIRONMENT, settings.key):
            yield Problem("environment_lost", "The environment file is empty.")
    except BackupFailed as error:
        yield Problem("environment_lost", str(error))


def _version(of_set: str) -> Iterator[Problem]:
    here = programs.run("postgres", "--version").split()[2]
    if of_set.partition(".")[0] != here.partition(".")[0]:
        words = f"The set is of PostgreSQL {of_set}, and this is {here}."
        yield Problem("wrong_version", words)


def _part(subject: BackupSet, name: str) -> Iterator[Problem]:
    path = subject.folder / name
    expected = (subject.manifest or {}).get("parts", {}).get(name)
    if expected is None:
        yield Problem("part_unknown", f"The manifest says nothing of {name}.")
    elif not path.exists():
        yield Problem("part_missing", f"{name} is missing.")
    elif path.stat().st_size != expected["bytes"]:
        words = f"{name} has {path.stat().st_size} bytes instead of {expected['bytes']}."
        yield Problem("part_truncated", words)
    elif sha256_of(path) != expected["sha256"]:
        yield Problem("part_differs", f"{name} is not what was written: its SHA-256 is another.")


def files(subject: BackupSet, pool: Pool) -> Iterator[Problem]:
    """Each file of the set, read whole. What is damaged is dropped: the next run copies it anew."""
    lines = (subject.folder / backup_set.FILES).read_text().splitlines()
    damaged: set[str] = set()  # what several keys share is dropped when all were looked at
    entries = pools.parse(lines)
    problems = (problem for entry in entries for problem in _file(pool, entry, damaged))
    try:
        for number, problem in enumerate(problems):
            if number == NAMED_FILES:
                words = f"More than {NAMED_FILES} files are missing or damaged."
                yield Problem("more_files", words)
                return
            yield problem
    finally:
        for each in damaged:
            pool.drop(each)


def _file(pool: Pool, entry: pools.Entry, damaged: set[str]) -> Iterator[Problem]:
    path = pool.path(entry.sha256)
    if not path.exists():
        yield Problem("file_missing", f"The content of {entry.key} is missing.")
    elif entry.sha256 in damaged or sha256_of(path) != entry.sha256:
        damaged.add(entry.sha256)
        yield Problem("file_differs", f"The content of {entry.key} is not what was uploaded.")
