"""Asking the application, which waits in the service `drill`, to serve what was restored."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from contravento_backup.kit.settings import Settings
from contravento_backup.postgres.scratch_cluster import PORT
from contravento_backup.sets import backup_set
from contravento_backup.sets.backup_set import BackupSet
from contravento_backup.storage import file_pool as pools
from contravento_backup.storage.folder import Store

ANSWER_SECONDS = 180


@contextmanager
def storage(store: Store, subject: BackupSet) -> Iterator[Path]:
    """The set's files under their keys, by links: nothing is copied."""
    folder = store.throwaway / "storage"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o755)
    pool = pools.Pool(store.files, None)
    try:
        for entry in pools.parse((subject.folder / backup_set.FILES).read_text().splitlines()):
            source = pool.path(entry.sha256)
            if not pools.IS_KEY.fullmatch(entry.key) or not source.exists():
                continue
            target = folder / entry.key
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(source, target)
        for path in folder.rglob("*"):
            if path.is_dir():
                path.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def ask(settings: Settings, database: str, folder: Path) -> str:
    """Why it does not serve, or nothing."""
    question = {
        "host": settings.throwaway_host,
        "port": PORT,
        "database": database,
        "storage": str(folder),
    }
    request = Request(settings.drill_url, json.dumps(question).encode(), method="POST")  # noqa: S310
    try:
        with urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310
            return str(json.load(answer)["refusal"])
    except (URLError, OSError, ValueError, KeyError) as error:
        return f"the service drill does not answer ({error})."
