"""When a new release is worse than may be: pure, over what was measured."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

ALLOWED_ERRORS = 0.01
LEAST_ERRORS = 2
SLOWER_THAN_BEFORE = 4.0
NEVER_SLOW_SECONDS = 1.0
POOL_OVERFLOW = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """Status 0 is no answer at all."""

    status: int
    seconds: float
    path: str = ""
    words: str = ""

    @property
    def is_error(self) -> bool:
        return self.status == 0 or self.status >= 500


def judge(answers: Sequence[Answer], *, before: Sequence[Answer] = ()) -> str | None:
    """Why this is not good enough, or nothing."""
    if not answers:
        return None
    errors = [answer for answer in answers if answer.is_error]
    if len(errors) >= LEAST_ERRORS and len(errors) / len(answers) > ALLOWED_ERRORS:
        first = errors[0]
        said = f"status {first.status}" if first.status else first.words or "no answer"
        return f"{len(errors)} of {len(answers)} requests failed, the first with {said}"
    allowed = max(NEVER_SLOW_SECONDS, SLOWER_THAN_BEFORE * p95(before))
    if p95(answers) > allowed:
        return (
            f"it is slow: 95 of 100 answers within {p95(answers):.2f} s,"
            f" where {allowed:.2f} s is allowed"
        )
    return None


def judge_connections(found: int, *, pool: int, processes: int) -> str | None:
    allowed = (pool + POOL_OVERFLOW) * processes
    if found <= allowed:
        return None
    return f"it leaks connections: {found} to the database, where {allowed} are allowed"


def p95(answers: Sequence[Answer]) -> float:
    """0 where nothing was measured."""
    times = sorted(answer.seconds for answer in answers if answer.status)
    return times[math.ceil(len(times) * 0.95) - 1] if times else 0.0
