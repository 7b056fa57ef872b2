"""A rider's Markdown cannot hurt anybody."""

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
