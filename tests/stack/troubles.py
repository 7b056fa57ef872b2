"""Real troubles for alerts: each is there while its block runs, and gone afterwards."""

import secrets
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.stack.deployment import Deployment, wait_until
from tests.stack.riders import PASSWORD
from tests.tracks.making import ride

# Takes memory until the container has used so much of what it may; 1.5 is more than there is. Each
# version of cgroups has names of its own.
EAT = """\
import pathlib, time
second, first = pathlib.Path("/sys/fs/cgroup"), pathlib.Path("/sys/fs/cgroup/memory")
if first.exists():
    now, most = first / "memory.usage_in_bytes", first / "memory.limit_in_bytes"
    kept = "total_inactive_file"
else:
    now, most, kept = second / "memory.current", second / "memory.max", "inactive_file"
limit, eaten = int(most.read_text()), []
def used():
    stat = (now.parent / "memory.stat").read_text()
    return int(now.read_text()) - int(dict(line.split() for line in stat.splitlines())[kept])
pathlib.Path("/tmp/eater").write_text(str(__import__("os").getpid()))
while used() < {share} * limit:
    eaten.append(bytearray(b"x" * 1_000_000))
time.sleep(3600)
"""
HOLD = """\
import os, psycopg, time
url = os.environ["DATABASE_URL"].replace("+asyncpg", "")
kept = [psycopg.connect(url, application_name="held") for _ in range({count})]
time.sleep(3600)
"""
# Stops or wakes the processes in which the worker reads tracks.
SIGNAL_POOL = """\
import os, pathlib, signal
for each in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    if b"--multiprocessing-fork" in each.read_bytes().split(b"\\0"):  # not this script itself
        os.kill(int(each.parent.name), signal.{signal})
"""
# Whoever changes something of a rider waits, for good or for three seconds.
LOCK = "BEGIN; SELECT FROM riders FOR UPDATE; SELECT pg_sleep(600)"
PULSES = (
    "DO $$ BEGIN FOR i IN 1..1000 LOOP PERFORM FROM riders FOR UPDATE; PERFORM pg_sleep(3); COMMIT;"
    " PERFORM pg_sleep(0.05); END LOOP; END $$"
)
# Of a job that has failed and is to be tried again: the next try is now, and is its last.
LAST_TRY = """\
UPDATE procrastinate_jobs SET attempts = 12, scheduled_at = now() WHERE id = (
    SELECT min(id) FROM procrastinate_jobs WHERE attempts > 0 AND status = 'todo')
"""
CHANGE = "/api/v1/me"
TAKEN_SECONDS = 180
DISK_MEGABYTES = 32
ARCHIVE = "/var/backups/contravento/repository/archive"


def in_background(deployment: Deployment, service: str, *command: str) -> None:
    deployment.compose("exec", "--detach", service, *command)


@contextmanager
def stopped(deployment: Deployment, *services: str) -> Iterator[None]:
    deployment.compose("stop", "--timeout", "3", *services)
    try:
        yield
    finally:
        deployment.compose("start", *services)


@contextmanager
def frozen(deployment: Deployment, service: str) -> Iterator[None]:
    """Its processes are there and do nothing."""
    deployment.shell(service, "kill -STOP -1")
    try:
        yield
    finally:
        deployment.shell(service, "kill -CONT -1")


@contextmanager
def crashing(deployment: Deployment, service: str) -> Iterator[None]:
    for _ in range(5):
        deployment.shell(service, "kill -9 -1")
        time.sleep(2)
    yield


@contextmanager
def eating(deployment: Deployment, service: str, share: float) -> Iterator[None]:
    """A process that eats memory, until so much of the container's limit is used."""
    in_background(deployment, service, "python3", "-c", EAT.format(share=share))
    try:
        yield
    finally:
        deployment.shell(service, 'kill "$(cat /tmp/eater)"')


@contextmanager
def held_connections(deployment: Deployment, share: float) -> Iterator[None]:
    """So many of the usable connections are taken."""
    ((_, used),) = deployment.figures("database:connections:used")
    ((_, usable),) = deployment.figures("database:connections:usable")
    count = int(share * usable - used)
    in_background(deployment, "backend", "python3", "-c", HOLD.format(count=count))
    try:
        yield
    finally:
        end_sessions(deployment, "application_name = 'held'")


@contextmanager
def revoked(deployment: Deployment, what: str, whose: str) -> Iterator[None]:
    deployment.psql(f"REVOKE SELECT ON {what} FROM {whose}")  # noqa: S608
    try:
        yield
    finally:
        deployment.psql(f"GRANT SELECT ON {what} TO {whose}")


@contextmanager
def locked(deployment: Deployment, statement: str) -> Iterator[None]:
    """A session of an administrator that holds a lock."""
    user, database = deployment.values["POSTGRES_USER"], deployment.values["POSTGRES_DB"]
    in_background(deployment, "postgres", "psql", "-U", user, "-d", database, "-c", statement)
    try:
        yield
    finally:
        end_sessions(deployment, "query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()")


