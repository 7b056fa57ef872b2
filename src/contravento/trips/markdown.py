"""A rider's Markdown, turned into HTML that cannot hurt anybody.

The parser takes time in proportion to the text, whatever the text is; what HTML makes much of, deep
quotations and wide tables, is bounded here.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

import nh3
import pyromark

HEAD_CHARACTERS = 20_000  # the first paragraph begins before that, or is none
HEAD_EVENTS = 5_000  # likewise: a table may be all that there is
DEEPEST_QUOTATION = 8
MOST_HTML_CHARACTERS = 500_000  # five times the longest story

_TAGS = {
    "p",
    "br",
    "hr",
    "strong",
    "em",
    "s",
    "del",
    "code",
    "pre",
    "blockquote",
    "ul",
    "ol",
    "li",
    "h2",
    "h3",
    "h4",
    "a",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_LINK_REL = "nofollow ugc noopener noreferrer"
_SENTENCE_END = re.compile(r"[.!?…](?=\s)")
_TAG_LIKE = re.compile(r"<[A-Za-z/!?]")
_DEEP_QUOTATION = re.compile(rf"^((?:[ \t]*>){{{DEEPEST_QUOTATION}}})(?:[ \t]*>)+", re.M)
_HEADING = re.compile(r"<(/?)h([1-6])>")
_STRIKETHROUGH = pyromark.Options.ENABLE_STRIKETHROUGH
_OPTIONS = pyromark.Options.ENABLE_TABLES | _STRIKETHROUGH


@lru_cache(maxsize=512)
def to_html(story: str) -> str:
    """Headings start at h2: the page has its own h1. Pictures come from the gallery, not by URL."""
    text = _bounded(story)
    rendered = pyromark.html(text, options=_OPTIONS)
    if len(rendered) > MOST_HTML_CHARACTERS:
        rendered = pyromark.html(text, options=_STRIKETHROUGH)
    return nh3.clean(
        _HEADING.sub(_below_the_page, rendered),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel=_LINK_REL,
    )


def excerpt(story: str, at_most: int) -> str:
    """The beginning of the first paragraph, in whole sentences where they fit."""
    first = next((text for text in _paragraphs(story[:HEAD_CHARACTERS]) if text), "")
    if len(first) <= at_most:
        return first
    ends = [match.end() for match in _SENTENCE_END.finditer(first[: at_most + 1])]
    if ends and ends[-1] > at_most // 3:
        return first[: ends[-1]]
    return first[:at_most].rsplit(" ", 1)[0].rstrip(",;:–-") + " …"


def _paragraphs(story: str) -> Iterator[str]:
    """The words of each paragraph that stands in nothing else."""
    words, depth, in_picture = list[str](), 0, False
    for event in islice(pyromark.events(_bounded(story), options=_OPTIONS), HEAD_EVENTS):
        match event:
            case {"Start": "Paragraph"} if depth == 0:
                words, depth = [], 1
            case {"End": "Paragraph"} if depth == 1:
                depth = 0
                yield " ".join("".join(words).split())
            case {"Start": {"Image": _}}:
                in_picture, depth = True, depth + 1
            case {"End": "Image"}:
                in_picture, depth = False, depth - 1
            case {"Start": _}:
                depth += 1
            case {"End": _}:
                depth -= 1
            case {"Text": text} | {"Code": text} if not in_picture:
                words.append(str(text))
            case "SoftBreak" | "HardBreak":
                words.append(" ")


def _bounded(story: str) -> str:
    """Markdown without HTML of its own, which is shown as it was typed, and without depths."""
    text = _DEEP_QUOTATION.sub(r"\1", story)
    return _without_html(text) if _TAG_LIKE.search(text) else text


def _without_html(text: str) -> str:
    encoded, pieces, at = text.encode(), list[bytes](), 0
    for event, span in pyromark.events_with_range(text, options=_OPTIONS):
        if isinstance(event, dict) and event.keys() & {"Html", "InlineHtml"}:
            begin, end = span["start"], span["end"]
            pieces += [encoded[at:begin], encoded[begin:end].replace(b"<", b"&lt;")]
            at = end
    return b"".join([*pieces, encoded[at:]]).decode()


def _below_the_page(heading: re.Match[str]) -> str:
    return f"<{heading[1]}h{min(max(int(heading[2]), 2), 4)}>"
