"""The operator's page: the state of the server, failed jobs, a test mail."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from contravento.accounts.queries import get_rider_by_id
from contravento.http.dependencies import ResourcesOf, Transaction
from contravento.kit.errors import AppError
from contravento.kit.i18n.catalogue import translate
from contravento.kit.i18n.marks import N_
from contravento.operations import mails, service
from contravento.operations.mails import MailOutcome
from contravento.operations.rules import WORKER_SILENT_SECONDS
from contravento.server_status.collect import collect_status
from contravento.server_status.warnings import NAMES, list_warnings
from contravento.web.auth import AdministratorOnly, redirect
from contravento.web.rendering.forms import attempt
from contravento.web.rendering.page import Page, PageFor

router = APIRouter(prefix="/operator")

NOTES = {
    "retried": (N_("Back in the queue."), N_("A worker takes it within seconds; reload to see.")),
    "discarded": (N_("Discarded."), ""),
}
MOST_OF_BIGINT = 2**63 - 1

JobId = Annotated[int, Path(ge=1, le=MOST_OF_BIGINT)]


@router.get("")
async def show(viewer: AdministratorOnly, page: PageFor, note: str = "") -> Response:
    return await _show(page, note=NOTES.get(note))


@router.post("/failed-jobs/retry")
async def retry_all(session: Transaction, viewer: AdministratorOnly) -> Response:
    await service.retry_failed_jobs(session)
    return redirect("/operator?note=retried")


@router.post("/failed-jobs/discard")
async def discard_all(session: Transaction, viewer: AdministratorOnly) -> Response:
    await service.discard_failed_jobs(session)
    return redirect("/operator?note=discarded")


@router.post("/failed-jobs/{job_id}/retry")
async def retry(job_id: JobId, session: Transaction, viewer: AdministratorOnly) -> Response:
    await service.retry_failed_jobs(session, job_id)
    return redirect("/operator?note=retried")


@router.post("/failed-jobs/{job_id}/discard")
async def discard(job_id: JobId, session: Transaction, viewer: AdministratorOnly) -> Response:
    await service.discard_failed_jobs(session, job_id)
    return redirect("/operator?note=discarded")


@router.post("/mail-test")
async def test_mail(
    session: Transaction, viewer: AdministratorOnly, resources: ResourcesOf, page: PageFor
) -> Response:
    """Sent before the answer, which says what the mail server said."""
    rider = await get_rider_by_id(session, viewer.id)
    _, refused = await attempt(session, mails.count_test_mail(resources.limiter, rider))
    if refused:
        return await _show(page, refused=refused)
    return await _show(page, mail=await mails.send_test_mail(resources, rider))


async def _show(
    page: Page,
    *,
    note: tuple[str, str] | None = None,
    mail: MailOutcome | None = None,
    refused: AppError | None = None,
) -> Response:
    status = await collect_status(page.resources)
    wait = refused.retry_after_seconds if refused else None
    return page.show(
        "operator/show.html",
        status=refused.status if refused else 200,
        headers={"Retry-After": str(wait)} if wait else {},
        seen=status,
        concerns=list_warnings(status),
        names=NAMES,
        silent_seconds=WORKER_SILENT_SECONDS,
        note=note,
        mail=mail,
        mail_refusal=refused.message if refused else "",
        told=lambda warning: translate(page.language, warning.sentence, warning.params),
    )
