"""Lays out a rider's story: a standfirst, and days in the margin."""

import re
from dataclasses import dataclass
from html import unescape

from contravento.kit.telemetry import metrics
from contravento.trips.markdown import to_html

# "Day 5", "Day 5, Potes – Riaño", "Día 5: …" as riders head their days.
_HEADING = re.compile(r"<h([23])>(?:Day|Día|Dia)\s+(\d{1,3})\b[\s.,:–—-]*(.*?)</h\1>", re.S)
_FIRST_PARAGRAPH = re.compile(r"\s*<p>(.*?)</p>", re.S)
_MARK_UP = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Passage:
    """Cleaned HTML, and the day it tells where it tells one."""

    html: str
    day: int | None = None
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    lead: str
    passages: list[Passage]

    @property
    def headings(self) -> dict[int, str]:
        """From where to where, by day."""
        return {
            passage.day: passage.heading
            for passage in self.passages
            if passage.day and passage.heading
        }


def tell(story: str, excerpt: str) -> Story:
    """A first paragraph that lists show whole stands above the story and not in it again."""
    misses = to_html.cache_info().misses
    html = to_html(story)
    was_kept = to_html.cache_info().misses == misses
    metrics.CACHE_LOOKUPS.labels("story", "hit" if was_kept else "miss").inc()
    lead = ""
    if (first := _FIRST_PARAGRAPH.match(html)) and _plain(first[1]) == excerpt:
        rest = html[first.end() :]
        if rest.strip():
            lead, html = excerpt, rest
    return Story(lead, list(_passages(html)))


def _passages(html: str) -> list[Passage]:
    """What stands before the first day, and each day with what follows it."""
    pieces = _HEADING.split(html)
    passages = [Passage(pieces[0])] if pieces[0].strip() else []
    days = zip(pieces[2::4], pieces[3::4], pieces[4::4], strict=True)
    return passages + [Passage(text, int(day), _plain(heading)) for day, heading, text in days]


def _plain(html: str) -> str:
    return " ".join(unescape(_MARK_UP.sub("", html)).split())
