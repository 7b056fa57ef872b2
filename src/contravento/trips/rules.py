"""Limits on trips, and what a trip needs before it can be published."""

import re
import secrets
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache

from contravento.kit.i18n.marks import N_
from contravento.trips.errors import EndsBeforeStart

MAX_TITLE_CHARACTERS = 120
MAX_STORY_CHARACTERS = 100_000
MIN_STORY_CHARACTERS = 50  # shorter reads as a caption, not as a trip
MAX_TAGS = 10
MAX_TAG_CHARACTERS = 30
MAX_TRIPS = 5_000
MAX_TRIPS_A_DAY = 200
EXCERPT_CHARACTERS = 180

KEY_CHARACTERS = 12  # of 57: 70 bits, so that a link cannot be guessed
_KEY_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_KEY = re.compile(rf"(?:.*-)?([{_KEY_ALPHABET}]{{{KEY_CHARACTERS}}})")


class Audience(StrEnum):
    EVERYONE = "everyone"
    FOLLOWERS = "followers"
    LINK = "link"
    ME = "me"


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that a trip still needs: where in the form it goes, and a sentence about it."""

    field: str
    sentence: str
    params: dict[str, object]

    def __str__(self) -> str:
        return self.sentence % self.params


def missing_to_publish(*, title: str, story: str) -> Iterator[Missing]:
    if not title.strip():
        yield Missing("title", N_("a title"), {})
    lacking = MIN_STORY_CHARACTERS - len(story.strip())
    if lacking > 0:
        one, more = N_("one more character of story"), N_("%(count)s more characters of story")
        yield Missing("story", one if lacking == 1 else more, {"count": lacking})


def check_dates(starts_on: date | None, ends_on: date | None) -> None:
    """Raises EndsBeforeStart."""
    if starts_on and ends_on and ends_on < starts_on:
        raise EndsBeforeStart


def new_key() -> str:
    return "".join(secrets.choice(_KEY_ALPHABET) for _ in range(KEY_CHARACTERS))


@lru_cache(maxsize=4096)
def make_slug(title: str, key: str) -> str:
    """A readable address that ends in the trip's key: 'bilbao-to-fisterra-4fGh…'."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    text = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    return f"{text}-{key}" if text else key


def key_in(slug: str) -> str | None:
    """The key at the end of an address; the words before it may change with the title."""
    match = _KEY.fullmatch(slug)
    return match[1] if match else None


def clean_tags(tags: list[str]) -> list[str]:
    """Lower case, single spaces, each once, in the order given."""
    plain = (" ".join(tag.split()).lower().lstrip("#").strip() for tag in tags)
    return list(dict.fromkeys(tag for tag in plain if tag))
