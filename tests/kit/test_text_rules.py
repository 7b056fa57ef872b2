"""Lines that others read: nothing unseen in them, and nothing that turns them around."""

import pytest

from contravento.kit.text_rules import check_line, clean_line, safe_file_name


@pytest.mark.parametrize(
    "line",
    [
        "Ría de Vigo",
        "Đường đến Huế",
        "Đường đến Huế".encode().decode(),
        "דֶּרֶךְ",
        "می‌خواهم",
        "👩‍👩‍👧 on tour 🚴🏽",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "क्षेत्र",
        "",
    ],
)
def test_what_people_write_is_taken(line: str) -> None:
    assert check_line(line) == line


@pytest.mark.parametrize(
    "character",
    ["\u200b", "\u202e", "\u2066", "\u200f", "\ufeff", "\u00ad", "\u3164", "\u2060", "\u200d"],
)
def test_what_nobody_sees_is_refused(character: str) -> None:
    with pytest.raises(ValueError, match="nobody can see"):
        check_line(f"Tom{character}as")
    assert clean_line(f"Tom{character}as") == "Tomas"


def test_a_pile_of_marks_is_refused() -> None:
    pile = "a" + "\u0301\u0323\u0330" * 9
    with pytest.raises(ValueError, match="too many accents"):
        check_line(pile)
    check_line(clean_line(pile))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\rides\\day 1.gpx", "day 1.gpx"),
        ("a\x00b\n.gpx", "ab.gpx"),
        ("", "file"),
        (None, "file"),
        ("x" * 300 + ".gpx", "x" * 196 + ".gpx"),
    ],
)
def test_a_file_name_is_only_a_name(given: str | None, kept: str) -> None:
    assert safe_file_name(given) == kept
