"""A mailer that keeps what it is given, for tests to read."""

import re

from contravento.kit.mail import Mail


class Mailbox:
    def __init__(self) -> None:
        self.mails: list[Mail] = []

    async def send(self, mail: Mail) -> None:
        self.mails.append(mail)

    @property
    def last(self) -> Mail:
        return self.mails[-1]

    def last_token(self) -> str:
        """The token in the link of the newest mail."""
        match = re.search(r"http\S+/(?:confirm|reset)/([\w-]+)", self.last.text)
        assert match, self.last.text
        return match[1]
