"""Ways to spoil a backup, and putting it back: scripts that run in the backup service."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.stack.backups import FOLDER, run
from tests.stack.deployment import Deployment

HEAD = f"set -eu; cd {FOLDER}; set=$(ls -d sets/2*Z | tail -1)\n"
# Change the manifest as somebody would who has the key: only restoring can tell.
RESEAL = """
python3 - "$set" <<'PY'
import json, os, pathlib, sys
from contravento_backup.kit import encryption
from contravento_backup.sets import backup_set
from contravento_backup.storage.folder import sha256_of
folder = pathlib.Path(sys.argv[1])
manifest = json.loads((folder / backup_set.MANIFEST).read_text())
for name in backup_set.PARTS:
    path = folder / name
    manifest["parts"][name] = {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
%s
manifest["seal"] = encryption.seal(manifest, os.environ["BACKUP_ENCRYPTION_KEY"])
(folder / backup_set.MANIFEST).write_text(json.dumps(manifest))
PY
"""
FLIP = """
flip() { python3 - "$1" <<'PY'
import pathlib, sys
path = pathlib.Path(sys.argv[1])
content = bytearray(path.read_bytes())
content[len(content) // 2] ^= 1
path.chmod(0o600)
path.write_bytes(content)
PY
}
"""
PHOTO = r"""photo=$(grep '"key": "photos' "$set/files.jsonl" | head -1)
photo=$(echo "$photo" | sed 's/.*"sha256": "//; s/".*//')
photo=files/$(printf %.2s "$photo")/$photo; test -f "$photo"
"""
WAL = r"""wal=$(sed -n 's/.*"wal": "\([0-9A-F]*\)".*/\1/p' "$set/manifest.json")
wal=$(find repository/archive -name "$wal-*"); test -f "$wal"
"""


@dataclass(frozen=True)
class Spoiling:
    """`kinds` are those of which the drill must find one or more."""

    name: str
    script: str
    kinds: frozenset[str]
    environment: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        return self.name


def spoiling(name: str, script: str, *kinds: str, environment: tuple[str, ...] = ()) -> Spoiling:
    return Spoiling(name, script, frozenset(kinds), environment)


SPOILINGS = (
    spoiling("dump truncated", "truncate -s -100 $set/database.dump", "part_truncated"),
    spoiling("dump with one flipped bit", FLIP + "flip $set/database.dump", "part_differs"),
    spoiling("dump empty", ": > $set/database.dump", "part_truncated", "dump_not_restored"),
    spoiling(
        "dump empty, sealed again", ": > $set/database.dump" + RESEAL % "", "dump_not_restored"
    ),
    spoiling("dump missing", "rm $set/database.dump", "part_missing"),
    spoiling(
        "manifest altered",
        'sed -i \'s/"rows": /"rows": 1/\' $set/manifest.json',
        "manifest_altered",
    ),
    spoiling("manifest cut off", "truncate -s 100 $set/manifest.json", "manifest_unreadable"),
    spoiling(
        "role missing, sealed again",
        "sed -i '/CREATE ROLE contravento_app/d' $set/globals.sql" + RESEAL % "",
        "dump_not_restored",
    ),
    spoiling(
        "of another key",
        "true",
        "wrong_key",
        "environment_lost",
        environment=("BACKUP_ENCRYPTION_KEY=" + "another-key-that-is-long-enough-for-this",),
    ),
    spoiling("of another major version", RESEAL % 'manifest["postgres"] = "17.4"', "wrong_version"),
    spoiling("environment file damaged", FLIP + "flip $set/environment.enc", "part_differs"),
    spoiling("photo with one flipped bit", FLIP + PHOTO + 'flip "$photo"', "file_differs"),
    spoiling("photo missing", PHOTO + 'rm "$photo"', "file_missing"),
    spoiling(
        "file left out of the list, sealed again",
        'sed -i \'/"key": "photos/d\' $set/files.jsonl' + RESEAL % "",
        "file_missing",
    ),
    spoiling(
        "content of another moment, sealed again",
        'sed -i \'0,/"rows": [0-9]*/s//"rows": 77/\' $set/fingerprint.json' + RESEAL % "",
        "content_differs",
    ),
    spoiling("WAL segment missing", WAL + 'rm "$wal"', "wal_not_replayed"),
    spoiling("WAL segment truncated", WAL + 'truncate -s 40 "$wal"', "wal_not_replayed"),
    spoiling("WAL segment with one flipped bit", FLIP + WAL + 'flip "$wal"', "repository_damaged"),
    spoiling(
        "base backup with one flipped bit",
        FLIP + "flip $(find repository/backup/contravento/2*F/bundle -name 1 | tail -1)",
        "repository_damaged",
    ),
    spoiling("base backup missing", "rm -r repository/backup/contravento/2*", "wal_not_replayed"),
    spoiling(
        "dump and WAL at once",
        FLIP + WAL + 'flip $set/database.dump; rm "$wal"',
        "part_differs",
        "wal_not_replayed",
    ),
)


@contextmanager
def spoiled(deployment: Deployment, spoil: Spoiling) -> Iterator[None]:
    """As long as the block lasts; then everything is as it was."""
    with put_back(deployment):
        run(deployment, HEAD + spoil.script)
        yield


@contextmanager
def put_back(
    deployment: Deployment, what: str = "sets files repository state.json"
) -> Iterator[None]:
    """Whatever becomes of these. No set may be taken meanwhile: its base backup would be lost."""
    kept = f"kept-{secrets.token_hex(4)}"
    run(deployment, f"cd {FOLDER}; mkdir {kept}; cp -a {what} {kept}/")
    try:
        yield
    finally:
        run(deployment, f"cd {FOLDER}; cp -a --remove-destination {kept}/* ./; rm -r {kept}")
