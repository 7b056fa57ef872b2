"""Which If-None-Match names an answer that the client has already."""

import pytest
from fastapi import Request

from contravento.http.conditional import tag_matches


def asking(if_none_match: str) -> Request:
    headers = [(b"if-none-match", if_none_match.encode())]
    return Request({"type": "http", "headers": headers})


@pytest.mark.parametrize(
    ("if_none_match", "is_match"),
    [
        ('W/"a"', True),
        ('"a"', True),
        ('"b", W/"a"', True),
        ("*", True),
        (" * ", True),
        ('"b"', False),
        ('"a", *', True),
        ('"b", *', False),  # a star stands alone
        ("", False),
    ],
)
def test_a_tag_matches_its_own_name_and_a_star(if_none_match: str, is_match: bool) -> None:
    assert tag_matches(asking(if_none_match), 'W/"a"') is is_match
