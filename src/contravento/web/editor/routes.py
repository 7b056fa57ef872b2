"""A rider's own trips, and the desk on which one is written."""

from typing import Annotated

from fastapi import APIRouter, Form as FormField, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from contravento.http.dependencies import Transaction
from contravento.kit.i18n.catalogue import translate
from contravento.kit.i18n.marks import N_
from contravento.trips import queries, service
from contravento.trips.inputs import TripDraft
from contravento.trips.markdown import to_html
from contravento.web.auth import RiderOnly, redirect
from contravento.web.editor import state as desks
from contravento.web.editor.state import Received
from contravento.web.editor.uploads import StorageOf, is_from_script, keep_files
from contravento.web.rendering.forms import attempt, files_in
from contravento.web.rendering.page import PageFor

router = APIRouter()

NOTES = {"deleted": (N_("The trip is gone."), N_("Its tracks and photographs went with it."))}
BEGINNINGS = {"file": "#files", "title": "#title"}


@router.get("/trips")
async def list_own(
    session: Transaction, viewer: RiderOnly, page: PageFor, note: str = ""
) -> Response:
    trips = await queries.list_own_trips(session, rider_id=viewer.id)
    return page.show("editor/trips.html", trips=trips, note=NOTES.get(note), refusal="")


@router.post("/trips")
async def start(
    request: Request, session: Transaction, viewer: RiderOnly, page: PageFor
) -> Response:
    beginning = str((await request.form()).get("with", ""))
    begun = service.start_trip(session, TripDraft(), rider_id=viewer.id)
    trip, refusal = await attempt(session, begun)
    if trip is None:
        assert refusal is not None  # noqa: S101
        trips = await queries.list_own_trips(session, rider_id=viewer.id)
        words = translate(page.language, refusal.message, refusal.params)
        return page.show("editor/trips.html", status=422, trips=trips, note=None, refusal=words)
    return redirect(f"/trips/{trip.slug}/edit{BEGINNINGS.get(beginning, '')}")


@router.get("/trips/{slug}/edit")
async def edit(slug: str, session: Transaction, viewer: RiderOnly, page: PageFor) -> Response:
    return await desks.show_desk(page, session, slug, rider_id=viewer.id)


@router.post("/trips/{slug}/edit")
async def save(
    slug: str,
    sent: Received,
    session: Transaction,
    viewer: RiderOnly,
    storage: StorageOf,
    page: PageFor,
) -> Response:
    """The whole form, with whatever files were chosen: how the editor works without a script."""
    desk = await desks.open_desk(session, slug, rider_id=viewer.id)
    kept = await keep_files(
        session, desk.trip.id, files_in(sent, "file"), viewer.id, storage, page.language
    )
    form = await desks.keep(sent, session, desk, rider_id=viewer.id, language=page.language)
    if form.errors or kept.refused:
        return await desks.show_desk(
            page, session, slug, rider_id=viewer.id, form=form, refused=kept.refused
        )
    return redirect(f"/trips/{desk.trip.slug}/edit")


@router.post("/trips/{slug}/autosave")
async def autosave(
    slug: str, sent: Received, session: Transaction, viewer: RiderOnly, page: PageFor
) -> Response:
    """For the editor's script: a line on how it went, and the checklist as it stands now."""
    desk = await desks.open_desk(session, slug, rider_id=viewer.id)
    form = await desks.keep(sent, session, desk, rider_id=viewer.id, language=page.language)
    if form.refusal:
        status, sentence = form.refusal.status, next(iter(form.errors.values()))
        return JSONResponse({"status": status, "detail": sentence}, status)
    fresh = desks.context(desk, page.language)
    status_line = fresh["saved"]
    if form.errors:
        mistake = {"mistake": next(iter(form.errors.values()))}
        status_line = translate(page.language, N_("Saved, all but this: %(mistake)s"), mistake)
    publishing = bytes(page.show("editor/publishing.html", is_unready=False, **fresh).body)
    return JSONResponse(
        {
            "saved": status_line,
            "updated_at": desk.trip.updated_at.isoformat(),
            "publishing": publishing.decode(),
        }
    )


@router.post("/preview")
async def preview(
    request: Request,
    page: PageFor,
    viewer: RiderOnly,
    story: Annotated[str, FormField(max_length=400_000)] = "",
) -> Response:
    html = to_html(story)
    if is_from_script(request):
        return HTMLResponse(html)
    return page.show("editor/preview.html", story=story)


@router.post("/trips/{slug}/publication")
async def publish(
    slug: str, sent: Received, session: Transaction, viewer: RiderOnly, page: PageFor
) -> Response:
    desk = await desks.open_desk(session, slug, rider_id=viewer.id)
    trip_id = desk.trip.id
    form = await desks.keep(sent, session, desk, rider_id=viewer.id, language=page.language)
    if form.errors:
        return await desks.show_desk(page, session, slug, rider_id=viewer.id, form=form)
    trip, _ = await attempt(session, service.publish_trip(session, trip_id, rider_id=viewer.id))
    if trip is None:
        return await desks.show_desk(page, session, slug, rider_id=viewer.id, status=409)
    return redirect(f"/trips/{trip.slug}")


@router.post("/trips/{slug}/withdrawal")
async def withdraw(
    slug: str, sent: Received, session: Transaction, viewer: RiderOnly, page: PageFor
) -> Response:
    """Taken down first: what keeps a published trip from being saved does not keep a draft."""
    desk = await desks.open_desk(session, slug, rider_id=viewer.id)
    await service.unpublish_trip(session, desk.trip.id, rider_id=viewer.id)
    form = await desks.keep(sent, session, desk, rider_id=viewer.id, language=page.language)
    if form.errors:
        return await desks.show_desk(page, session, slug, rider_id=viewer.id, form=form)
    return redirect(f"/trips/{desk.trip.slug}/edit")


@router.get("/trips/{slug}/deletion")
async def ask_to_delete(
    slug: str, session: Transaction, viewer: RiderOnly, page: PageFor
) -> Response:
    desk = await desks.open_desk(session, slug, rider_id=viewer.id)
    return page.show("editor/deletion.html", desk=desk, trip=desk.trip)


@router.post("/trips/{slug}/deletion")
async def delete(slug: str, session: Transaction, viewer: RiderOnly) -> Response:
    trip = await queries.get_own_trip_by_slug(session, slug, rider_id=viewer.id)
    await service.delete_trip(session, trip.id, rider_id=viewer.id)
    return redirect("/trips?note=deleted")
