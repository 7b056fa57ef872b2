"""What a trip needs, and how its address is made."""

from datetime import date

import pytest
from hypothesis import given, strategies as st

from contravento.trips import rules
from contravento.trips.errors import EndsBeforeStart


@given(st.text(max_size=200))
def test_an_address_leads_back_to_its_trip_whatever_the_title(title: str) -> None:
    key = rules.new_key()
    slug = rules.make_slug(title, key)
    assert rules.key_in(slug) == key
    assert slug.isascii()
    assert len(slug) <= 60 + 1 + rules.KEY_CHARACTERS


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Bilbao to Fisterra", "bilbao-to-fisterra-"),
        ("Año nuevo, ¡vámonos!", "ano-nuevo-vamonos-"),
        ("日本", ""),
        ("--- ---", ""),
    ],
)
def test_an_address_reads_like_its_title(title: str, words: str) -> None:
    key = rules.new_key()
    assert rules.make_slug(title, key) == words + key


@pytest.mark.parametrize("slug", ["", "short", "a-0OIl0OIl0OIl", "x" * 11, "../etc"])
def test_other_addresses_lead_nowhere(slug: str) -> None:
    assert rules.key_in(slug) is None


def test_keys_do_not_meet() -> None:
    assert len({rules.new_key() for _ in range(1000)}) == 1000


def test_the_last_day_is_not_before_the_first() -> None:
    june = date(2025, 6, 3), date(2025, 6, 15)
    for first, last in (june, (june[0], june[0]), (None, june[0]), (june[1], None)):
        rules.check_dates(first, last)
    with pytest.raises(EndsBeforeStart):
        rules.check_dates(*reversed(june))


@pytest.mark.parametrize(
    ("title", "story", "fields"),
    [
        ("", "", ["title", "story"]),
        ("  ", "x" * 50, ["title"]),
        ("Duero", " " * 60, ["story"]),
        ("Duero", "x" * 49, ["story"]),
        ("Duero", "x" * 50, []),
    ],
)
def test_what_is_missing_is_named(title: str, story: str, fields: list[str]) -> None:
    missing = rules.missing_to_publish(title=title, story=story)
    assert [each.field for each in missing] == fields


def test_tags_are_plain_and_each_there_once() -> None:
    sent = ["#River", " river ", "Head  Wind", "", "#", "río"]
    assert rules.clean_tags(sent) == ["river", "head wind", "río"]
