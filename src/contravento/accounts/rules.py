"""Limits on user names, addresses and passwords, and how long links live."""

import gzip
import re
import unicodedata
from datetime import timedelta
from functools import cache
from importlib.resources import files

from contravento.accounts.errors import CommonPassword, PasswordTooLong, PasswordTooShort
from contravento.kit.mail_address import ascii_address

USERNAME = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_-]{1,28}[A-Za-z0-9_]\Z")
MIN_PASSWORD_CHARACTERS = 12
MAX_PASSWORD_CHARACTERS = 128
MAX_NAME_CHARACTERS = 60
MAX_BIO_CHARACTERS = 600
MAX_TOKENS = 50

CONFIRMATION_LIFETIME = timedelta(hours=24)
RESET_LIFETIME = timedelta(hours=1)
UNCONFIRMED_LIFETIME = timedelta(days=3)

SIGN_IN_LIMIT = "10/15 minutes"
SIGN_IN_LIMIT_PER_ADDRESS = "100/15 minutes"
SIGN_UP_LIMIT = "20/hour"
MAIL_LIMIT = "5/hour"
# From wherever they come, for who does not come from a device of the account's own.
SIGN_IN_LIMIT_PER_ACCOUNT = "50/hour"
MAIL_LIMIT_PER_ACCOUNT = "30/day"

# Names that would read as the site speaking.
RESERVED_USERNAMES = frozenset(
    {
        *("admin", "administrator", "root", "system", "support", "help", "contravento", "staff"),
        *("moderator", "official", "security", "webmaster", "postmaster", "abuse", "api", "www"),
        *("mail", "null", "undefined", "me", "new", "edit", "settings", "everyone", "nobody"),
        *("mod", "noreply", "team", "service", "privacy", "operator", "superuser", "sysadmin"),
    }
)


# Digits that are read as letters.
_AS_LETTERS = str.maketrans("013457", "oleast")


def plain_login(login: str) -> str:
    """A name or address as it is compared."""
    plain = login.strip().lower()
    is_foreign = "@" in plain and not plain.isascii()
    return (ascii_address(plain) or plain) if is_foreign else plain


def is_reserved(name: str) -> bool:
    """Whether it reads as one of the names kept, however it is spaced, joined or numbered."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(character for character in letters if character.isalnum())
    read = plain.translate(_AS_LETTERS)
    variants = {plain, plain.strip("0123456789"), read, read.replace("l", "i")}
    return not RESERVED_USERNAMES.isdisjoint(variants)


def check_password(password: str, *, username: str = "", email: str = "") -> None:
    """Raises PasswordTooShort, PasswordTooLong or CommonPassword."""
    if len(password) < MIN_PASSWORD_CHARACTERS:
        raise PasswordTooShort(count=len(password), least=MIN_PASSWORD_CHARACTERS)
    if len(password) > MAX_PASSWORD_CHARACTERS:
        raise PasswordTooLong(most=MAX_PASSWORD_CHARACTERS)
    if is_common(password) or is_own_name(password, username, email):
        raise CommonPassword


def is_common(password: str) -> bool:
    """On the list of the most used ones, or one of them repeated or with digits around it."""
    plain = password.casefold()
    core = plain.strip("0123456789!?.*#-_ ")
    half, odd = divmod(len(plain), 2)
    doubled = not odd and plain[:half] == plain[half:]
    return (
        len(set(plain)) < 5
        or plain in common_passwords()
        or core in common_passwords()
        or (doubled and plain[:half] in common_passwords())
        or _is_sequence(plain)
    )


def is_own_name(password: str, username: str, email: str) -> bool:
    plain = password.casefold()
    own = {username.casefold(), email.casefold(), email.partition("@")[0].casefold()}
    return any(name and plain.strip("0123456789!?.*#-_ ") == name for name in own) or plain in own


@cache
def common_passwords() -> frozenset[str]:
    packed = files("contravento.accounts").joinpath("common_passwords.txt.gz").read_bytes()
    return frozenset(gzip.decompress(packed).decode().splitlines())


def _is_sequence(plain: str) -> bool:
    rows = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")
    return any(plain in row or plain in row[::-1] for row in rows)
