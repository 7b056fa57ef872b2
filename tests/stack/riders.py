"""Riders of a deployment: signed up, confirmed by the mail that came, signed in."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.stack.deployment import Deployment, wait_until
from tests.stack.docker import PATIENT_SECONDS

PASSWORD = "Wind-from-the-west-7"
MAIL_SECONDS = 30
PATIENCE_SECONDS = 60
COUNTS = "1"  # where the application counts tries, in Redis


@contextmanager
def at_the_door(deployment: Deployment) -> Iterator[httpx.Client]:
    with deployment.client(timeout=30) as client:
        yield client


def sign_up(deployment: Deployment, client: httpx.Client) -> str:
    """A new rider's name. From here on the client signs every request."""
    forget_tries(deployment)
    name = f"rider{secrets.token_hex(4)}"
    account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    created = _post(client, "/api/v1/accounts", account)
    assert created.status_code == 201, created.text
    token = confirmation(deployment, account["email"])
    confirmed = _post(client, "/api/v1/accounts/verification", {"token": token})
    assert confirmed.status_code == 204, confirmed.text
    granted = _post(client, "/api/v1/sessions", {"login": name, "password": PASSWORD})
    assert granted.status_code == 201, granted.text
    client.headers["Authorization"] = f"Bearer {granted.json()['access_token']}"
    return name


def forget_tries(deployment: Deployment) -> None:
    """The application's counts: all tests of a deployment come from one address."""
    deployment.shell("redis", f"redis-cli -n {COUNTS} flushdb")


def _post(client: httpx.Client, path: str, sent: dict[str, str]) -> httpx.Response:
    """The answer; where nginx has had too many tries of late, after it takes some again."""
    answers: list[httpx.Response] = []

    def is_let_in() -> bool:
        answers.append(client.post(path, json=sent))
        return answers[-1].status_code != 429

    wait_until(is_let_in, PATIENCE_SECONDS, f"{path} takes a try", every=1)
    return answers[-1]


def confirmation(deployment: Deployment, email: str) -> str:
    """The token of the mail that the catcher got."""
    found: list[str] = []

    def look() -> bool:
        mailbox = f"http://127.0.0.1:{deployment.port('MAIL')}/mails.json"
        mails = httpx.get(mailbox, timeout=PATIENT_SECONDS).json()
        for mail in mails:
            if email in mail["to"]:
                found.extend(re.findall(r"/confirm/([\w.-]+)", mail["text"]))
        return bool(found)

    wait_until(look, MAIL_SECONDS, "the confirmation mail arrives")
    return found[0]
