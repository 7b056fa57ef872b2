"""Rate limits on sign-ins and mail requests, the same for forms and JSON."""

from contravento.accounts import rules
from contravento.kit.errors import TooManyRequests
from contravento.kit.security.rate_limit import Limiter
from contravento.kit.telemetry import metrics


async def count_sign_in(limiter: Limiter, login: str, address: str) -> None:
    """Before a password is looked at. Raises TooManyRequests."""
    try:
        await limiter.count(rules.SIGN_IN_LIMIT_PER_ADDRESS, "sign-in", address)
        await limiter.count(rules.SIGN_IN_LIMIT, "sign-in", _plain(login), address)
    except TooManyRequests:
        metrics.SIGN_INS.labels("limited").inc()
        raise


async def forget_sign_in(limiter: Limiter, login: str, address: str) -> None:
    """After a right password the wrong ones before it no longer count."""
    await limiter.forget(rules.SIGN_IN_LIMIT, "sign-in", _plain(login), address)


async def count_password_check(limiter: Limiter, username: str) -> None:
    """Before a rider who is signed in proves it once more. Raises TooManyRequests."""
    await limiter.count(rules.SIGN_IN_LIMIT, "password", _plain(username))


async def count_sign_up(limiter: Limiter, address: str) -> None:
    await limiter.count(rules.SIGN_UP_LIMIT, "sign-up", address)


async def count_mail(limiter: Limiter, email: str, address: str) -> None:
    """Whether or not there is an account with it, so that the count tells nothing."""
    await limiter.count(rules.SIGN_UP_LIMIT, "mail", address)
    await limiter.count(rules.MAIL_LIMIT, "mail", _plain(email))


def _plain(login: str) -> str:
    return login.strip().lower()
