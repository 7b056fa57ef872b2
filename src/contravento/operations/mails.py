"""A test mail to an administrator, and an explanation of how it went."""

import asyncio
import logging
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field

import aiosmtplib

from contravento.accounts.models import Rider
from contravento.kit.i18n.catalogue import translate
from contravento.kit.i18n.marks import N_
from contravento.kit.mail import AllowedOnly, Mail
from contravento.kit.resources import Resources
from contravento.kit.security.rate_limit import Limiter
from contravento.kit.settings import Settings
from contravento.kit.telemetry.redaction import redact
from contravento.operations.rules import MAIL_TEST_LIMIT, MAIL_TEST_SECONDS, MAX_MISHAP_CHARACTERS

_SUBJECT = N_("A test from %(site)s")
_TEXT = N_(
    "Hello %(name)s,\n\nthis is the mail that you asked for on the operator's page of %(address)s."
    " Mail from there reaches you.\n"
)

SENT = N_("The mail server took the mail for you. It should be with you shortly.")
KEPT = N_("This server keeps its mails: the mail was written to MAIL_FOLDER.")
HELD_BACK = N_("The mail was held back: MAIL_ALLOW_LIST names neither your address nor its domain.")
SILENT = N_("%(host)s did not answer in time. Is SMTP_PORT right, and may this server reach it?")
UNREACHABLE = N_("%(host)s could not be reached. Look at SMTP_HOST and SMTP_PORT.")
UNTRUSTED = N_("The certificate of %(host)s is not trusted, so nothing was sent.")
UNENCRYPTED = N_("%(host)s and we could not agree on encryption. Look at SMTP_TLS and SMTP_PORT.")
WRONG_LOGIN = N_("%(host)s did not accept SMTP_USER with SMTP_PASSWORD.")
WRONG_SENDER = N_("%(host)s does not let us send as SMTP_FROM.")
WRONG_RECIPIENT = N_("%(host)s does not take mail for your address.")
REFUSED = N_("%(host)s refused the mail.")
BROKEN_OFF = N_("%(host)s broke the conversation off.")
OTHERWISE = N_("The mail could not be sent.")

# The first that fits counts.
_BY_KIND: tuple[tuple[type[Exception], str], ...] = (
    (ssl.SSLCertVerificationError, UNTRUSTED),
    (ssl.SSLError, UNENCRYPTED),
    (aiosmtplib.SMTPAuthenticationError, WRONG_LOGIN),
    (aiosmtplib.SMTPSenderRefused, WRONG_SENDER),
    (aiosmtplib.SMTPRecipientRefused, WRONG_RECIPIENT),
    (aiosmtplib.SMTPResponseException, REFUSED),
    (TimeoutError, SILENT),
    (aiosmtplib.SMTPServerDisconnected, BROKEN_OFF),
    (aiosmtplib.SMTPConnectError, UNREACHABLE),
    (OSError, UNREACHABLE),
    (aiosmtplib.SMTPException, UNENCRYPTED),  # what is left: it offers no STARTTLS, or no login
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MailOutcome:
    """What came of a test mail; `said` is the mail server's own answer."""

    is_sent: bool
    sentence: str
    params: dict[str, object] = field(default_factory=dict)
    said: str = ""


async def count_test_mail(limiter: Limiter, rider: Rider) -> None:
    """Raises TooManyRequests."""
    await limiter.count(MAIL_TEST_LIMIT, "mail-test", str(rider.id))


async def send_test_mail(resources: Resources, rider: Rider) -> MailOutcome:
    """Send it now, by the way every mail goes, and wait for what the mail server says."""
    mailer = resources.mailer
    if isinstance(mailer, AllowedOnly) and not mailer.lets_through(rider.email):
        return MailOutcome(is_sent=False, sentence=HELD_BACK)
    try:
        async with asyncio.timeout(MAIL_TEST_SECONDS):
            await mailer.send(_compose(rider, resources.settings))
    except Exception as error:  # noqa: BLE001  (whatever it is, the administrator is to see it)
        log.warning("the test mail was not sent: %s", type(error).__name__)
        return explain(error, resources.settings)
    return MailOutcome(is_sent=True, sentence=SENT if resources.settings.smtp_host else KEPT)


def explain(error: Exception, settings: Settings) -> MailOutcome:
    """Why it was not sent, by the innermost reason that we know."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused) and error.recipients:
        error = error.recipients[0]
    chain = list(_chain(error))
    match = next(
        (
            (cause, sentence)
            for kind, sentence in _BY_KIND
            for cause in chain
            if isinstance(cause, kind)
        ),
        (error, OTHERWISE),
    )
    host = f"{settings.smtp_host}:{settings.smtp_port}"
    return MailOutcome(
        is_sent=False, sentence=match[1], params={"host": host}, said=_said(match[0])
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _said(error: BaseException) -> str:
    """The answer of the other side, with its code; addresses in it are hidden."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        reason = f"{error.code} {error.message}"
    elif isinstance(error, ssl.SSLCertVerificationError):
        reason = error.verify_message
    else:
        reason = str(error)
    return str(redact(" ".join(reason.split())))[:MAX_MISHAP_CHARACTERS]


def _compose(rider: Rider, settings: Settings) -> Mail:
    params = {
        "name": rider.shown_name,
        "site": settings.app_name,
        "address": settings.base_url,
    }
    subject, text = (translate(rider.language, sentence, params) for sentence in (_SUBJECT, _TEXT))
    return Mail(to=rider.email, subject=subject, text=text)
