"""What a person may send about themselves, by form or by JSON."""

from typing import Annotated, Literal

from pydantic import AfterValidator, EmailStr, FailFast, Field, StringConstraints
from pydantic_core import PydanticCustomError

from contravento.accounts.rules import (
    MAX_BIO_CHARACTERS,
    MAX_NAME_CHARACTERS,
    MAX_PASSWORD_CHARACTERS,
)
from contravento.kit.i18n.catalogue import LANGUAGES
from contravento.kit.i18n.marks import N_
from contravento.kit.inputs import Input


def _printable(text: str) -> str:
    if any(ord(character) < 32 and character not in "\n\r\t" for character in text):
        raise ValueError(N_("A character in it cannot be kept."))
    return text


def _spoken(language: str) -> str:
    if language not in LANGUAGES:
        named = {"expected": ", ".join(LANGUAGES)}
        raise PydanticCustomError("literal_error", "one of {expected}", named)
    return language


# Loose here; accounts.rules says what is wrong with a name or password in our own words.
type Username = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
type Password = Annotated[str, StringConstraints(max_length=4 * MAX_PASSWORD_CHARACTERS)]
type Email = Annotated[EmailStr, StringConstraints(strip_whitespace=True, max_length=254)]
type Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=MAX_NAME_CHARACTERS),
    AfterValidator(_printable),
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
    current: Password
    new: Password


class ProfileChanges(Input):
    """Only what is named changes."""

    name: Name | None = None
    bio: Bio | None = None
    language: Annotated[str, AfterValidator(_spoken)] | None = None


class NewPersonalToken(Input):
    name: TokenName
    scopes: Annotated[list[Literal["read", "write"]], FailFast(), Field(min_length=1, max_length=2)] = ["read"]
    days: Annotated[int, Field(ge=1, le=3660)] | None = None
