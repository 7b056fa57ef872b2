"""A server that has lost more than rows: its cluster set aside, its backups brought back."""

import os
import pwd
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contravento_backup.kit import encryption
from contravento_backup.kit.errors import BackupFailed
from contravento_backup.prepare_volume import OWNER
from contravento_backup.restore.side_database import KEPT_FOR, STAMP
from contravento_backup.sets import backup_set
from contravento_backup.sets.backup_set import SetState
from contravento_backup.storage.folder import Store

SET_ASIDE = ".set-aside-"
LEFT_OUT = shutil.ignore_patterns("throwaway", "cache", "lock", ".lock", "*.new", "*.tmp", ".2*Z")


def set_aside(cluster: Path, now: datetime | None = None) -> str:
    """Rename the folder of a cluster that does not start; PostgreSQL then makes a new one.

    Those that were set aside more than seven days ago go. Raises BackupFailed while it runs.
    """
    now = now or datetime.now(UTC)
    for path in cluster.parent.glob(f"{cluster.name}{SET_ASIDE}*"):
        if _age(path, now) > KEPT_FOR:
            shutil.rmtree(path)
    if not cluster.exists():
        return ""
    target = cluster.with_name(f"{cluster.name}{SET_ASIDE}{now.strftime(STAMP)}")
    cluster.rename(target)
    return target.name


def _age(folder: Path, now: datetime) -> timedelta:
    try:
        written = folder.name.rpartition(SET_ASIDE)[2]
        return now - datetime.strptime(written, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return timedelta(0)


def environment_of(place: Store, key: str) -> str:
    """The environment file of the last start, or of the newest set that has a good one."""
    candidates = [place.environment]
    there = backup_set.list_all(place.sets)[::-1]
    by_worth = sorted(there, key=lambda each: each.state is not SetState.PROVEN)
    candidates += [each.folder / backup_set.ENVIRONMENT for each in by_worth]
    found = [candidate for candidate in candidates if candidate.exists()]
    if not found:
        raise BackupFailed(f"{place.root} is no backup folder: no environment file is kept in it.")
    problem: BackupFailed | None = None
    for each in found:
        try:
            content = encryption.decrypt(each, key)
        except BackupFailed as error:
            problem = problem or error
            continue
        if f"BACKUP_ENCRYPTION_KEY={key}" in content:
            return content
    raise problem or BackupFailed("The environment file in it is of another key.")


def adopt(store: Store, source: Path) -> None:
    """Copy a backup folder to where this environment keeps its own. Raises BackupFailed.

    As root, whoever the source belongs to. What is there already is copied again: a copy that was
    broken off may have left half a file.
    """
    if not (source / "sets").is_dir():
        raise BackupFailed(f"{source} is no backup folder: it has no folder sets.")
    _refuse_full_disk(store, source)
    for path in source.iterdir():
        target = store.root / path.name
        if path.is_dir():
            if path.name not in ("throwaway", "cache", "restore"):
                shutil.copytree(path, target, symlinks=True, ignore=LEFT_OUT, dirs_exist_ok=True)
        elif path.name == "state.json":
            shutil.copy2(path, target)
    store.make()
    _hand_over(store.root)


def _refuse_full_disk(store: Store, source: Path) -> None:
    store.root.mkdir(parents=True, exist_ok=True)
    needed = sum(path.stat().st_size for path in source.rglob("*") if path.is_file())
    if (free := store.free_bytes()) < needed:
        raise BackupFailed(
            f"The backup folder has {needed // 2**20} MB, and {free // 2**20} MB are free here."
        )


def _hand_over(root: Path) -> None:
    if os.geteuid() != 0:
        return
    owner = pwd.getpwnam(OWNER)
    for path in (root, *root.rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
