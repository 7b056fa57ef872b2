"""Cursors of paginated lists."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from uuid import UUID


def write(place: tuple[datetime, UUID] | None) -> str | None:
    if place is None:
        return None
    moment, key = place
    return urlsafe_b64encode(f"{moment.isoformat()}|{key}".encode()).decode().rstrip("=")


def read(word: str | None) -> tuple[datetime, UUID] | None:
    """None also for a word that we never wrote: the list then starts at its beginning."""
    if not word:
        return None
    try:
        padded = word + "=" * (-len(word) % 4)
        moment, _, key = urlsafe_b64decode(padded).decode().partition("|")
        parsed = datetime.fromisoformat(moment)
        return (parsed, UUID(key)) if parsed.tzinfo else None
    except ValueError:
        return None
