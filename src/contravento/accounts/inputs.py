"""Input models of accounts, for forms and JSON."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, EmailStr, FailFast, Field, StringConstraints
from pydantic_core import PydanticCustomError

from contravento.accounts.errors import ReservedUsername
from contravento.accounts.rules import (
    MAX_BIO_CHARACTERS,
    MAX_NAME_CHARACTERS,
    MAX_PASSWORD_CHARACTERS,
    MAX_TOKENS,
    is_reserved,
)
from contravento.kit.i18n.catalogue import LANGUAGES
from contravento.kit.i18n.marks import N_
from contravento.kit.inputs import Input
from contravento.kit.mail_address import ascii_address
from contravento.kit.text_rules import check_line


def _printable(text: str) -> str:
    if any(ord(character) < 32 and character not in "\n\r\t" for character in text):
        raise ValueError(N_("A character in it cannot be kept."))
    return text


def _writable(email: str) -> str:
    """With its domain in letters that every mail server knows (IDNA)."""
    address = ascii_address(email)
    if address is None:
        raise ValueError(
            N_("We can only write to addresses with plain letters, a to z, before the @.")
        )
    return address


def _own(name: str) -> str:
    """A name to be shown must not read as the site speaking either."""
    if is_reserved(name):
        raise ValueError(ReservedUsername.message)
    return name


def _spoken(language: str) -> str:
    if language not in LANGUAGES:
        named = {"expected": ", ".join(LANGUAGES)}
        raise PydanticCustomError("literal_error", "one of {expected}", named)
    return language


# Loose here; accounts.rules says what is wrong with a name or password in our own words.
type Username = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
type Password = Annotated[str, StringConstraints(max_length=4 * MAX_PASSWORD_CHARACTERS)]
type Email = Annotated[
    EmailStr,
    StringConstraints(strip_whitespace=True, max_length=254),
    AfterValidator(_writable),
]
type Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=MAX_NAME_CHARACTERS),
    AfterValidator(_printable),
    AfterValidator(check_line),
    AfterValidator(_own),
]
type Bio = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=MAX_BIO_CHARACTERS),
    AfterValidator(_printable),
]


# Not held to the form of an address: what nobody has is no error, it is only not found.
type Login = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=254), AfterValidator(_printable)
]
type TokenName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=60),
    AfterValidator(_printable),
    AfterValidator(check_line),
]


class SignUp(Input):
    username: Username
    email: Email
    password: Password


class Credentials(Input):
    login: Login
    password: Password


class EmailOnly(Input):
    email: Login


class TokenOnly(Input):
    token: Annotated[str, StringConstraints(max_length=200)]


class NewPassword(Input):
    token: Annotated[str, StringConstraints(max_length=200)]
    password: Password


class PasswordChange(Input):
    """Of the rider's own tokens those end that are not named."""

    current: Password
    new: Password
    keep_tokens: Annotated[list[UUID], FailFast(), Field(max_length=MAX_TOKENS)] = []


class ProfileChanges(Input):
    """Only what is named changes."""

    name: Name | None = None
    bio: Bio | None = None
    language: Annotated[str, AfterValidator(_spoken)] | None = None


class NewPersonalToken(Input):
    name: TokenName
    scopes: Annotated[
        list[Literal["read", "write"]], FailFast(), Field(min_length=1, max_length=2)
    ] = ["read"]
    days: Annotated[int, Field(ge=1, le=3660)] | None = None
