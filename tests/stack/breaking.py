"""What befalls a restore: dumps of other releases, a power cut, storage that is far away."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
        env=diary.environment, cwd=diary.host.folder, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


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
def storage_elsewhere(diary: Diary) -> Iterator[str]:
    """moto on the network that leads outside; the words that a script knows it by."""
    docker("build", "--quiet", "--tag", "contravento-test-s3:1", str(ROOT / "tests/stack/s3"))
    name = f"{diary.host.project}-s3"
    docker("run", "--detach", "--rm", "--name", name, "--network", f"{diary.host.project}_offsite",
           "--network-alias", "s3", "contravento-test-s3:1")  # fmt: skip
    reach = "import socket; socket.create_connection(('s3', 5000), 2)"
    words = ("ENDPOINT=http://s3:5000", "BUCKET=diary", "ACCESS_KEY=test", "SECRET_KEY=testtest")
    try:
        while "Error" in diary.shell("backup", f'python3 -c "{reach}" 2>&1', check=False):
            time.sleep(0.5)
        yield " ".join(f"BACKUP_S3_{each}" for each in words)
    finally:
        docker("rm", "--force", name)
