"""The worker counts what there is often enough, and not all the time."""

import pytest

from contravento.worker import COUNT_AT_MOST_SHARE, COUNT_EVERY_SECONDS, next_count


def test_a_quick_count_is_repeated_every_minute() -> None:
    assert next_count(100.0, 100.2) == pytest.approx(100.2 + COUNT_EVERY_SECONDS)


@pytest.mark.parametrize("took", [1.0, 20.0, 300.0])
def test_a_long_one_takes_no_more_than_its_share_of_the_time(took: float) -> None:
    begun = 100.0
    again = next_count(begun, begun + took)
    assert took / (again - begun) <= COUNT_AT_MOST_SHARE * (1 + 1e-9)
    assert again >= begun + took + COUNT_EVERY_SECONDS