def end_sessions(deployment: Deployment, which: str) -> None:
    ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
    deployment.psql(ended + which)


@contextmanager
def idle_slot(deployment: Deployment) -> Iterator[None]:
    deployment.psql("SELECT pg_create_physical_replication_slot('standby', true)")
    try:
        yield
    finally:
        deployment.psql("SELECT pg_drop_replication_slot('standby')")


@contextmanager
def stuck_archive(deployment: Deployment) -> Iterator[None]:
    """The backups' repository cannot be entered, while PostgreSQL goes on writing."""
    over = threading.Event()

    def write() -> None:
        while not over.wait(4):
            deployment.psql("SELECT pg_logical_emit_message(false, 'test', 'on and on')")
            deployment.psql("SELECT pg_switch_wal()")

    writing = threading.Thread(target=write)
    deployment.exec("postgres", "chmod", "000", ARCHIVE)
    writing.start()
    try:
        yield
    finally:
        over.set()
        writing.join()
        deployment.exec("postgres", "chmod", "750", ARCHIVE)


@contextmanager
def filling(disk: Path) -> Iterator[None]:
    """Half of it at once, the rest bit by bit, nearly until it is full."""
    file, over = disk / "heap", threading.Event()
    one_percent = shutil.disk_usage(disk).total // 100

    def fill() -> None:
        with file.open("wb") as heap:
            heap.write(bytes(55 * one_percent))
            while not over.wait(0.5) and heap.tell() < 90 * one_percent:
                heap.write(bytes(one_percent // 2))
                heap.flush()

    writing = threading.Thread(target=fill)
    writing.start()
    try:
        yield
    finally:
        over.set()
        writing.join()
        file.unlink()


@contextmanager
def small_disk(folder: Path, megabytes: int = DISK_MEGABYTES) -> Iterator[Path]:
    """A disk of its own, made of a file and mounted where everybody may look."""
    image, mount = folder / "disk.img", Path("/var/tmp") / f"contravento-{secrets.token_hex(4)}"
    with image.open("wb") as file:
        file.truncate(megabytes * 1_000_000)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
    mount.mkdir(mode=0o755)
    subprocess.run(["mount", "-o", "loop", image, mount], check=True)
    try:
        yield mount
    finally:
        subprocess.run(["umount", "--lazy", mount], check=True)
        mount.rmdir()


@contextmanager
def dead_mail_server(deployment: Deployment) -> Iterator[None]:
    """Riders sign up meanwhile, and their mails fail; then one mail has its last try."""
    with stopped(deployment, "mail"):
        with deployment.client(certified=False, timeout=30) as client:
            for _ in range(4):
                wait_until(lambda: _signs_up(client), TAKEN_SECONDS, "a sign-up", every=5)
        wait_until(lambda: deployment.psql(LAST_TRY) == "UPDATE 1", 30, "a mail fails")
        yield


def _signs_up(client: httpx.Client) -> bool:
    """Whether it was taken: another trouble may hold changes up."""
    name = f"rider{secrets.token_hex(4)}"
    account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    return client.post("/api/v1/accounts", json=account).is_success


def _sends_a_track(client: httpx.Client, trip_id: str) -> bool:
    """Whether it was taken, as above."""
    file = ("day.gpx", ride(500 + secrets.randbelow(500)))
    sent = client.post(f"/api/v1/trips/{trip_id}/tracks", files={"file": file})
    return sent.status_code == 202


@contextmanager
def stuck_jobs(deployment: Deployment, client: httpx.Client, trip_id: str) -> Iterator[None]:
    """What reads tracks hangs, and more tracks come than the worker takes at once."""
    deployment.exec("worker", "python3", "-c", SIGNAL_POOL.format(signal="SIGSTOP"))
    try:
        for _ in range(7):
            wait_until(lambda: _sends_a_track(client, trip_id), TAKEN_SECONDS, "it is taken")
        yield
    finally:
        deployment.exec("worker", "python3", "-c", SIGNAL_POOL.format(signal="SIGCONT"))


@contextmanager
def riding(client: httpx.Client, paths: tuple[str, ...], *, pause: float) -> Iterator[None]:
    """Riders who do these things in turn, each without waiting for the one before."""
    over = threading.Event()

    def ask(path: str) -> None:
        try:
            if path == CHANGE:
                client.patch(path, json={"bio": secrets.token_hex(8)})
            else:
                client.get(path)
        except httpx.HTTPError:
            return

    def ride_on() -> None:
        turn, asked = 0, []
        while not over.wait(pause):
            asked.append(threading.Thread(target=ask, args=(paths[turn % len(paths)],)))
            asked[-1].start()
            turn += 1
        for each in asked:
            each.join()

    riders = threading.Thread(target=ride_on)
    riders.start()
    try:
        yield
    finally:
        over.set()
        riders.join()
