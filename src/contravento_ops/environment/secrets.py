"""Secrets: made so that they are safe everywhere, judged, and compared without being kept."""

import hashlib
import math
import re
import secrets
from collections import Counter

MIN_BITS_A_CHARACTER = 3.0
MIN_BITS_SHORT = 2.5
SHORT = 24
WORDS = (
    *("change", "example", "placeholder", "your-", "your_", "secret", "password", "passwort"),
    *("xxxx", "todo", "replace", "<", ">", "qwerty", "123456", "abcdef", "contravento"),
)


def make(characters: int) -> str:
    """Letters, digits, - and _ only: safe in URLs, in env files and in every shell.

    Begins with a letter or digit, so that no program takes it for an option.
    """
    while True:
        made = secrets.token_urlsafe(characters)[:characters]
        if made[0] not in "-_" and not is_placeholder(made) and not weakness(made, characters):
            return made


def is_placeholder(value: str) -> bool:
    lowered = value.lower()
    return any(word in lowered for word in WORDS)


def weakness(value: str, least: int) -> str | None:
    """Why a value is no secret, in words; None if it is one."""
    if len(value) < least:
        return f"has {len(value)} characters and needs {least}"
    needed = MIN_BITS_SHORT if least <= SHORT else MIN_BITS_A_CHARACTER
    if _bits_a_character(value) < needed or _repeats(value):
        return "is easy to guess: it repeats itself"
    return None


def fingerprint(kind: str, value: str) -> str:
    """Tells that two values are the same without telling what they are."""
    return hashlib.sha256(f"contravento {kind}\0{value}".encode()).hexdigest()[:32]


def _bits_a_character(value: str) -> float:
    """Shannon's entropy of the characters."""
    return -sum(
        count / len(value) * math.log2(count / len(value)) for count in Counter(value).values()
    )


def _repeats(value: str) -> bool:
    return re.search(r"(.{1,16}?)\1{3,}", value) is not None
