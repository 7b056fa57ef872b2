"""What is kept of the name that an uploaded file comes with."""

import pytest

from contravento.kit.file_names import safe_file_name


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
