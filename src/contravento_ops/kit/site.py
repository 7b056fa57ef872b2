"""The site, asked from outside: through nginx, by its name, over TLS where it has TLS."""

import http.client
import json
import secrets
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contravento_ops.kit.check_result import CheckFailed, Inconclusive

AGENT = "ContraVento check"
READY_SECONDS = 60
TIMEOUT_SECONDS = 30
LOOK_EVERY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Address:
    """Where nginx is reached from this host, and the name that it answers to."""

    host: str
    port: int
    name: str
    is_https: bool

    def open(self) -> http.client.HTTPConnection:
        """The certificate is looked at elsewhere; here it may still be the self-signed one."""
        if not self.is_https:
            return http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_SECONDS)
        return _NamedHttps(self)


class _NamedHttps(http.client.HTTPSConnection):
    """Connects to the address and asks for the name."""

    def __init__(self, address: Address) -> None:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        super().__init__(address.name, address.port, timeout=TIMEOUT_SECONDS, context=context)
        self._address, self._tls = address, context

    def connect(self) -> None:
        plain = socket.create_connection((self._address.host, self._address.port), TIMEOUT_SECONDS)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self._address.name)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    seconds: float

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            raise CheckFailed(f"an answer with status {self.status} is no JSON") from None

    def expect(self, *statuses: int, what: str) -> "Answer":
        """Raises CheckFailed with what was answered instead."""
        if self.status not in statuses:
            said = {"answered": self.text[:300]}
            raise CheckFailed(f"{what} was answered with {self.status}", said)
        return self


@dataclass(frozen=True, slots=True)
class File:
    name: str
    kind: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Site:
    """Whoever's certificate it is: one box judges that, the others are about other things."""

    address: Address
    token: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{'https' if self.address.is_https else 'http'}://{self.address.name}"

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, content: object = None) -> Answer:
        return self.send("POST", path, content)

    def send(self, method: str, path: str, content: object = None) -> Answer:
        body = None if content is None else json.dumps(content).encode()
        return self.ask(method, path, body, {"Content-Type": "application/json"} if body else {})

    def upload(self, method: str, path: str, file: File) -> Answer:
        boundary = secrets.token_hex(16)
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file";'
            f' filename="{file.name}"\r\nContent-Type: {file.kind}\r\n\r\n'
        )
        body = head.encode() + file.content + f"\r\n--{boundary}--\r\n".encode()
        kind = f"multipart/form-data; boundary={boundary}"
        return self.ask(method, path, body, {"Content-Type": kind})

    def until_ready(self, path: str) -> Any:
        """What the worker made of an upload. Raises CheckFailed where it made nothing of it."""
        until = time.monotonic() + READY_SECONDS
        while True:
            found = self.get(path).expect(200, what=path).json()
            if found["state"] == "ready":
                return found
            if found["state"] not in ("queued", "reading", "received", "shrinking"):
                raise CheckFailed(f"the worker refused the file: {found.get('refusal')}")
            if time.monotonic() > until:
                raise CheckFailed(f"the worker made nothing of the file within {READY_SECONDS} s")
            time.sleep(LOOK_EVERY_SECONDS)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Raises Inconclusive where nothing answers."""
        connection, began = self.address.open(), time.monotonic()
        try:
            connection.request(method, path, body, {**self._always(method), **(headers or {})})
            reply = connection.getresponse()
            content = reply.read()
        except (OSError, http.client.HTTPException) as error:
            raise Inconclusive(f"{self.url}{path} does not answer: {error}") from error
        finally:
            connection.close()
        told = {name.lower(): value for name, value in reply.getheaders()}
        return Answer(reply.status, told, content, time.monotonic() - began)

    def _always(self, method: str) -> dict[str, str]:
        told = {"Host": self.address.name, "User-Agent": AGENT, **self.headers}
        if self.token:
            told["Authorization"] = f"Bearer {self.token}"
        elif method in ("GET", "HEAD"):
            told["Origin"] = self.url  # the application shall answer, not what nginx keeps
        if method not in ("GET", "HEAD", "OPTIONS"):
            told["Idempotency-Key"] = secrets.token_hex(16)
            told["Sec-Fetch-Site"] = "same-origin"
        return told
