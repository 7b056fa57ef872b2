"""A mailer that keeps what it is given, for tests to read."""

import re

from contravento.kit.mail import Mail

LINK = re.compile(r"http\S+/(?:confirm|reset)/([\w-]+)")


class Mailbox:
    def __init__(self) -> None:
        self.mails: list[Mail] = []

    async def send(self, mail: Mail) -> None:
        self.mails.append(mail)

    @property
    def last(self) -> Mail:
        return self.mails[-1]

    def tokens(self) -> list[str]:
        """The token in the link of each mail that has one, oldest first."""
        links = [LINK.search(mail.text) for mail in self.mails]
        return [link[1] for link in links if link]

    def last_token(self) -> str:
        """The token in the link of the newest mail."""
        match = LINK.search(self.last.text)
        assert match, self.last.text
        return match[1]
