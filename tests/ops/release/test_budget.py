"""When a release is worse than may be."""

import pytest

from contravento_ops.release import budget
from contravento_ops.release.budget import Answer

FINE = [Answer(200, 0.05)] * 98


@pytest.mark.parametrize(
    "answers",
    [
        [],
        FINE,
        [*FINE, Answer(500, 0.1)],
        [*FINE, Answer(404, 0.1), Answer(404, 0.1)],
        [*FINE, Answer(200, 9.0)],
        [Answer(200, 0.9)] * 20,
    ],
)
def test_what_is_good_enough(answers: list[Answer]) -> None:
    assert budget.judge(answers, before=FINE) is None


@pytest.mark.parametrize(
    ("answers", "cause"),
    [
        (
            [*FINE, Answer(500, 0.1), Answer(503, 0.1)],
            "2 of 100 requests failed, the first with status 500",
        ),
        (
            [*FINE[:10], Answer(0, 0.1, "/", "ConnectionResetError"), Answer(0, 0.1)],
            "2 of 12 requests failed, the first with ConnectionResetError",
        ),
        ([Answer(200, 1.5)] * 20, "it is slow: 95 of 100 answers within 1.50 s, where 1.00 s"),
    ],
)
def test_what_is_not(answers: list[Answer], cause: str) -> None:
    found = budget.judge(answers, before=FINE)

    assert found
    assert found.startswith(cause)


def test_where_it_was_slow_before_it_may_stay_so() -> None:
    before = [Answer(200, 0.6)] * 20

    assert budget.judge([Answer(200, 2.0)] * 20, before=before) is None
    assert budget.judge([Answer(200, 2.6)] * 20, before=before)


def test_more_connections_than_the_pool_may_have_are_a_leak() -> None:
    assert budget.judge_connections(20, pool=10, processes=1) is None
    assert budget.judge_connections(21, pool=10, processes=1) == (
        "it leaks connections: 21 to the database, where 20 are allowed"
    )
