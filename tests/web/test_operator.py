"""The operator's page: for administrators, about a real server, with real mail servers."""

import pytest
from sqlalchemy import text

from contravento.accounts.models import Rider
from contravento.kit.resources import Resources
from contravento.operations.models import ErrorEvent, Outcome
from contravento.operations.service import record_report
from tests.support import factories
from tests.web.operator_visit import PAGE, Visit, said
from tests.web.test_spanish import check_spanish

FORMS = [
    f"{PAGE}/mail-test",
    f"{PAGE}/failed-jobs/retry",
    f"{PAGE}/failed-jobs/discard",
    f"{PAGE}/failed-jobs/1/retry",
    f"{PAGE}/failed-jobs/1/discard",
]


async def fail_job(resources: Resources, name: str, words: str | None = None) -> int:
    """A job that failed, and, with `words`, why."""
    async with resources.transaction() as session:
        made = await session.scalar(
            text(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, status, attempts)"
                " VALUES ('default', :name, 'doing', 4) RETURNING id"
            ),
            {"name": name},
        )
        finish = text("SELECT procrastinate_finish_job_v1(:id, 'failed', false)")
        await session.execute(finish, {"id": made})
        if words:
            session.add(ErrorEvent(place=name, words=words, job_id=made))
        return int(made or 0)


async def states(resources: Resources) -> dict[str, str]:
    async with resources.transaction() as session:
        rows = await session.execute(
            text("SELECT task_name, status::text FROM procrastinate_jobs ORDER BY id")
        )
        return {row[0]: row[1] for row in rows}


async def test_an_administrator_sees_how_the_server_is(
    visit: Visit, live_resources: Resources, admin: Rider
) -> None:
    async with live_resources.transaction() as session:
        details = {"sentence": "48 MB in 31 seconds"}
        await record_report(session, "backup", Outcome.SUCCEEDED, details=details)
        await record_report(session, "drill", Outcome.FAILED)
    await fail_job(live_resources, "photos.shrink", "OSError: broken <b>bread</b>")

    page = await (await visit(admin)).get(PAGE)

    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    words = said(page)
    for expected in (
        "No worker gives a sign of life",
        "48 MB in 31 seconds",
        "The last drill failed",
        "photos.shrink",
        "failed after 5 tries",
        "PostgreSQL",
        "all done",
        "free of",
        "answers over plain HTTP at http://test",
    ):
        assert expected in words, expected
    assert "&lt;b&gt;bread" in page.text
    assert "http-equiv" not in page.text


async def test_what_the_page_loads_is_our_own(visit: Visit, admin: Rider) -> None:
    page = await (await visit(admin)).get(PAGE)
    assert 'src="http' not in page.text
    assert 'href="http' not in page.text


async def test_before_any_backup_the_page_says_so(visit: Visit, admin: Rider) -> None:
    words = said(await (await visit(admin)).get(PAGE))
    assert "No backup service has reported yet." in words


@pytest.mark.parametrize("path", [PAGE, *FORMS])
async def test_to_another_rider_it_is_not_there(
    path: str, visit: Visit, live_resources: Resources
) -> None:
    async with live_resources.transaction() as session:
        rider = await factories.make_rider(session, username="tomas")
    client = await visit(rider)
    answer = await (client.get(path) if path == PAGE else client.post(path))
    assert answer.status_code == 404
    assert "Server" not in said(await client.get("/"))


@pytest.mark.parametrize("path", [PAGE, *FORMS])
async def test_whoever_is_not_signed_in_is_asked_to(path: str, visit: Visit) -> None:
    client = await visit(None)
    answer = await (client.get(path) if path == PAGE else client.post(path))
    assert answer.status_code == (303 if path == PAGE else 401)


@pytest.mark.parametrize("path", FORMS)
async def test_another_site_cannot_send_its_forms(
    path: str, visit: Visit, live_resources: Resources, admin: Rider
) -> None:
    failed = await fail_job(live_resources, "photos.shrink")
    client = await visit(admin)
    path = path.replace("/1/", f"/{failed}/")
    answer = await client.post(path, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert await states(live_resources) == {"photos.shrink": "failed"}


async def test_administrators_find_the_page_and_nobody_else(visit: Visit, admin: Rider) -> None:
    assert 'href="/operator"' in (await (await visit(admin)).get("/")).text
    assert 'href="/operator"' not in (await (await visit(None)).get("/")).text


async def test_a_failed_job_is_tried_again_or_discarded(
    visit: Visit, live_resources: Resources, admin: Rider
) -> None:
    first, second = [await fail_job(live_resources, name) for name in ("tests.one", "tests.two")]
    await fail_job(live_resources, "tests.three")
    client = await visit(admin)

    tried = await client.post(f"{PAGE}/failed-jobs/{first}/retry", follow_redirects=True)
    gone = await client.post(f"{PAGE}/failed-jobs/{second}/discard", follow_redirects=True)

    assert ("Back in the queue." in said(tried), "Discarded." in said(gone)) == (True, True)
    assert await states(live_resources) == {"tests.one": "todo", "tests.three": "failed"}


async def test_all_failed_jobs_are_tried_again_or_discarded(
    visit: Visit, live_resources: Resources, admin: Rider
) -> None:
    client = await visit(admin)
    for name in ("tests.one", "tests.two"):
        await fail_job(live_resources, name)
    await client.post(f"{PAGE}/failed-jobs/retry")
    assert await states(live_resources) == {"tests.one": "todo", "tests.two": "todo"}
    await fail_job(live_resources, "tests.three")
    await client.post(f"{PAGE}/failed-jobs/discard")
    assert await states(live_resources) == {"tests.one": "todo", "tests.two": "todo"}


@pytest.mark.parametrize("what", ["retry", "discard"])
@pytest.mark.parametrize("job_id", ["999999999", "0", "x", str(2**63)])
async def test_a_job_that_has_not_failed_is_not_there(
    what: str, job_id: str, visit: Visit, admin: Rider
) -> None:
    answer = await (await visit(admin)).post(f"{PAGE}/failed-jobs/{job_id}/{what}")
    assert answer.status_code == 404


async def test_the_page_is_in_spanish_too(
    visit: Visit, live_resources: Resources, admin: Rider
) -> None:
    await fail_job(live_resources, "tests.one")
    async with live_resources.transaction() as session:
        (await session.merge(admin)).language = "es"
        await record_report(session, "backup", Outcome.FAILED)
    page = await (await visit(admin)).get(PAGE, headers={"Accept-Language": "es"})
    check_spanish(page)
