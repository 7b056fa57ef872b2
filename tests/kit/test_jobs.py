"""Jobs: queued with what causes them, run with their arguments' types."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from contravento.kit.jobs import JOBS, Job
from contravento.kit.resources import Resources
from tests.support.queue import list_queued, run_jobs

SEEN: list[tuple[UUID, int]] = []


async def _look(resources: Resources, *, rider_id: UUID, times: int = 1) -> None:
    SEEN.append((rider_id, times))


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Job[...]:
    SEEN.clear()
    made: Job[...] = Job("tests.look", _look, attempts=1, priority=0)
    monkeypatch.setitem(JOBS, "tests.look", made)
    return made


async def test_arguments_come_back_with_their_types(resources: Resources, look: Job[...]) -> None:
    rider_id = uuid4()
    async with resources.transaction() as session:
        await look.later(session, rider_id=rider_id, times=3)
    assert await run_jobs(resources) == ["tests.look"]
    assert [(rider_id, 3)] == SEEN


async def test_more_urgent_jobs_go_first(resources: Resources, look: Job[...]) -> None:
    urgent: Job[...] = Job("tests.look", _look, attempts=1, priority=9)
    async with resources.transaction() as session:
        await look.later(session, rider_id=uuid4(), times=1)
        await urgent.later(session, rider_id=uuid4(), times=2)
    await run_jobs(resources)
    assert [times for _, times in SEEN] == [2, 1]


async def test_a_job_for_later_waits(resources: Resources, look: Job[...]) -> None:
    async with resources.transaction() as session:
        await look.later_by(timedelta(hours=1), session, rider_id=uuid4())
    assert await run_jobs(resources) == []
    assert await list_queued(resources) == ["tests.look"]
    async with resources.transaction() as session:
        await session.execute(text("UPDATE procrastinate_jobs SET scheduled_at = now()"))
    assert await run_jobs(resources) == ["tests.look"]


async def test_arguments_go_by_name_and_must_fit_the_queue(
    resources: Resources, look: Job[...]
) -> None:
    async with resources.transaction() as session:
        with pytest.raises(TypeError, match="by name"):
            await look.later(session, uuid4())
        with pytest.raises(TypeError, match="cannot be queued"):
            await look.later(session, rider_id=object())
