"""Counting tries at passwords and requests for mail, the same for forms and for JSON.

Who comes from a device on which the account was signed in before is counted apart: strangers who
use up an account's tries do not lock its owner out.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from contravento.accounts import rules
from contravento.accounts.errors import WrongCredentials
from contravento.accounts.rules import plain_login
from contravento.kit.errors import TooManyRequests
from contravento.kit.security.rate_limit import Limiter
from contravento.kit.telemetry import metrics


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who tries: from which network, and on which device, where the account knows it."""

    network: str
    device: str | None = None

    @property
    def origin(self) -> str:
        return f"device {self.device}" if self.device else self.network


@asynccontextmanager
async def signing_in(limiter: Limiter, login: str, visitor: Visitor) -> AsyncIterator[None]:
    """Around looking at a password. Raises TooManyRequests before; a wrong one counts, and after a
    right one the wrong ones from there no longer do."""
    await _count_sign_in(limiter, login, visitor)
    try:
        yield
    except WrongCredentials:
        if not visitor.device:
            await limiter.note(
                rules.SIGN_IN_LIMIT_PER_ACCOUNT, "sign-in account", plain_login(login)
            )
        raise
    await limiter.forget(rules.SIGN_IN_LIMIT, "sign-in", plain_login(login), visitor.origin)


async def _count_sign_in(limiter: Limiter, login: str, visitor: Visitor) -> None:
    plain = plain_login(login)
    try:
        await limiter.count(rules.SIGN_IN_LIMIT_PER_ADDRESS, "sign-in", visitor.network)
        await limiter.count(rules.SIGN_IN_LIMIT, "sign-in", plain, visitor.origin)
        if not visitor.device:
            await limiter.check(rules.SIGN_IN_LIMIT_PER_ACCOUNT, "sign-in account", plain)
    except TooManyRequests:
        metrics.SIGN_INS.labels("limited").inc()
        raise


async def count_password_check(limiter: Limiter, username: str) -> None:
    """Before a rider who is signed in proves it once more. Raises TooManyRequests."""
    await limiter.count(rules.SIGN_IN_LIMIT, "password", plain_login(username))


async def count_confirmation(limiter: Limiter, token: str) -> None:
    """Before the password is looked at that goes with a mailed link."""
    await limiter.count(rules.SIGN_IN_LIMIT, "confirmation", token)


async def count_sign_up(limiter: Limiter, email: str, network: str) -> None:
    await limiter.count(rules.SIGN_UP_LIMIT, "sign-up", network)
    await limiter.count(rules.MAIL_LIMIT_PER_ACCOUNT, "sign-up mail", plain_login(email))


async def count_mail(limiter: Limiter, login: str, visitor: Visitor) -> None:
    """Whether or not there is an account with it, so that the count tells nothing."""
    plain = plain_login(login)
    await limiter.count(rules.SIGN_UP_LIMIT, "mail", visitor.network)
    await limiter.count(rules.MAIL_LIMIT, "mail", plain, visitor.origin)
    if not visitor.device:
        await limiter.count(rules.MAIL_LIMIT_PER_ACCOUNT, "mail", plain)
