from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from contravento.tracks.reading.times import parse_times


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2024-02-29T12:34:56Z", "2024-02-29T12:34:56+00:00"),
        ("2024-02-29T12:34:56.7Z", "2024-02-29T12:34:56.700+00:00"),
        ("2024-02-29T12:34:56.123456Z", "2024-02-29T12:34:56.123456+00:00"),
        ("2024-02-29T12:34:56+02:00", "2024-02-29T10:34:56+00:00"),
        ("2024-02-29T12:34:56.5-09:30", "2024-02-29T22:04:56.500+00:00"),
        ("2024-02-29T12:34:56", "2024-02-29T12:34:56+00:00"),
        ("2024-02-29 12:34:56Z", "2024-02-29T12:34:56+00:00"),
        (" 2024-02-29T12:34:56Z\n", "2024-02-29T12:34:56+00:00"),
        ("2024-02-29t12:34:56z", "2024-02-29T12:34:56+00:00"),
        ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59+00:00"),
    ],
)
def test_a_time_is_understood(text: str, meant: str) -> None:
    times = parse_times([text])
    assert times.bad == 0
    assert times.seconds[0] == pytest.approx(datetime.fromisoformat(meant).timestamp(), abs=1e-6)
    assert times.without_zone == (text == "2024-02-29T12:34:56")


@pytest.mark.parametrize(
    "text",
    [
        "2023-02-29T12:34:56Z",
        "2024-13-01T00:00:00Z",
        "2024-01-01T24:30:00Z",
        "2024-01-00T00:00:00Z",
        "2024-01-01T00:60:00Z",
        "noon",
        "٢٠٢٤-01-01T00:00:00Z",
        "9" * 10**6,
    ],
)
def test_what_is_no_time_is_counted(text: str) -> None:
    times = parse_times(["2024-01-01T00:00:00Z", text])
    assert times.bad == 1
    assert str(times.seconds[1]) == "nan"


def test_an_empty_time_is_missing_and_not_bad() -> None:
    times = parse_times(["", "  "])
    assert (times.bad, times.without_zone, str(times.seconds.tolist())) == (0, 0, "[nan, nan]")


@given(st.lists(st.datetimes(datetime(1600, 1, 1), datetime(2500, 1, 1)), max_size=20))  # noqa: DTZ001
def test_all_dates_agree_with_the_standard_library(moments: list[datetime]) -> None:
    texts = [moment.isoformat() + "Z" for moment in moments]
    expected = [moment.replace(tzinfo=UTC).timestamp() for moment in moments]
    assert parse_times(texts).seconds.tolist() == pytest.approx(expected, abs=1e-5)
