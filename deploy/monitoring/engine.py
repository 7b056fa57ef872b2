"""The Docker engine over its socket: only what is asked for, and only by GET."""

import contextlib
import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import quote, urlencode

SOCKET = "/var/run/docker.sock"
ANSWER_SECONDS = 8
PROJECT = "com.docker.compose.project"


class Engine:
    """Each request has a connection of its own, so that several may be under way."""

    def __init__(self, path: str = SOCKET) -> None:
        self.path = path

    def own_project(self) -> str:
        """The Compose project that this container belongs to. Its host name is its id."""
        labels: dict[str, str] = self.inspect(socket.gethostname())["Config"]["Labels"]
        return labels[PROJECT]

    def containers(self, project: str) -> list[dict[str, Any]]:
        """Running or not, without those of `docker compose run`."""
        chosen = json.dumps({"label": [f"{PROJECT}={project}", "com.docker.compose.oneoff=False"]})
        found: list[dict[str, Any]] = self._get("/containers/json", all="true", filters=chosen)
        return found

    def inspect(self, container: str) -> dict[str, Any]:
        found: dict[str, Any] = self._get(f"/containers/{quote(container)}/json")
        return found

    def stats(self, container: str) -> dict[str, Any]:
        """Of this moment; `one-shot` spares the second that a percentage would need."""
        words = {"stream": "false", "one-shot": "true"}
        found: dict[str, Any] = self._get(f"/containers/{quote(container)}/stats", **words)
        return found

    def kills(self, project: str, since: float) -> Iterator[tuple[float, dict[str, str]]]:
        """When a container ran out of memory, and its labels; ends when the engine does."""
        chosen = json.dumps(
            {"type": ["container"], "event": ["oom"], "label": [f"{PROJECT}={project}"]}
        )
        asked = {"filters": chosen, "since": f"{since:.9f}"}
        with contextlib.closing(self._connect(timeout=None)) as connection:
            for line in self._answer(connection, "/events", asked):
                event: dict[str, Any] = json.loads(line)
                yield event["timeNano"] / 1e9, event["Actor"]["Attributes"]

    def _get(self, path: str, **asked: str) -> Any:
        with contextlib.closing(self._connect(timeout=ANSWER_SECONDS)) as connection:
            return json.loads(self._answer(connection, path, asked).read())

    def _answer(self, connection: HTTPConnection, path: str, asked: dict[str, str]) -> HTTPResponse:
        connection.request("GET", f"{path}?{urlencode(asked)}", headers={"Host": "docker"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise OSError(f"the engine answers {answer.status} for {path}")
        return answer

    def _connect(self, timeout: float | None) -> HTTPConnection:
        plain = socket.socket(socket.AF_UNIX)
        try:
            plain.settimeout(timeout)
            plain.connect(self.path)
        except OSError:
            plain.close()
            raise
        connection = HTTPConnection("docker", timeout=timeout)
        connection.sock = plain
        return connection
