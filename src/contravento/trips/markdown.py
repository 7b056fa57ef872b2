"""Converts a rider's Markdown to safe HTML."""

import itertools
import re
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt

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

_parser = MarkdownIt("commonmark", {"html": False, "breaks": False}).enable(
    ["table", "strikethrough"]
)


@lru_cache(maxsize=512)
def to_html(story: str) -> str:
    """Headings start at h2: the page has its own h1. Pictures come from the gallery, not by URL."""
    tokens = _parser.parse(story)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(max(int(token.tag[1]), 2), 4)}"
    rendered = _parser.renderer.render(tokens, _parser.options, {})
    return nh3.clean(
        rendered,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel=_LINK_REL,
    )


def excerpt(story: str, at_most: int) -> str:
    """The beginning of the first paragraph, in whole sentences where they fit."""
    paragraphs = _paragraphs(story)
    first = next((text for text in paragraphs if text), "")
    if len(first) <= at_most:
        return first
    ends = [match.end() for match in _SENTENCE_END.finditer(first[: at_most + 1])]
    if ends and ends[-1] > at_most // 3:
        return first[: ends[-1]]
    return first[:at_most].rsplit(" ", 1)[0].rstrip(",;:–-") + " …"


def _paragraphs(story: str) -> list[str]:
    texts = []
    tokens = _parser.parse(story)
    for before, token in itertools.pairwise(tokens):
        if before.type == "paragraph_open" and before.level == 0 and token.children:
            text = "".join(
                " " if child.type in ("softbreak", "hardbreak") else child.content
                for child in token.children
                if child.type in ("text", "code_inline", "softbreak", "hardbreak")
            )
            texts.append(" ".join(text.split()))
    return texts
