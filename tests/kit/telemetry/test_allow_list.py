"""Mails that MAIL_ALLOW_LIST holds back."""

import logging
from typing import Any

import pytest
from pydantic import ValidationError

from contravento.kit.mail import AllowedOnly, FolderMailer, Mail, make_mailer
from contravento.kit.settings import Settings
from tests.support.mailbox import Mailbox


def mail_to(address: str) -> Mail:
    return Mail(to=address, subject="Welcome", text="Hello")


@pytest.mark.parametrize("address", ["qa@example.org", "QA@Example.org", "anyone@team.example"])
async def test_a_mail_to_an_allowed_address_or_domain_is_sent(
    mailbox: Mailbox, address: str
) -> None:
    mailer = AllowedOnly(mailbox, ("qa@example.org", "@team.example"))

    await mailer.send(mail_to(address))

    assert [mail.to for mail in mailbox.mails] == [address]
    assert mailer.held_back == 0


@pytest.mark.parametrize(
    "address", ["rider@example.org", "qa@example.org.evil.example", "x@sub.team.example", ""]
)
async def test_any_other_mail_is_held_back_and_logged_without_the_address(
    mailbox: Mailbox, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    mailer = AllowedOnly(mailbox, ("qa@example.org", "@team.example"))

    with caplog.at_level(logging.WARNING):
        await mailer.send(mail_to(address))
        await mailer.send(mail_to(address))

    assert mailbox.mails == []
    assert mailer.held_back == 2
    assert "held back by MAIL_ALLOW_LIST; 2 so far" in caplog.text
    assert not address or address not in caplog.text


def test_the_list_is_put_in_front_of_whichever_mailer(settings: Settings) -> None:
    plain = make_mailer(settings)
    guarded = make_mailer(changed(settings, mail_allow_list="qa@example.org, @Team.example"))

    assert isinstance(plain, FolderMailer)
    assert isinstance(guarded, AllowedOnly)


@pytest.mark.parametrize("wrong", ["qa", "qa@", "@localhost", "*", "a b@example.org"])
def test_what_is_neither_an_address_nor_a_domain_is_refused(settings: Settings, wrong: str) -> None:
    with pytest.raises(ValidationError, match="neither an address nor a domain"):
        changed(settings, mail_allow_list=wrong)


def changed(settings: Settings, **changes: Any) -> Settings:
    return Settings.model_validate({**settings.model_dump(), **changes})
