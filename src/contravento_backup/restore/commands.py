"""The steps of a restore, each a command: `./deploy.sh … restore` calls one after another."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from contravento_backup import offsite
from contravento_backup.kit import progress, settings as reading
from contravento_backup.kit.errors import BackupFailed
from contravento_backup.kit.settings import Offsite, Settings
from contravento_backup.restore import rebuild
from contravento_backup.restore.files import Storage
from contravento_backup.restore.restore import Asked, Restore
from contravento_backup.sets import backup_set
from contravento_backup.storage.file_pool import Pool
from contravento_backup.storage.folder import Store

FILES_SECONDS = 10.0
CLUSTER = "PGBACKREST_PG1_PATH"


def add_to(commands: Any) -> None:
    prepare = commands.add_parser("restore-prepare", help="fill and check the side database")
    prepare.add_argument("--set", default="", help="which set; else the newest proven one")
    prepare.add_argument("--to", default="", help="a moment with its time zone, or latest")
    prepare.add_argument("--dump", default="", help="what standard input is called")
    prepare.add_argument("--refreshed", action="store_true", help="what `refresh` has made")
    prepare.add_argument("--undo", action="store_true", help="what was live before")
    prepare.add_argument("--without-missing-files", action="store_true")
    gather = commands.add_parser("restore-gather", help="bring the files together, as root")
    gather.add_argument("--without-missing-files", action="store_true")
    commands.add_parser("restore-place", help="put the files where they belong, as root")
    commands.add_parser("restore-swap", help="make the side database the live one")
    commands.add_parser("restore-drop", help="drop the side database")
    commands.add_parser("restore-tidy", help="remove the side folder, as root")
    commands.add_parser("set-aside", help="put away a cluster that does not start")
    for name in ("environment", "adopt"):
        each = commands.add_parser(name, help="of another backup folder, or of S3 storage")
        each.add_argument("place")


def run(asked: argparse.Namespace) -> None:
    COMMANDS[asked.command](asked)


def _restore(settings: Settings | None = None) -> Restore:
    settings = settings or reading.read()
    store = Store(settings.folder)
    return Restore(settings, store, Pool(store.files, settings.storage))


def _prepare(asked: argparse.Namespace) -> None:
    wanted = Asked(
        set=asked.set,
        to=asked.to,
        dump=asked.dump,
        refreshed=asked.refreshed,
        undo=asked.undo,
        without_missing_files=asked.without_missing_files,
    )
    _restore().prepare(wanted)


def _gather(asked: argparse.Namespace) -> None:
    restore = _restore()
    storage = _storage(restore.settings)
    if storage is None:
        progress.result(files=0, brought=0, missing=[])
        return
    entries = restore.entries()
    title = f"bring {len(entries)} uploaded files together, and read each"
    with progress.step("files", title, FILES_SECONDS):
        found = storage.gather(entries, restore.pool)
    if not asked.without_missing_files:
        found.refuse_missing()
    progress.result(files=found.there, brought=found.brought, missing=found.missing)


def _place(asked: argparse.Namespace) -> None:
    if storage := _storage(_restore().settings):
        with progress.step("place", "put the files that were lost back where they were", 2):
            count = storage.put_in_place()
        progress.result(placed=count)


def _tidy(asked: argparse.Namespace) -> None:
    if storage := _storage(_restore().settings):
        storage.tidy()


def _storage(settings: Settings) -> Storage | None:
    if settings.storage is None:
        return None
    storage = Storage(settings.storage)
    storage.hand_over_root()
    return storage


def _set_aside(asked: argparse.Namespace) -> None:
    progress.result(set_aside=rebuild.set_aside(Path(os.environ[CLUSTER])))


# --- another server's backups


def _environment(asked: argparse.Namespace) -> None:
    """The environment file itself, and nothing else, on standard output."""
    key = os.environ.get("BACKUP_ENCRYPTION_KEY", "")
    if asked.place.startswith("s3:"):
        fetched = Path(tempfile.mkdtemp())
        carrier_of(settings_of(asked.place, key)).fetch("environment", fetched)
        place = Store(fetched)
    else:
        place = Store(Path(asked.place))
    sys.stdout.write(rebuild.environment_of(place, key))


def _adopt(asked: argparse.Namespace) -> None:
    if asked.place.startswith("s3:"):
        settings = settings_of(asked.place, os.environ.get("BACKUP_ENCRYPTION_KEY", ""))
        store = Store(settings.folder)
        with progress.step("fetch", "fetch the backup folder from the storage elsewhere", 60):
            carrier_of(settings).fetch("", store.root)
            store.make()
    else:
        store = _restore().store
        with progress.step(
            "adopt", "copy the backup folder to where this server keeps its own", 20
        ):
            rebuild.adopt(store, Path(asked.place))
    progress.result(sets=len(backup_set.list_all(store.sets)))


def settings_of(place: str, key: str) -> Settings:
    """Of storage elsewhere: s3://HOST/BUCKET/PREFIX, or s3:http://HOST:PORT/BUCKET/PREFIX."""
    written = place.removeprefix("s3:")
    url = f"https:{written}" if written.startswith("//") else written
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    bucket, _, prefix = path.partition("/")
    if scheme not in ("http", "https") or not host or not bucket:
        raise BackupFailed(f"{place} is no storage; write s3://s3.example.org/BUCKET/PREFIX.")
    given = {name: os.environ.get(f"BACKUP_S3_{name}", "") for name in ("ACCESS_KEY", "SECRET_KEY")}
    if missing := [f"BACKUP_S3_{name}" for name, value in given.items() if not value]:
        raise BackupFailed(f"For {place} {' and '.join(missing)} must be set.")
    return replace(
        reading.read({"BACKUP_ENCRYPTION_KEY": key}),
        folder=Path(os.environ.get("BACKUP_PATH", "/var/backups/contravento")),
        offsite=Offsite(
            f"{scheme}://{host}",
            bucket,
            prefix,
            os.environ.get("BACKUP_S3_REGION", ""),
            given["ACCESS_KEY"],
            given["SECRET_KEY"],
        ),
    )


def carrier_of(settings: Settings) -> offsite.OffsiteRepository:
    found = offsite.carrier(settings, Store(settings.folder))
    if found is None:
        raise BackupFailed("No storage elsewhere is set.")
    return found


COMMANDS: Mapping[str, Callable[[argparse.Namespace], None]] = {
    "restore-prepare": _prepare,
    "restore-gather": _gather,
    "restore-place": _place,
    "restore-swap": lambda asked: _restore().swap(),
    "restore-drop": lambda asked: _restore().drop(),
    "restore-tidy": _tidy,
    "set-aside": _set_aside,
    "environment": _environment,
    "adopt": _adopt,
}
