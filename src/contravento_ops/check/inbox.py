"""Where the confirming mail arrives: the environment's own catcher, or an inbox that is set."""

import imaplib
import json
import re
import time
from collections.abc import Callable, Mapping
from email import message_from_bytes, policy
from http.client import HTTPException
from urllib.error import URLError
from urllib.parse import unquote, urlsplit
from urllib.request import urlopen

from contravento_ops.check.evidence import CannotTell, NotGood
from contravento_ops.environment.variable import CATCHER
from contravento_ops.kit import compose
from contravento_ops.kit.compose import Project

ARRIVES_SECONDS = 30
LOOK_EVERY_SECONDS = 0.5
LINK = re.compile(r"https?://[^\s\"<>]*/confirm/([\w.-]+)")
CAUGHT = (
    "import urllib.request as r, sys;"
    " sys.stdout.write(r.urlopen('http://127.0.0.1:8025/mails.json', timeout=5).read().decode())"
)

type Look = Callable[[str], list[str]]


def address_for(name: str, values: Mapping[str, str]) -> str:
    """`CHECK_MAIL_TO` with the rider's name as its extension; the catcher takes any."""
    wanted = values.get("CHECK_MAIL_TO", "")
    if wanted:
        local, _, domain = wanted.rpartition("@")
        return f"{local}+{name}@{domain}"
    if values.get("SMTP_HOST") != CATCHER:
        raise CannotTell(
            "mail goes to a real server: set CHECK_MAIL_TO and CHECK_INBOX_URL to an inbox that"
            " can be read, or SMTP_HOST to the catcher"
        )
    allowed = values.get("MAIL_ALLOW_LIST", "").split(",")[0].strip()
    return f"{name}@{allowed.rpartition('@')[2] or 'example.org'}"


def token_for(address: str, project: Project, values: Mapping[str, str]) -> tuple[str, float]:
    """Of the link in the mail, and how many seconds it took. Raises NotGood if none comes."""
    look, began = _look(project, values), time.monotonic()
    while time.monotonic() - began < ARRIVES_SECONDS:
        for text in look(address):
            if found := LINK.search(text):
                return found[1], time.monotonic() - began
        time.sleep(LOOK_EVERY_SECONDS)
    raise NotGood(f"no mail arrived within {ARRIVES_SECONDS} s", {"to": address})


def _look(project: Project, values: Mapping[str, str]) -> Look:
    url = values.get("CHECK_INBOX_URL", "")
    if url.startswith("imaps://"):
        return lambda address: by_imap(url, address)
    if url:
        return lambda address: mails_to(address, _fetch(url))
    return lambda address: mails_to(address, _caught(project))


def mails_to(address: str, mails: str) -> list[str]:
    """From a list as the catcher has it: objects with `to` and `text`."""
    try:
        return [each["text"] for each in json.loads(mails) if address in each["to"]]
    except (ValueError, KeyError, TypeError) as error:
        raise CannotTell(f"the inbox answers otherwise than the catcher does: {error}") from error


def _caught(project: Project) -> str:
    done = compose.run(project.call("exec", "-T", "mail", "python3", "-c", CAUGHT))
    if not done.ok:
        raise CannotTell(f"the service mail cannot be asked: {done.said}")
    return done.out


def _fetch(url: str) -> str:
    try:
        with urlopen(url, timeout=10) as answer:  # noqa: S310  (http or https: validated)
            return str(answer.read().decode())
    except (URLError, HTTPException, OSError) as error:
        raise CannotTell(f"CHECK_INBOX_URL does not answer: {error}") from error


def by_imap(url: str, address: str) -> list[str]:
    """`imaps://user:password@host/folder`; what is found there is left as it is."""
    parts = urlsplit(url)
    try:
        with imaplib.IMAP4_SSL(parts.hostname or "", parts.port or 993, timeout=15) as inbox:
            inbox.login(unquote(parts.username or ""), unquote(parts.password or ""))
            inbox.select(parts.path.strip("/") or "INBOX", readonly=True)
            _, numbers = inbox.search(None, "TO", f'"{address}"')
            return [_words(inbox, each) for each in numbers[0].split()]
    except (imaplib.IMAP4.error, OSError) as error:
        raise CannotTell(f"CHECK_INBOX_URL does not let us in: {error}") from error


def _words(inbox: imaplib.IMAP4_SSL, number: bytes) -> str:
    _, found = inbox.fetch(number.decode(), "(BODY.PEEK[])")
    raw = next((part[1] for part in found if isinstance(part, tuple)), b"")
    body = message_from_bytes(raw, policy=policy.default).get_body(("plain", "html"))
    return str(body.get_content()) if body else ""
