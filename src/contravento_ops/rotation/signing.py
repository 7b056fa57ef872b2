"""The key that signs access tokens: two of them overlap, so that nobody is signed out."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from contravento_ops.kit.site import Site
from contravento_ops.release import facts
from contravento_ops.release.probe_rider import a_probe
from contravento_ops.rotation.strategy import Phase, RotationRequest, expect

NAME, BEFORE = "SECRET_KEY", "SECRET_KEY_PREVIOUS"
PURPOSE = b"contravento access tokens"  # as the application derives it; a token of ours proves it
SPARE_SECONDS = 5
ASKED = 6  # requests to each question, so that every backend gets some
LIFETIME_MINUTES = 15


@dataclass
class Signing:
    """First everybody learns the new key, then signs with it; when no token of the old one is good
    any more, it is forgotten. Unless it `forgets`, it stays until somebody says `--finish`."""

    request: RotationRequest
    forgets: bool = True
    waits: bool = True

    def open(self) -> None:
        """Both stand in the file."""

    def phases(self) -> Sequence[Phase]:
        learn = Phase("every backend learns the new key", {BEFORE: self.request.fresh})
        sign = Phase(
            "every backend signs with it, and knows the old one",
            {NAME: self.request.fresh, BEFORE: self.request.old},
        )
        return (learn, sign, self.forget()) if self.forgets else (learn, sign)

    def forget(self) -> Phase:
        wait = lifetime_seconds(self.request) + SPARE_SECONDS if self.waits else 0.0
        return Phase("every backend forgets the old key", {BEFORE: ""}, after_seconds=wait)

    def shut(self) -> None:
        """The file says all."""

    def close(self) -> None:
        """It went with the last phase."""

    def prove(self) -> str:
        new, old = (
            asked_with(self.request, self.request.fresh),
            asked_with(self.request, self.request.old),
        )
        expect(new == {200}, f"tokens of the new key are answered with {sorted(new)}")
        if not self.forgets:
            return (
                "Tokens are signed with the new key. The old one is good until the last of its"
                f" tokens has ended: say rotate {NAME} --finish in"
                f" {lifetime_seconds(self.request) / 60:.0f} minutes or later."
            )
        expect(old == {401}, f"tokens of the old key are answered with {sorted(old)}")
        return "Tokens of the new key are taken, and those of the old one are refused."


@dataclass
class Finishing(Signing):
    """What was left to be done."""

    def phases(self) -> Sequence[Phase]:
        return (replace(self.forget(), after_seconds=0.0),)


def lifetime_seconds(request: RotationRequest) -> float:
    return 60.0 * int(request.values.get("ACCESS_TOKEN_EXPIRE_MINUTES", LIFETIME_MINUTES))


def asked_with(request: RotationRequest, secret: str) -> set[int]:
    """How the site answers a rider whose token is signed with this secret, and is good for the
    rest: one that has ended would be refused whatever signed it."""
    with a_probe(request.project) as probe:
        address = facts.address_of_site(request.project, request.values.get("DOMAIN", "localhost"))
        site = Site(address)
        signs_in = {"login": probe.username, "password": probe.password}
        answer = site.post("/api/v1/sessions", signs_in)
        expect(answer.status == 201, f"signing in is answered with {answer.status}")
        claims = _claims(str(answer.json()["access_token"]))
        riding = replace(site, token=signed(claims, secret))
        return {riding.get("/api/v1/me").status for _ in range(ASKED)}


def signed(claims: dict[str, Any], secret: str) -> str:
    """A token as the application makes it: HS256, with the key's id in its head."""
    key = hmac.digest(secret.encode(), PURPOSE, "sha256")
    head = {"alg": "HS256", "kid": hashlib.sha256(key).hexdigest()[:12], "typ": "JWT"}
    now = int(time.time())
    body = {**claims, "iat": now, "exp": now + 300}
    words = b".".join(_encoded(json.dumps(each).encode()) for each in (head, body))
    return (words + b"." + _encoded(hmac.digest(key, words, "sha256"))).decode()


def _claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return found


def _encoded(plain: bytes) -> bytes:
    return base64.urlsafe_b64encode(plain).rstrip(b"=")
