"""A real mail server, Dovecot: mails are delivered to it by LMTP, and read by IMAP over TLS."""

import smtplib
import subprocess
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

from tests.stack.deployment import free_port, wait_until
from tests.stack.docker import ROOT, docker
from tests.support.certified import write_certificate

IMAGE = "contravento-test-imap:1"
USER = "qa@example.org"
PASSWORD = 'p@ss/w:#?&+ ñ%41"\\'
OTHER = "other@example.org"
PASSWORDS = {USER: PASSWORD, OTHER: PASSWORD.replace("ñ", "n")}
UP_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Postbox:
    name: str
    imaps: int
    lmtp: int
    certificate: Path

    def values(
        self, *, user: str = USER, password: str = "", folder: str = "INBOX"
    ) -> Mapping[str, str]:
        """What a host sets to have it read."""
        who = f"{quote(user, safe='')}:{quote(password or PASSWORDS[user], safe='')}"
        return {
            "SMTP_HOST": "smtp.example.org",
            "CHECK_MAIL_TO": USER,
            "CHECK_INBOX_URL": f"imaps://{who}@127.0.0.1:{self.imaps}/{quote(folder)}",
            "ACME_CA_BUNDLE": str(self.certificate),
        }

    def deliver(self, mail: EmailMessage, to: str) -> None:
        with smtplib.LMTP("127.0.0.1", self.lmtp) as server:
            server.send_message(mail, to_addrs=[to])

    def admin(self, *words: str, said: bytes | None = None) -> str:
        """`doveadm`."""
        call = ["docker", "exec", "--interactive", self.name, "doveadm", *words]
        done = subprocess.run(call, input=said, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()


@contextmanager
def a_postbox(folder: Path) -> Iterator[Postbox]:
    docker("build", "--quiet", "--tag", IMAGE, str(ROOT / "tests" / "stack" / "imap"))
    folder.mkdir(exist_ok=True)
    certificate = write_certificate(folder)
    lines = (
        f"{user}:{{PLAIN.b64}}{b64encode(password.encode()).decode()}\n"
        for user, password in PASSWORDS.items()
    )
    (folder / "users").write_text("".join(lines))
    folder.chmod(0o755)
    (folder / "users").chmod(0o644)
    imaps, lmtp = free_port(), free_port()
    name = docker(
        *("run", "--detach", "--rm", "--volume", f"{folder}:/etc/contravento:ro"),
        *("--publish", f"127.0.0.1:{imaps}:993", "--publish", f"127.0.0.1:{lmtp}:24", IMAGE),
    )
    try:
        postbox = Postbox(name, imaps, lmtp, certificate)
        wait_until(lambda: _takes_mail(postbox), UP_SECONDS, "Dovecot answers")
        yield postbox
    finally:
        docker("rm", "--force", name)


def _takes_mail(postbox: Postbox) -> bool:
    try:
        with smtplib.LMTP("127.0.0.1", postbox.lmtp) as server:
            return server.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False
