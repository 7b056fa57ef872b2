"""Errors that nobody foresaw are written down: where, what, and nothing personal."""

from datetime import timedelta
from typing import Any

import procrastinate
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

import contravento.worker as worker
from contravento.kit.jobs import JOBS, Job
from contravento.kit.resources import Resources
from contravento.main import create_app
from contravento.operations.models import ErrorEvent
from contravento.operations.queries import get_queue
from contravento.operations.rules import MISHAPS_KEPT_FOR, MOST_MISHAPS_A_MINUTE
from contravento.operations.service import describe_error, forget_mishaps, record_error
from tests.conftest import open_client
from tests.support import factories


async def list_mishaps(resources: Resources) -> list[ErrorEvent]:
    async with resources.transaction() as session:
        return list(await session.scalars(select(ErrorEvent).order_by(ErrorEvent.at)))


def test_only_the_first_line_is_told_and_nothing_personal() -> None:
    error = ValueError("no such rider: maite@example.org\n[parameters: ('hunter2',)]")
    assert describe_error(error) == "ValueError: no such rider: [hidden]"
    assert describe_error(KeyError()) == "KeyError"
    assert len(describe_error(ValueError("x" * 9000))) == 300


async def test_of_a_statement_neither_sql_nor_parameters_are_told(
    live_resources: Resources,
) -> None:
    async with live_resources.transaction() as session:
        await factories.make_rider(session, username="maite")
    with pytest.raises(IntegrityError) as caught:
        async with live_resources.transaction() as session:
            await factories.make_rider(session, username="MAITE", email="b@example.org")
    told = describe_error(caught.value)
    assert "uq_riders_username" in told
    assert "INSERT" not in told
    assert "example.org" not in told


async def test_an_unforeseen_error_of_a_request_is_noted_with_its_route(
    live_resources: Resources,
) -> None:
    app: Any = create_app(live_resources.settings, live_resources)
    inner: FastAPI = innermost(app)

    @inner.get("/broken/{name}")
    async def broken(name: str) -> None:
        raise RuntimeError(f"no {name} here")

    async with open_client(app, live_resources) as client:
        with pytest.raises(RuntimeError):  # Starlette hands it on to the server besides
            await client.get("/broken/bread")
    (noted,) = await list_mishaps(live_resources)
    assert (noted.place, noted.words) == ("GET /broken/{name}", "RuntimeError: no bread here")


def innermost(app: Any) -> FastAPI:
    while not isinstance(app, FastAPI):
        app = app._app if hasattr(app, "_app") else app.app
    return app


async def test_a_refusal_is_no_mishap(live_resources: Resources) -> None:
    async with open_client(
        create_app(live_resources.settings, live_resources), live_resources
    ) as client:
        assert (await client.get("/riders/nobody")).status_code == 404
    assert await list_mishaps(live_resources) == []


@pytest.mark.servers
async def test_why_a_job_failed_stands_beside_it(
    live_resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the real worker, which runs until nothing is left."""

    async def fail(resources: Resources) -> None:
        raise OSError("the disk says no")

    failing: Job[[]] = Job("tests.fail", fail, attempts=1, priority=0)
    monkeypatch.setitem(JOBS, "tests.fail", failing)
    async with live_resources.transaction() as session:
        await failing.later(session)
        await session.execute(text("UPDATE procrastinate_jobs SET attempts = 1"))  # the last try
    queue: procrastinate.App = worker.make_queue(live_resources.settings, live_resources)
    async with queue.open_async():
        await queue.run_worker_async(
            wait=False,
            install_signal_handlers=False,
            listen_notify=False,
            worker_middleware=[worker._noting(live_resources)],
        )

    async with live_resources.transaction() as session:
        found = await get_queue(session)
    (failed,) = found.failed_jobs
    assert (failed.name, failed.error) == ("tests.fail", "OSError: the disk says no")


async def test_a_storm_of_errors_is_cut_short(live_resources: Resources) -> None:
    for _ in range(MOST_MISHAPS_A_MINUTE + 5):
        await record_error(live_resources, KeyError("x"), place="GET /")
    assert len(await list_mishaps(live_resources)) == MOST_MISHAPS_A_MINUTE


async def test_with_the_database_gone_nothing_else_breaks(
    live_resources: Resources, caplog: pytest.LogCaptureFixture
) -> None:
    async with live_resources.transaction() as session:
        await session.execute(text("DROP TABLE mishaps"))
    await record_error(live_resources, KeyError("x"), place="GET /")
    assert "was not written down" in caplog.text


async def test_mishaps_are_forgotten_in_time(live_resources: Resources) -> None:
    for words in ("old", "new"):
        await record_error(live_resources, KeyError(words), place="GET /")
    async with live_resources.transaction() as session:
        old = (await session.scalars(select(ErrorEvent).order_by(ErrorEvent.at))).first()
        assert old
        await session.execute(
            update(ErrorEvent)
            .where(ErrorEvent.id == old.id)
            .values(at=old.at - MISHAPS_KEPT_FOR - timedelta(hours=1))
        )
    await forget_mishaps(live_resources)
    assert [mishap.words for mishap in await list_mishaps(live_resources)] == ["KeyError: 'new'"]
    assert forget_mishaps in worker.SCHEDULE.values()
