"""The service itself: a schedule, a courier, and a door for Prometheus and the health check."""

import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from contravento_backup import metrics
from contravento_backup.kit.errors import BackupFailed, Busy
from contravento_backup.service import Service, now

PORT = 9197
COURIER_SECONDS = 60
LOOK_EVERY_SECONDS = 5
AGAIN_AFTER_SECONDS = 600  # a backup that failed


class Daemon:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.is_open = False
        self.threads = [
            threading.Thread(target=work, name=work.__name__, daemon=True)
            for work in (self.keep_schedule, self.carry)
        ]

    def run(self) -> None:
        """Until told to stop. What is half done then is swept away by the next start."""
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        for thread in self.threads:
            thread.start()
        door = ThreadingHTTPServer(("0.0.0.0", PORT), _door(self))  # noqa: S104
        door.serve_forever()

    @property
    def is_well(self) -> bool:
        return self.is_open and all(thread.is_alive() for thread in self.threads)

    def keep_schedule(self) -> None:
        self._open()
        while True:
            if not self.service.is_due(now()):
                time.sleep(LOOK_EVERY_SECONDS)
                continue
            done = self._attempt(self.service.back_up, "the backup failed")
            time.sleep(LOOK_EVERY_SECONDS if done else AGAIN_AFTER_SECONDS)

    def _open(self) -> None:
        """PostgreSQL may be starting still, or be gone for good."""
        while not self._attempt(self.service.open, "not ready yet"):
            time.sleep(LOOK_EVERY_SECONDS)
        self.is_open = True

    def carry(self) -> None:
        """Files every minute; off-site storage that is away is tried again."""
        opened = False
        while True:
            if self.is_open:
                self._attempt(self.service.collect, "uploaded files were not copied")
                opened = opened or self._attempt(
                    self.service.open_offsite, "the off-site copy cannot begin"
                )
                if opened:
                    self._attempt(self.service.carry, "nothing was carried away")
            time.sleep(COURIER_SECONDS if self.is_open else 1)

    def _attempt(self, work: Any, words: str) -> bool:
        """Whatever goes wrong is said and tried again: a service that is down helps nobody."""
        try:
            work()
        except Busy:
            return True
        except BackupFailed as error:
            self.service.say(f"ERROR: {words}: {error}")
            return False
        except Exception as error:  # noqa: BLE001
            self.service.say(f"ERROR: {words}: {type(error).__name__}: {error}")
            return False
        return True


def _door(daemon: Daemon) -> type[BaseHTTPRequestHandler]:
    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                said = metrics.text(daemon.service.settings, daemon.service.store)
                self._answer(200, said)
            elif self.path == "/health":
                self._answer(200 if daemon.is_well else 503, "ok\n" if daemon.is_well else "no\n")
            else:
                self._answer(404, "There is /metrics and /health.\n")

        def _answer(self, status: int, said: str) -> None:
            body = said.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: Any) -> None:
            """A question is no news."""

    return Door
