"""Where the confirming mail arrives: the environment's own catcher, or an inbox that is set."""

import json
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import closing, contextmanager
from http.client import HTTPException
from threading import Thread
from urllib.error import URLError
from urllib.request import urlopen

from contravento_ops.acceptance.tools import imap
from contravento_ops.environment.variables.variable import CATCHER
from contravento_ops.kit import compose
from contravento_ops.kit.certificate_authorities import trusted
from contravento_ops.kit.check_result import CheckFailed, Inconclusive
from contravento_ops.kit.compose import Project

ARRIVES_SECONDS = 30
LOOK_EVERY_SECONDS = 0.5
LAST_LOOK_SECONDS = 5
LINK = re.compile(r"https?://[^\s\"<>]*/confirm/([\w.-]+)")
CAUGHT = (
    "import urllib.request as r, sys;"
    " sys.stdout.write(r.urlopen('http://127.0.0.1:8025/mails.json', timeout=5).read().decode())"
)

type Look = Callable[[str], list[str]]


def address_for(name: str, values: Mapping[str, str]) -> str:
    """`CHECK_MAIL_TO` with the rider's name as its extension; the catcher takes any.

    Raises Inconclusive where the mail would be held back, or nobody could read it."""
    wanted, is_caught = values.get("CHECK_MAIL_TO", ""), values.get("SMTP_HOST") == CATCHER
    if not is_caught and not (wanted and values.get("CHECK_INBOX_URL")):
        raise Inconclusive(
            "mail goes to a real server: set CHECK_MAIL_TO and CHECK_INBOX_URL to an inbox that"
            " can be read, or SMTP_HOST to the catcher"
        )
    allowed = [part.strip() for part in values.get("MAIL_ALLOW_LIST", "").split(",")]
    local, _, domain = wanted.rpartition("@")
    if not wanted:
        return f"{name}@{allowed[0].rpartition('@')[2] or 'example.org'}"
    if any(allowed) and f"@{domain}".lower() not in [each.lower() for each in allowed]:
        raise Inconclusive(
            f"MAIL_ALLOW_LIST holds back what the check has written to {local}+…@{domain}:"
            f" add @{domain} to it"
        )
    return f"{local}+{name}@{domain}"


def token_for(address: str, project: Project, values: Mapping[str, str]) -> tuple[str, float]:
    """Of the link in the mail, and how many seconds it took. Raises CheckFailed if none comes."""

    def wait() -> tuple[str, float]:
        with _looking(project, values) as look:
            return _wait(look, address)

    return _within(ARRIVES_SECONDS + LAST_LOOK_SECONDS, wait)


def _wait(look: Look, address: str) -> tuple[str, float]:
    began = time.monotonic()
    while time.monotonic() - began < ARRIVES_SECONDS:
        for text in look(address):
            if found := LINK.search(text):
                return found[1], time.monotonic() - began
        time.sleep(LOOK_EVERY_SECONDS)
    raise CheckFailed(f"no mail arrived within {ARRIVES_SECONDS} s", {"to": address})


def _within[T](seconds: float, work: Callable[[], T]) -> T:
    """What it comes to. Raises Inconclusive where a server keeps it waiting, and leaves it behind:
    no limit of a connection's own holds against a server that sends a little now and then."""
    ended: Future[T] = Future()

    def run() -> None:
        try:
            ended.set_result(work())
        except Exception as error:  # noqa: BLE001  (it is raised where it is waited for)
            ended.set_exception(error)

    Thread(target=run, daemon=True).start()
    try:
        return ended.result(timeout=seconds)
    except TimeoutError:
        raise Inconclusive(f"the inbox keeps us waiting for more than {seconds:.0f} s") from None


@contextmanager
def _looking(project: Project, values: Mapping[str, str]) -> Iterator[Look]:
    url = values.get("CHECK_INBOX_URL", "")
    if url.startswith("imaps://"):
        with closing(imap.Inbox(imap.account(url), trusted(project, values))) as inbox:
            yield inbox.mails_to
    elif url:
        trust = trusted(project, values)
        yield lambda address: mails_to(address, _fetch(url, trust))
    else:
        yield lambda address: mails_to(address, _caught(project))


def mails_to(address: str, mails: str) -> list[str]:
    """From a list as the catcher has it: objects with `to` and `text`."""
    try:
        return [mail["text"] for mail in json.loads(mails) if address in mail["to"]]
    except (ValueError, KeyError, TypeError) as error:
        raise Inconclusive(f"the inbox answers otherwise than the catcher does: {error}") from error


def _caught(project: Project) -> str:
    done = compose.run(project.call("exec", "-T", "mail", "python3", "-c", CAUGHT))
    if not done.ok:
        raise Inconclusive(f"the service mail cannot be asked: {done.said}")
    return done.out


def _fetch(url: str, trust: ssl.SSLContext) -> str:
    try:
        with urlopen(url, timeout=10, context=trust) as answer:  # noqa: S310  (http: validated)
            return str(answer.read().decode())
    except (URLError, HTTPException, OSError) as error:
        raise Inconclusive(f"CHECK_INBOX_URL does not answer: {error}") from error
