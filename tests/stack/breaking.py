"""What befalls a restore: dumps of other releases, a power cut, storage that is far away."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.stack.deployment import free_port, wait_until
from tests.stack.docker import ROOT, docker
from tests.stack.restored import Diary

DUMP = 'pg_dump -U "$POSTGRES_USER" -d "$POSTGRES_DB" -F c'


def dump(diary: Diary, before: str = "") -> Path:
    """Of the live database, or of a copy of it that something is done to first."""
    made = diary.host.folder / "today.backup"
    copy = 'createdb -U "$POSTGRES_USER" -T "$POSTGRES_DB" spoiled'
    if before:
        diary.stop_writers()
        diary.shell("postgres", f'{copy}; psql -U "$POSTGRES_USER" -d spoiled -c "{before}"')
        diary.start_writers()
    words = DUMP.replace("$POSTGRES_DB", "spoiled") if before else DUMP
    drop = 'dropdb --if-exists -U "$POSTGRES_USER" spoiled'
    diary.shell("postgres", f"{words} -f /tmp/today.backup; {drop}")
    docker("cp", f"{diary.host.project}-postgres-1:/tmp/today.backup", str(made))
    diary.shell("postgres", "rm /tmp/today.backup")
    return made


def begin(diary: Diary) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*diary.program, "restore", diary.newest_proven(), "--yes", "staging"],
        env=diary.environment,
        cwd=diary.host.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def kill_at(diary: Diary, words: str, *, after: float = 0) -> str:
    """deploy.sh's program and what it started, as a power cut would; what it had said by then."""
    said = []
    with begin(diary) as running:
        for line in running.stdout or ():
            said.append(line)
            if words in line:
                time.sleep(after)
                running.kill()
                break
    diary.kill_steps()
    return "".join(said)


@contextmanager
def rescued(diary: Diary, place: str, folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """What is left of a lost server, as `--from-backup` names it; the secrets that it takes."""
    secrets = {"BACKUP_ENCRYPTION_KEY": diary.value("BACKUP_ENCRYPTION_KEY")}
    if place == "a folder":
        docker("cp", f"{diary.host.project}-backup-1:/var/backups/contravento", str(folder))
        yield str(folder), secrets
        return
    secrets |= {"BACKUP_S3_ACCESS_KEY": "test", "BACKUP_S3_SECRET_KEY": "testtest"}
    with storage_elsewhere() as address:
        known = {"BACKUP_S3_ENDPOINT": f"http://{address}", "BACKUP_S3_BUCKET": "diary", **secrets}
        words = " ".join(f"{name}={value}" for name, value in known.items())
        diary.shell("backup", f"env {words} contravento-backup ship")
        yield f"s3:http://{address}/diary", secrets


@contextmanager
def storage_elsewhere() -> Iterator[str]:
    """moto on this host's own network, so that it outlives an environment; its address."""
    docker("build", "--quiet", "--tag", "contravento-test-s3:1", str(ROOT / "tests/stack/s3"))
    form = "{{(index .IPAM.Config 0).Gateway}}"
    address, port = docker("network", "inspect", "bridge", "--format", form), free_port()
    listening = ("moto_server", "--host", address, "--port", str(port))
    run = ("run", "--detach", "--rm", "--network", "host", "contravento-test-s3:1")
    name = docker(*run, *listening)
    try:
        wait_until(lambda: is_open(address, port), 60, "moto answers")
        yield f"{address}:{port}"
    finally:
        docker("rm", "--force", name)


def is_open(address: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((address, port), 2):
        return True
    return False
