"""How long after an upload a track or photo is ready, and whether others wait meanwhile."""

import threading
import time
from dataclasses import dataclass

import httpx
import psutil
import psycopg

from contravento.accounts.service.profile import PERSONAL_TOKEN_PREFIX
from contravento.kit.database.session import libpq_url
from contravento.kit.security.tokens import digest, new_token

LOOK_EVERY_SECONDS = 0.01
GIVE_UP_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Upload:
    """Seconds from the answer to the upload until ready; CPU seconds of the worker and its
    processes; the slowest /health of another client meanwhile, in milliseconds."""

    seconds: float
    cpu_seconds: float
    slowest_health: float


def make_token(url: str) -> str:
    """A rider's personal token, written straight into the benchmark's own database."""
    token = PERSONAL_TOKEN_PREFIX + new_token()
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO personal_tokens (rider_id, digest, name, scopes)"
            " SELECT id, %s, 'bench', ARRAY['read', 'write'] FROM riders LIMIT 1",
            (digest(token),),
        )
    return token


def upload(
    port: int, worker: int, token: str, *, noun: str, file_name: str, content: bytes
) -> Upload:
    address = f"http://127.0.0.1:{port}"
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=address, headers=headers, timeout=60) as client:
        trip = client.post("/api/v1/trips", json={"title": "bench"}).raise_for_status().json()["id"]
        with _health_watched(address) as slowest:
            cpu = _cpu_seconds(worker)
            answer = client.post(
                f"/api/v1/trips/{trip}/{noun}", files={"file": (file_name, content)}
            ).raise_for_status()
            started = time.perf_counter()
            _wait_until_ready(client, f"/api/v1/trips/{trip}/{noun}", answer.json()["id"])
            seconds = time.perf_counter() - started
            return Upload(seconds, _cpu_seconds(worker) - cpu, slowest())


def _wait_until_ready(client: httpx.Client, path: str, wanted: str) -> None:
    until = time.monotonic() + GIVE_UP_SECONDS
    while time.monotonic() < until:
        items = client.get(path).raise_for_status().json()["items"]
        if any(item["id"] == wanted and item["state"] == "ready" for item in items):
            return
        time.sleep(LOOK_EVERY_SECONDS)
    raise TimeoutError(f"{path} never became ready")


def _cpu_seconds(worker: int) -> float:
    family = psutil.Process(worker)
    times = [each.cpu_times() for each in (family, *family.children(recursive=True))]
    return sum(time_.user + time_.system for time_ in times)


class _health_watched:  # noqa: N801  (read as a word in `with`)
    """Asks for /health all the time from a thread; call it for the slowest answer yet."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._slowest = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "_health_watched":
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._done.set()
        self._thread.join()

    def __call__(self) -> float:
        return self._slowest

    def _watch(self) -> None:
        with httpx.Client(base_url=self._address, timeout=30) as client:
            client.get("/health")
            while not self._done.is_set():
                started = time.perf_counter()
                client.get("/health").raise_for_status()
                self._slowest = max(self._slowest, (time.perf_counter() - started) * 1000)
                time.sleep(LOOK_EVERY_SECONDS)
