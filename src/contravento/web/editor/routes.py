"""A rider's own trips, and the editor in which one is written."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form as FormField, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from contravento.http.dependencies import Transaction
from contravento.kit.i18n.catalogue import translate
from contravento.kit.i18n.marks import N_
from contravento.trips import queries, service
from contravento.trips.inputs import TripDraft
from contravento.trips.markdown import to_html
from contravento.web.auth import RiderOnly, redirect
from contravento.web.editor.request import Editor, is_from_script
from contravento.web.editor.uploads import keep_files
from contravento.web.rendering.forms import attempt
from contravento.web.rendering.page import PageFor

router = APIRouter()

NOTES = {
    "confirmed": (N_("Your address is confirmed."), N_("The diary is open.")),
    "deleted": (N_("The trip is gone."), N_("Its tracks and photographs went with it.")),
}
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
    started = service.start_trip(session, TripDraft(), rider_id=viewer.id)
    trip, refusal = await attempt(session, started)
    if trip is None:
        assert refusal is not None  # noqa: S101
        trips = await queries.list_own_trips(session, rider_id=viewer.id)
        sentence = translate(page.language, refusal.message, refusal.params)
        return page.show("editor/trips.html", status=422, trips=trips, note=None, refusal=sentence)
    return redirect(f"/trips/{trip.slug}/edit{BEGINNINGS.get(beginning, '')}")


@router.get("/trips/{slug}/edit")
async def edit(slug: str, editor: Editor) -> Response:
    return await editor.show(slug)


@router.post("/trips/{slug}/edit")
async def save(slug: str, editor: Editor) -> Response:
    """The whole form, with whatever files were chosen: how the editor works without a script."""
    uploads = await keep_files(editor, slug)
    state = await editor.open(slug)
    form = await editor.save(state)
    if form.errors or uploads.refused:
        return await editor.show(slug, form=form, refused=uploads.refused)
    return redirect(f"/trips/{state.trip.slug}/edit")


@router.post("/trips/{slug}/autosave")
async def autosave(slug: str, editor: Editor) -> Response:
    """For the editor's script: a line on how it went, and the checklist as it stands now."""
    state = await editor.open(slug)
    form = await editor.save(state)
    if form.refusal:
        status, sentence = form.refusal.status, next(iter(form.errors.values()))
        return JSONResponse({"status": status, "detail": sentence}, status)
    context = editor.context(state)
    saved = context["saved"]
    if form.errors:
        mistake = {"mistake": next(iter(form.errors.values()))}
        saved = translate(editor.language, N_("Saved, all but this: %(mistake)s"), mistake)
    publishing = editor.page.show("editor/publishing.html", is_unready=False, **context)
    return JSONResponse(
        {
            "saved": saved,
            "updated_at": state.trip.updated_at.isoformat(),
            "publishing": bytes(publishing.body).decode(),
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
async def publish(slug: str, editor: Editor) -> Response:
    state = await editor.open(slug)
    form = await editor.save(state)
    if form.errors:
        return await editor.show(slug, form=form)
    trip, _ = await attempt(editor.session, service.publish_trip(editor.session, state.trip))
    if trip is None:
        return await editor.show(slug, status=409)
    return redirect(f"/trips/{trip.slug}")


@router.post("/trips/{slug}/withdrawal")
async def withdraw(slug: str, editor: Editor) -> Response:
    """Taken down first: what keeps a published trip from being saved does not keep a draft."""
    state = await editor.open(slug)
    await service.unpublish_trip(editor.session, state.trip)
    form = await editor.save(state)
    if form.errors:
        return await editor.show(slug, form=form)
    return redirect(f"/trips/{state.trip.slug}/edit")


@router.get("/trips/{slug}/deletion")
async def ask_to_delete(slug: str, editor: Editor) -> Response:
    state = await editor.open(slug)
    return editor.page.show("editor/deletion.html", state=state, trip=state.trip)


@router.get("/trips/{slug}/{step}")
async def show_step(
    slug: str, step: Literal["publication", "withdrawal", "tracks", "photos"]
) -> Response:
    """A refused form stands at its address; whoever loads that anew gets the editor."""
    return redirect(f"/trips/{slug}/edit")


@router.post("/trips/{slug}/deletion")
async def delete(slug: str, session: Transaction, viewer: RiderOnly) -> Response:
    trip = await queries.get_own_trip_by_slug(session, slug, rider_id=viewer.id)
    await service.delete_trip(session, trip)
    return redirect("/trips?note=deleted")
