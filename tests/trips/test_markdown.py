"""A rider's Markdown cannot hurt anybody."""

import time

import pytest
from hypothesis import given, strategies as st

from contravento.trips.markdown import excerpt, to_html


@pytest.mark.parametrize(
    "story",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        '<img src=x onerror="alert(1)">',
        "![x](https://tracker.example/pixel.gif)",
        "<iframe src='https://evil.example'></iframe>",
        "[x](https://a.example 'a\" onmouseover=\"alert(1)')",
    ],
)
def test_nothing_that_runs_or_calls_home_gets_through(story: str) -> None:
    html = to_html(story)
    for tag in ("<script", "<img", "<iframe", 'href="javascript:', 'href="data:', ' onmouseover="'):
        assert tag not in html


def test_headings_begin_below_the_pages_own() -> None:
    assert "<h2>Day one</h2>" in to_html("# Day one")
    assert "<h4>Small</h4>" in to_html("###### Small")


def test_links_tell_nobody_where_they_were_followed() -> None:
    assert 'rel="nofollow ugc noopener noreferrer"' in to_html("[x](https://a.example)")


@given(st.text(max_size=300))
def test_any_text_can_be_shown_and_shortened(story: str) -> None:
    assert "<script" not in to_html(story)
    assert len(excerpt(story, 180)) <= 182


def test_an_excerpt_is_whole_sentences_of_the_first_paragraph() -> None:
    story = "# Day one\n\nWe left late. The wind was kind. " + "It rained " * 30 + "\n\nNext."
    assert excerpt(story, 60) == "We left late. The wind was kind."


def test_html_is_shown_as_it_was_typed() -> None:
    assert to_html("a <b>x</b>") == "<p>a &lt;b&gt;x&lt;/b&gt;</p>\n"
    assert to_html("<div>\n*x*\n</div>") == "<p>&lt;div&gt;\n<em>x</em>\n&lt;/div&gt;</p>\n"
    assert to_html("`<b>`") == "<p><code>&lt;b&gt;</code></p>\n"
    assert excerpt("a <b>x</b> and ![a picture](x.jpg) more", 180) == "a <b>x</b> and more"


N = 100_000
BOMBS = {
    "wide table": "|" + "a|" * 1000 + "\n|" + "-|" * 1000 + "\n" + "x\n" * 40_000,
    "brackets": "[" * N,
    "pictures": "![" * (N // 2),
    "links": "[a](" * (N // 4),
    "quotations": "> " * (N // 2),
    "stars": "*a **a " * (N // 7),
    "headings": "a\n=" * (N // 3),
    "tags": "<" * N,
    "ampersands": "&" * N,
    "references": '[x]:\n "' * (N // 7),
    "lists": "- " * (N // 2),
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_no_text_takes_much_longer_than_any_other_of_its_length(text: str) -> None:
    """Held against a plain story in the same run: with a parser that looks back, such texts take
    more than a thousand times as long."""
    plain = ("They rode on. " * 8 + "\n\n") * 900
    usual, bomb = cost(plain[:N]), cost(text[:N])
    assert bomb < 300 * usual
    assert len(to_html(text[:N])) < 10 * N


def cost(text: str) -> float:
    begun = time.process_time()
    to_html.__wrapped__(text)
    excerpt(text, 180)
    return time.process_time() - begun
