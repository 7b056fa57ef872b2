"""A steady stream of requests through nginx while a release is replaced: losses are counted."""

import http.client
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from contravento_ops.kit.site import TIMEOUT_SECONDS, Address
from contravento_ops.release.budget import Answer

PAUSE_SECONDS = 0.15
WRITE_PAUSE_SECONDS = 1.0
UPLOAD_SECONDS = 12
UPLOAD_PIECES = 24
PATHS = ("/", "/health", "/api/v1/feed", "/sign-in", "/map", "/no-such-page")
EXPECTED = {"/no-such-page": (404,), "/sign-in": (200, 303)}  # those who are in are sent on


@dataclass(frozen=True, slots=True)
class Sent:
    """One request and what came of it; `at` is by the monotonic clock."""

    at: float
    kind: str
    answer: Answer
    is_lost: bool


@dataclass
class Stream:
    """Four senders until `stop`: two read, one writes with keys, one uploads slowly."""

    address: Address
    token: str | None = None
    sent: list[Sent] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    uploads: list[str] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        senders: list[Callable[[], None]] = [self._read, self._read_anew]
        if self.token:
            senders += [self._write, self._upload]
        self._threads = [threading.Thread(target=sender, daemon=True) for sender in senders]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """What is under way may finish."""
        self._ended.set()
        for thread in self._threads:
            thread.join(UPLOAD_SECONDS + TIMEOUT_SECONDS)

    def since(self, moment: float) -> list[Answer]:
        """Quick requests begun since then; an upload is slow by intention."""
        return [each.answer for each in self.sent if each.at >= moment and each.kind != "upload"]

    @property
    def lost(self) -> list[Sent]:
        return [each for each in self.sent if each.is_lost]

    @property
    def slowest_seconds(self) -> float:
        return max((each.answer.seconds for each in self.sent if each.kind != "upload"), default=0)

    def unkept(self) -> tuple[list[str], list[str]]:
        """What was acknowledged and cannot be found any more, and what nobody can tell of, since
        the site does not answer. Asks once for each."""
        answers = [self.get(address) for address in (*self.acknowledged, *self.uploads)]
        gone = [answer.path for answer in answers if answer.status in (404, 410)]
        untold = [answer.path for answer in answers if answer.status not in (200, 404, 410)]
        return gone, untold

    def unread(self) -> list[str]:
        """Uploads that no worker has finished with yet."""
        answers = [self.get(address) for address in self.uploads]
        return [
            answer.path
            for answer in answers
            if answer.status != 200 or json.loads(answer.words)["state"] in ("queued", "reading")
        ]

    def get(self, path: str) -> Answer:
        """One request besides the stream, not counted in it."""
        connection = self.address.open()
        began = time.monotonic()
        try:
            connection.request("GET", path, headers=self._headers("GET", None))
            reply = connection.getresponse()
            words = reply.read().decode(errors="replace")
            return Answer(reply.status, time.monotonic() - began, path, words)
        except (OSError, http.client.HTTPException) as error:
            return Answer(0, time.monotonic() - began, path, type(error).__name__)
        finally:
            connection.close()

    def _read(self) -> None:
        """On one connection, as browsers do."""
        connection = self.address.open()
        for path in self._again_and_again(PATHS):
            answer = self._ask("GET", path, EXPECTED.get(path, (200,)), connection, "read")
            if not answer.status:
                connection.close()
                connection = self.address.open()
            self._ended.wait(PAUSE_SECONDS)
        connection.close()

    def _read_anew(self) -> None:
        """On a new connection each, as a rider who comes by."""
        for path in self._again_and_again(PATHS):
            self._ask("GET", path, EXPECTED.get(path, (200,)), None, "read")
            self._ended.wait(PAUSE_SECONDS * 2)

    def _write(self) -> None:
        connection = self.address.open()
        for _ in self._again_and_again(("",)):
            body = json.dumps({"title": "Deployment probe", "audience": "me"}).encode()
            answer = self._ask("POST", "/api/v1/trips", (201,), connection, "write", body)
            if answer.status == 201:
                self.acknowledged.append(f"/api/v1/trips/{json.loads(answer.words)['id']}")
            if not answer.status:
                connection.close()
                connection = self.address.open()
            self._ended.wait(WRITE_PAUSE_SECONDS)
        connection.close()

    def _upload(self) -> None:
        """To the first trip that was acknowledged."""
        for _ in self._again_and_again(("",)):
            if not self.acknowledged:
                self._ended.wait(0.2)
                continue
            path = f"{self.acknowledged[0]}/tracks"
            answer = self._ask("POST", path, (202,), None, "upload")
            if answer.status == 202:
                self.uploads.append(f"/api/v1/tracks/{json.loads(answer.words)['id']}")

    def _again_and_again(self, paths: tuple[str, ...]) -> Iterator[str]:
        while True:
            for path in paths:
                if self._ended.is_set():
                    return
                yield path

    def _ask(
        self,
        method: str,
        path: str,
        expected: tuple[int, ...],
        connection: http.client.HTTPConnection | None,
        kind: str,
        body: bytes | None = None,
    ) -> Answer:
        began = time.monotonic()
        asked = connection or self.address.open()
        try:
            if kind == "upload":
                _send_slowly(asked, path, self._headers(method, None), self._ended)
            else:
                asked.request(method, path, body, self._headers(method, body))
            reply = asked.getresponse()
            words = reply.read().decode(errors="replace")
            answer = Answer(reply.status, time.monotonic() - began, path, words)
        except (OSError, http.client.HTTPException) as error:
            answer = Answer(0, time.monotonic() - began, path, type(error).__name__)
        finally:
            if connection is None:
                asked.close()
        self.sent.append(Sent(began, kind, answer, answer.status not in expected))
        return answer

    def _headers(self, method: str, body: bytes | None) -> dict[str, str]:
        headers = {"Host": self.address.name, "User-Agent": "ContraVento deployment probe"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        elif method == "GET":
            headers["Origin"] = f"https://{self.address.name}"  # the release answers, not nginx
        if method != "GET":
            headers["Idempotency-Key"] = secrets.token_hex(16)
        if body is not None:
            headers["Content-Type"] = "application/json"
        return headers


def _send_slowly(
    connection: http.client.HTTPConnection,
    path: str,
    headers: dict[str, str],
    ended: threading.Event,
) -> None:
    """At the pace of a poor line; once the stream has `ended`, the rest as fast as it goes."""
    boundary = secrets.token_hex(16)
    body = _form(boundary)
    connection.putrequest("POST", path, skip_host=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.putheader("Content-Type", f"multipart/form-data; boundary={boundary}")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders()
    piece = len(body) // UPLOAD_PIECES + 1
    for start in range(0, len(body), piece):
        connection.send(body[start : start + piece])
        ended.wait(UPLOAD_SECONDS / UPLOAD_PIECES)


def _form(boundary: str) -> bytes:
    """A small track, another one each time."""
    begin = secrets.randbelow(1_000_000) / 100_000
    points = "".join(
        f'<trkpt lat="{43 + number / 10_000:.5f}" lon="{begin + number / 10_000:.5f}"/>'
        for number in range(400)
    )
    gpx = (
        '<?xml version="1.0"?><gpx version="1.1" creator="probe"'
        ' xmlns="http://www.topografix.com/GPX/1/1">'
        f"<trk><trkseg>{points}</trkseg></trk></gpx>"
    )
    return (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="probe.gpx"\r\n'
        f"Content-Type: application/gpx+xml\r\n\r\n{gpx}\r\n--{boundary}--\r\n"
    ).encode()
