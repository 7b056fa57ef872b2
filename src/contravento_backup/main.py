"""contravento-backup: the service and its commands."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from contravento_backup import daemon, prepare_volume, rekey
from contravento_backup.anonymise.refresh import Refresh
from contravento_backup.kit import settings as reading
from contravento_backup.kit.errors import BackupFailed, Busy
from contravento_backup.postgres import fingerprint
from contravento_backup.restore import commands as restore_commands
from contravento_backup.service import Service
from contravento_backup.sets import backup_set
from contravento_backup.sets.backup_set import BackupSet, SetState
from contravento_backup.storage.folder import Store

SOURCE_KEY = "BACKUP_SOURCE_KEY"
FAILED, USAGE, BUSY, NOT_PROVEN = 1, 2, 5, 8


def main(arguments: Sequence[str] | None = None) -> None:
    """Exit status 1: it failed, 5: another run is at work, 8: the drill found something wrong."""
    asked = _parser().parse_args(arguments)
    try:
        sys.exit(_run(asked))
    except Busy as error:
        _complain(str(error))
        sys.exit(BUSY)
    except (BackupFailed, fingerprint.Broken) as error:
        _complain(str(error).strip())
        sys.exit(FAILED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="contravento-backup", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="the service itself")
    commands.add_parser("check", help="whether the service is well: the container's health check")
    commands.add_parser("prepare", help="hand the folder and the environment file over, as root")
    now = commands.add_parser("now", help="take a set and prove it")
    now.add_argument("--no-drill", action="store_true", help="do not prove it")
    listing = commands.add_parser("list", help="the sets that there are")
    drill = commands.add_parser("drill", help="prove a set again")
    drill.add_argument("name", nargs="?", default="", help="which; else the newest")
    commands.add_parser("prune", help="let go of what retention lets go of")
    commands.add_parser("ship", help="bring the off-site copy up to date")
    refresh = commands.add_parser("refresh", help="a dump of another environment, without people")
    refresh.add_argument("source", type=Path, help="the other environment's backup folder")
    refresh.add_argument("name", nargs="?", default="", help="which set; else the newest proven")
    refresh.add_argument("--keep-texts", action="store_true", help="where they name nobody")
    printing = commands.add_parser("fingerprint", help="rows and hashes of a database's tables")
    printing.add_argument("--database", default="", help="its name; else the live one's")
    keys = commands.add_parser("rekey", help="take another key; both come on standard input")
    keys.add_argument("step", choices=("take", "retire", "prove"), help="in this order")
    restore_commands.add_to(commands)
    for each in (now, listing, drill):
        each.add_argument("--json", action="store_true", help="answer in JSON")
    return parser


def _run(asked: argparse.Namespace) -> int:
    if asked.command == "check":
        return _check()
    if asked.command in restore_commands.COMMANDS:
        restore_commands.run(asked)
        return 0
    service = Service(reading.read(), say)
    as_json = getattr(asked, "json", False)
    if as_json:
        service.say = lambda words: None
    match asked.command:
        case "run":
            daemon.Daemon(service).run()
        case "prepare":
            prepare_volume.hand_over(service.settings, service.store)
        case "now":
            return _show(service.back_up(is_drilled=not asked.no_drill), as_json)
        case "drill":
            return _show(service.drill(asked.name), as_json)
        case "list":
            _list(backup_set.list_all(service.store.sets), as_json)
        case "prune":
            say(f"{len(service.prune())} sets were let go of.")
        case "ship":
            say(f"The off-site copy is up to date: {service.ship()}.")
        case "refresh":
            _refresh(service, asked)
        case "rekey":
            _rekey(service, asked.step)
        case "fingerprint":
            _print_fingerprint(service, asked.database)
    return 0


def say(words: str) -> None:
    print(f"backup: {words}", flush=True)  # noqa: T201  (this is the container's log)


def _complain(words: str) -> None:
    print(words, file=sys.stderr)  # noqa: T201


def _answer(content: Any) -> None:
    print(json.dumps(content, indent=2))  # noqa: T201


def _show(subject: BackupSet, as_json: bool) -> int:
    if as_json:
        _answer(subject.as_json())
    return NOT_PROVEN if subject.state in (SetState.FAILED, SetState.BROKEN) else 0


def _list(there: list[BackupSet], as_json: bool) -> None:
    if as_json:
        _answer([each.as_json() for each in there])
        return
    for each in there:
        facts = each.as_json()
        files = (facts["files"] or {}).get("count", "?")
        say(f"{each.name}  {each.state:9} {each.bytes / 2**20:9.1f} MB  {files} files")
    if not there:
        say("There is no set yet.")


def _refresh(service: Service, asked: argparse.Namespace) -> None:
    source = Store(asked.source)
    at_work = Refresh(service.settings, service.store, service.pool, source)
    at_work.make(asked.name, key=os.environ.get(SOURCE_KEY, ""), keep_texts=asked.keep_texts)


def _rekey(service: Service, step: str) -> None:
    """`take`: the old key and the new one; `prove`: the old one; `retire`: nothing is read."""
    store, carrier = service.store, service.carrier
    if step == "take":
        keys = rekey.Keys(*rekey.read(sys.stdin.readlines(), 2))
        say(f"{rekey.rekey(store, keys, carrier)} sets are of the new key.")
    elif step == "retire":
        if carrier:
            carrier.keep_this_key_only()
    else:
        (old,) = rekey.read(sys.stdin.readlines(), 1)
        if found := rekey.opened_by(store, old, carrier):
            raise BackupFailed(f"The old key still opens {', '.join(found)}.")


def _print_fingerprint(service: Service, database: str) -> None:
    where = {"dbname": database or service.settings.database}
    with fingerprint.connect(user=service.settings.administrator, **where) as connection:
        found = fingerprint.take(connection)
    _answer({"tables": {name: asdict(content) for name, content in found.items()}})


def _check() -> int:
    try:
        with urlopen(f"http://127.0.0.1:{daemon.PORT}/health", timeout=4):
            return 0
    except (URLError, OSError) as error:
        _complain(f"the backup service is not well: {error}")
        return FAILED
