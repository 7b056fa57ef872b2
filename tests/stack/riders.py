"""Riders of a deployment: signed up, confirmed by the mail that came, signed in."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.stack.deployment import Deployment, wait_until

PASSWORD = "Wind-from-the-west-7"
MAIL_SECONDS = 30


@contextmanager
def at_the_door(deployment: Deployment) -> Iterator[httpx.Client]:
    with deployment.client(timeout=30) as client:
        yield client


def sign_up(deployment: Deployment, client: httpx.Client) -> str:
    """A new rider's name. From here on the client signs every request."""
    name = f"rider{secrets.token_hex(4)}"
    account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    created = client.post("/api/v1/accounts", json=account)
    assert created.status_code == 201, created.text
    token = confirmation(deployment, account["email"])
    confirmed = client.post("/api/v1/accounts/verification", json={"token": token})
    assert confirmed.status_code == 204, confirmed.text
    granted = client.post("/api/v1/sessions", json={"login": name, "password": PASSWORD})
    assert granted.status_code == 201, granted.text
    client.headers["Authorization"] = f"Bearer {granted.json()['access_token']}"
    return name


def confirmation(deployment: Deployment, email: str) -> str:
    """The token of the mail that the catcher got."""
    found: list[str] = []

    def look() -> bool:
        mails = httpx.get(f"http://127.0.0.1:{deployment.port('MAIL')}/mails.json").json()
        for mail in mails:
            if email in mail["to"]:
                found.extend(re.findall(r"/confirm/([\w.-]+)", mail["text"]))
        return bool(found)

    wait_until(look, MAIL_SECONDS, "the confirmation mail arrives")
    return found[0]
