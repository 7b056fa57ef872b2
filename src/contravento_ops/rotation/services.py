"""Secrets of Redis, Grafana, the mail server and the backups."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from contravento_ops.kit import compose
from contravento_ops.kit.compose import Done, Project
from contravento_ops.kit.errors import CommandError, Exit, StepFailed
from contravento_ops.rotation.strategy import Phase, RotationRequest, Typed, expect

GRAFANA_PORT, ANSWER_SECONDS = 3000, 15
BUSY = 5  # of the backup service's program
REKEY_SECONDS = 3600
SIGN_IN = """
import os, smtplib, sys
host, port = os.environ["SMTP_HOST"], int(os.environ.get("SMTP_PORT") or 587)
tls = os.environ.get("SMTP_TLS") != "false"
kind = smtplib.SMTP_SSL if tls and port == 465 else smtplib.SMTP
with kind(host, port, timeout=15) as server:
    if tls and port != 465:
        server.starttls()
    try:
        server.login(os.environ["SMTP_USER"], sys.stdin.readline().rstrip("\\n"))
    except smtplib.SMTPAuthenticationError:
        sys.exit(5)
"""
NOT_LET_IN = 5


@dataclass
class Redis:
    """Redis takes several passwords of one user; the old one ends with the old container."""

    request: RotationRequest

    def open(self) -> None:
        self._acl(">", self.request.fresh)

    def phases(self) -> Sequence[Phase]:
        return (Phase("the application and Redis itself take it up", self.request.file()),)

    def shut(self) -> None:
        self._acl("<", self.request.fresh)

    def close(self) -> None:
        """It went with the container; one that was not replaced is told so."""
        if self._lets_in(self.request.old):
            self._acl("<", self.request.old)

    def prove(self) -> str:
        expect(self._lets_in(self.request.fresh), "Redis refuses the new password")
        expect(not self._lets_in(self.request.old), "Redis still takes the old password")
        return "Redis takes the new password, and refuses the old one."

    def _acl(self, sign: str, password: str) -> None:
        words = ("exec", "-T", "redis", "redis-cli")
        said = self._say(words, f"ACL SETUSER default {json.dumps(sign + password)}")
        if said.out.strip() != "OK":
            raise StepFailed("Redis does not change its passwords")

    def _lets_in(self, password: str) -> bool:
        """Raises StepFailed where Redis says nothing at all."""
        words = ("exec", "-T", "redis", "env", "-u", "REDISCLI_AUTH", "redis-cli")
        said = self._say(words, f"AUTH {json.dumps(password)}").out.strip()
        expect(said == "OK" or "WRONGPASS" in said, "Redis does not answer")
        return said == "OK"

    def _say(self, words: tuple[str, ...], line: str) -> Done:
        return compose.run(self.request.project.call(*words), said_to_it=f"{line}\n")


@dataclass
class Grafana:
    """Its own database has the password; the file's counts when there is none yet."""

    request: RotationRequest
    url: str = ""

    def open(self) -> None:
        self.url = self.url or _grafana(self.request.project)
        if not self.url:
            return
        if self._ask("GET", "/api/user", self.request.old) != 200:
            raise CommandError(
                "Grafana does not take the password of the environment file: it was changed there."
                " Set the file's line to what it is now; nothing was changed.",
                status=Exit.REFUSED,
            )
        self._change(self.request.old, self.request.fresh)

    def phases(self) -> Sequence[Phase]:
        return (Phase("Grafana takes it up", self.request.file()),)

    def shut(self) -> None:
        if self.url:
            self._change(self.request.fresh, self.request.old)

    def close(self) -> None:
        """It went with the change."""

    def prove(self) -> str:
        if not self.url:
            return "Grafana does not run; it begins with the new password."
        new, old = (
            self._ask("GET", "/api/user", each) for each in (self.request.fresh, self.request.old)
        )
        expect(new == 200, f"Grafana answers {new} to the new password")
        expect(old == 401, f"Grafana answers {old} to the old password")
        return "Grafana takes the new password, and refuses the old one."

    def _change(self, old: str, new: str) -> None:
        body = {"oldPassword": old, "newPassword": new, "confirmNew": new}
        status = self._ask("PUT", "/api/user/password", old, body)
        expect(status == 200, f"Grafana answers {status} to a change of the password")

    def _ask(
        self, method: str, path: str, password: str, body: dict[str, str] | None = None
    ) -> int:
        user = self.request.values.get("GRAFANA_ADMIN_USER", "admin")
        basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/json"}
        content = json.dumps(body).encode() if body else None
        asked = Request(self.url + path, content, headers, method=method)  # noqa: S310
        try:
            with urlopen(asked, timeout=ANSWER_SECONDS) as answer:  # noqa: S310
                return int(answer.status)
        except HTTPError as error:
            return error.code
        except (URLError, HTTPException, OSError) as error:
            raise StepFailed(f"Grafana does not answer: {error}") from error


def _grafana(project: Project) -> str:
    """Where it is published on this host; nothing where it does not run."""
    if "grafana" not in project.services():
        return ""
    ports = [
        published
        for container in project.containers("grafana")
        for _, published, target in container.ports
        if target == GRAFANA_PORT and container.state == "running"
    ]
    return f"http://127.0.0.1:{ports[0]}" if ports else ""


@dataclass
class Mail(Typed):
    """The mail server is asked before and afterwards."""

    def open(self) -> None:
        if not self._lets_in(self.request.fresh):
            raise CommandError(
                "The mail server refuses the new SMTP_PASSWORD; nothing was changed.",
                status=Exit.REFUSED,
            )

    def prove(self) -> str:
        expect(self._lets_in(self.request.fresh), "the mail server refuses the new password")
        if self._lets_in(self.request.old):
            return "The mail server still takes the old password: revoke it there."
        return "The mail server takes the new password, and refuses the old one."

    def _lets_in(self, password: str) -> bool:
        call = self.request.project.call("exec", "-T", "backend", "python3", "-c", SIGN_IN)
        done = compose.run(call, timeout=60, said_to_it=f"{password}\n")
        if done.status not in (0, NOT_LET_IN):
            raise StepFailed(f"the mail server cannot be asked: {done.said.splitlines()[-1:]}")
        return done.ok


@dataclass
class Backups:
    """What was kept is encrypted anew, so that old sets open with the new key and no other."""

    request: RotationRequest

    def open(self) -> None:
        self._take(self.request.old, self.request.fresh)

    def phases(self) -> Sequence[Phase]:
        return (Phase("the backup service takes it up", self.request.file()),)

    def shut(self) -> None:
        self._take(self.request.fresh, self.request.old)

    def close(self) -> None:
        """A set that was taken meanwhile is of the old key still."""
        self._take(self.request.old, self.request.fresh)
        self._say("retire", "")

    def prove(self) -> str:
        self._say("prove", f"{self.request.old}\n")
        return "Every set opens with the new key, and nothing with the old one."

    def _take(self, old: str, new: str) -> None:
        self._say("take", f"{old}\n{new}\n")

    def _say(self, step: str, words: str) -> None:
        call = self.request.project.call(
            "exec", "-T", "backup", "contravento-backup", "rekey", step
        )
        done = compose.run(call, timeout=REKEY_SECONDS, said_to_it=words)
        if done.status == BUSY:
            raise CommandError(
                done.err.strip() or "The backup service is at work.", status=Exit.BUSY
            )
        if not done.ok:
            raise StepFailed(f"the backup service could not: {done.said}")
