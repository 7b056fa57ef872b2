"""Serves a restored database for a minute, as riders would see it, when the backup service asks.

Nothing of it can be reached but from the drill's network, which has no way out. Between drills it
holds nothing but a port. With `once`, it looks at the database and the files that a restore is
about to make the live ones, and ends.
"""

import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

PORT = 8090
SITE = "http://127.0.0.1:8000"
START_SECONDS = 90
PICTURES = 5
PICTURE = re.compile(r"(/(?:photos/[0-9a-f-]{36}|riders/[^/\"]+/portrait)/[a-z0-9]+\.jpg)")


class Refused(Exception):
    """Why the application does not serve it."""


def examine(question: dict[str, Any]) -> str:
    """The sentence that says what is wrong, or nothing."""
    environment = {**os.environ, **_environment(question)}
    with tempfile.TemporaryFile() as said:
        web = subprocess.Popen(
            ["contravento", "web"],  # noqa: S607
            env=environment,
            stdout=said,
            stderr=said,
        )
        try:
            _await(web)
            _look_around()
        except Refused as refused:
            said.seek(0)
            return f"{refused} Its last words: {_last_words(said.read())}"
        finally:
            web.terminate()
            web.wait(30)
    return ""


def _environment(question: dict[str, Any]) -> dict[str, str]:
    """The same role as on a good day; nothing else of it can be reached from here. A restored
    database asks for no password: that of its day may have been changed since."""
    role = os.environ.get("POSTGRES_APP_ROLE", "contravento_app")
    password = quote(os.environ.get("POSTGRES_APP_PASSWORD", ""), safe="")
    address = f"{question['host']}:{question['port']}/{question['database']}"
    return {
        "DATABASE_URL": f"postgresql+asyncpg://{role}:{password}@{address}",
        "DATABASE_POOL_SIZE": "2",
        "STORAGE_URL": f"file://{question['storage']}",
        "SECRET_KEY": secrets.token_urlsafe(96),
        "SMTP_HOST": "nowhere.invalid",
        "SMTP_FROM": "nobody@nowhere.invalid",
    }


def _await(web: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if web.poll() is not None:
            raise Refused(f"It ended with status {web.returncode} at its start.")
        try:
            _get("/health/live")
            return
        except Refused:
            time.sleep(0.25)
    raise Refused(f"It did not answer within {START_SECONDS} s.")


def _look_around() -> None:
    """The feed as a page and as JSON, each of its first pictures, and a trip."""
    page = _get("/").decode(errors="replace")
    feed = json.loads(_get("/api/v1/feed"))
    for path in list(dict.fromkeys(PICTURE.findall(page)))[:PICTURES]:
        if not _get(path).startswith(b"\xff\xd8"):
            raise Refused(f"{path} is no picture.")
    if feed.get("items") and "/trips/" not in page:
        raise Refused("The feed's page shows no trip, although there are some.")


def _get(path: str) -> bytes:
    try:
        with urlopen(Request(SITE + path), timeout=20) as answer:  # noqa: S310
            content: bytes = answer.read()
            return content
    except HTTPError as error:
        raise Refused(f"{path} was answered with status {error.code}.") from error
    except (URLError, OSError) as error:
        raise Refused(f"{path} was not answered ({error}).") from error


def _last_words(said: bytes) -> str:
    lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1][-400:] if lines else "none."


class Door(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """The container's health check."""
        self._answer({"waiting": True})

    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer({"refusal": examine(question)})

    def _answer(self, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: Any) -> None:
        """A request is no news."""


def look_once() -> int:
    """Exit status 1 and a sentence where the application does not serve it."""
    names = ("host", "port", "database", "storage")
    refusal = examine({name: os.environ[f"LOOK_AT_{name.upper()}"] for name in names})
    sys.stderr.write(f"{refusal}\n" if refusal else "")
    return int(bool(refusal))


if __name__ == "__main__":
    if sys.argv[1:] == ["once"]:
        sys.exit(look_once())
    sys.stdout.write("drill: waits for a restored database.\n")
    HTTPServer(("0.0.0.0", PORT), Door).serve_forever()  # noqa: S104
