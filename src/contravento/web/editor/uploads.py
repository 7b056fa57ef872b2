"""Tracks and photos on their way into a trip, each a row that says how far it has come."""

import asyncio
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Form as FormField, Response
from starlette.datastructures import UploadFile

from contravento.http.upload_quota import check_upload
from contravento.kit.errors import NotFound
from contravento.kit.i18n.catalogue import translate
from contravento.kit.text_rules import safe_file_name
from contravento.photos import (
    image_formats,
    queries as photo_queries,
    rules as photo_rules,
    service as photos,
)
from contravento.photos.models import Photo
from contravento.tracks import queries as track_queries, rules as track_rules, service as tracks
from contravento.tracks.models import Track
from contravento.tracks.reading import archive
from contravento.trips import queries as trip_queries
from contravento.trips.models import Trip
from contravento.web.auth import redirect
from contravento.web.editor.form import save_captions
from contravento.web.editor.request import Editor, EditorRequest, RefusedFile
from contravento.web.rendering.forms import attempt, files_in

router = APIRouter()

TRACK_ENDINGS = (*archive.ENDINGS, ".xml", ".zip")
NOTHING_NEW = 204  # htmx leaves the row as it is, and no screen reader speaks it again

Kind = Literal["track", "photo"]


@dataclass(slots=True)
class UploadOutcome:
    """What became of the files of one form."""

    tracks: list[Track] = field(default_factory=list)
    photos: list[Photo] = field(default_factory=list)
    refused: list[RefusedFile] = field(default_factory=list)


@router.post("/trips/{slug}/tracks")
async def send_tracks(slug: str, editor: Editor) -> Response:
    return await _receive(editor, slug, "track")


@router.post("/trips/{slug}/photos")
async def send_photos(slug: str, editor: Editor) -> Response:
    return await _receive(editor, slug, "photo")


@router.get("/tracks/{track_id}/row")
async def show_track(
    track_id: UUID,
    editor: Editor,
    shown: str = "",
    starts_on: str | None = None,
    ends_on: str | None = None,
) -> Response:
    """Once it is read, also the days it was ridden on, where the form that asks has none."""
    track = await track_queries.get_own_track(editor.session, track_id, rider_id=editor.rider_id)
    if track.state == shown:
        return Response(status_code=NOTHING_NEW)
    has_no_days = starts_on == ends_on == ""
    return await _show_rows(
        editor,
        track.trip,
        UploadOutcome(tracks=[track]),
        oob=track.is_settled,
        oob_dates=track.is_settled and has_no_days and track.trip.starts_on is not None,
    )


@router.get("/photos/{photo_id}/row")
async def show_photo(photo_id: UUID, editor: Editor, shown: str = "") -> Response:
    photo = await photo_queries.get_own_photo(editor.session, photo_id, rider_id=editor.rider_id)
    if photo.state == shown:
        return Response(status_code=NOTHING_NEW)
    outcome = UploadOutcome(photos=[photo])
    return await _show_rows(editor, photo.trip, outcome, oob=photo.is_settled)


@router.post("/tracks/{track_id}/removal")
async def remove_track(track_id: UUID, editor: Editor) -> Response:
    track = await track_queries.get_own_track_to_change(
        editor.session, track_id, rider_id=editor.rider_id
    )
    await tracks.delete_track(editor.session, track.trip, track)
    return await _after_change(editor, track.trip)


@router.post("/photos/{photo_id}/removal")
async def remove_photo(photo_id: UUID, editor: Editor) -> Response:
    photo = await photo_queries.get_own_photo_to_change(
        editor.session, photo_id, rider_id=editor.rider_id
    )
    await photos.delete_photo(editor.session, photo.trip, photo)
    return await _after_change(editor, photo.trip)


@router.post("/photos/{photo_id}/place")
async def move_photo(
    photo_id: UUID, to: Annotated[Literal["earlier", "later"], FormField()], editor: Editor
) -> Response:
    """One place on. The script changes the two rows' places, so it is given the two."""
    photo = await photo_queries.get_own_photo_to_change(
        editor.session, photo_id, rider_id=editor.rider_id
    )
    state = await editor.load(photo.trip)
    await save_captions(editor.fields, editor.session, state, editor.language)
    order = [listed.id for listed in state.photos]
    position = order.index(photo_id)
    target = position + (1 if to == "later" else -1)
    if 0 <= target < len(order):
        order[position], order[target] = order[target], order[position]
        await photos.order_photos(editor.session, state.trip, order)
    if not editor.is_from_script:
        return await _after_change(editor, state.trip)
    fresh = await editor.load(state.trip)
    other = next((listed for listed in fresh.photos if listed.id == order[position]), photo)
    return editor.page.show("editor/moved.html", moved=photo, other=other, **editor.context(fresh))


def is_track(file_name: str) -> bool:
    return file_name.lower().endswith(TRACK_ENDINGS)


async def keep_files(editor: EditorRequest, slug: str, kind: Kind | None = None) -> UploadOutcome:
    """Keep each file that can be kept; without a `kind` a file's ending tells it.

    Raises TripNotFound. The trip is locked only once a file's bytes are stored.
    """
    trip_id = await trip_queries.get_own_trip_id(editor.session, slug, rider_id=editor.rider_id)
    outcome = UploadOutcome()
    for file in files_in(editor.fields, "file"):
        name = safe_file_name(file.filename)
        as_track = kind == "track" if kind else is_track(name)
        keep = _keep_tracks if as_track else _keep_photo
        upload, refusal = await attempt(editor.session, keep(editor, trip_id, file, name))
        if isinstance(upload, list):
            outcome.tracks += upload
        elif isinstance(upload, Photo):
            outcome.photos.append(upload)
        elif isinstance(refusal, NotFound):
            raise refusal
        elif refusal:
            sentence = translate(editor.language, refusal.message, refusal.params)
            outcome.refused.append(RefusedFile(name, sentence))
    return outcome


async def _receive(editor: EditorRequest, slug: str, kind: Kind) -> Response:
    outcome = await keep_files(editor, slug, kind)
    if editor.is_from_script:
        state = await editor.open(slug)
        return await _show_rows(editor, state.trip, outcome, status=202)
    if outcome.refused:
        return await editor.show(slug, refused=outcome.refused)
    state = await editor.open(slug)
    return redirect(f"/trips/{state.trip.slug}/edit#files")


async def _keep_tracks(
    editor: EditorRequest, trip_id: UUID, file: UploadFile, name: str
) -> list[Track]:
    track_rules.check_file_size(file.size or 0)
    size_bytes = await asyncio.to_thread(archive.unpacked_bytes, file.file, file.size or 0)
    await _check_quota(editor, size_bytes)
    return await tracks.upload_tracks(
        editor.session,
        trip_id,
        file.file,
        file_name=name,
        file_bytes=file.size or 0,
        rider_id=editor.rider_id,
        storage=editor.storage,
    )


async def _keep_photo(editor: EditorRequest, trip_id: UUID, file: UploadFile, name: str) -> Photo:
    photo_rules.check_file_size(file.size or 0)
    image_formats.check_beginning(file.file)
    await _check_quota(editor, file.size or 0)
    return await photos.upload_photo(
        editor.session,
        trip_id,
        file.file,
        file_name=name,
        file_bytes=file.size or 0,
        rider_id=editor.rider_id,
        storage=editor.storage,
    )


async def _check_quota(editor: EditorRequest, size_bytes: int) -> None:
    await check_upload(
        editor.session,
        editor.page.resources,
        rider_id=editor.rider_id,
        size_bytes=size_bytes,
    )


async def _show_rows(
    editor: EditorRequest,
    trip: Trip,
    outcome: UploadOutcome,
    *,
    oob: bool = False,
    oob_dates: bool = False,
    status: int = 200,
) -> Response:
    """Rows alone; with `oob` the checklist, too, for htmx to put where it belongs."""
    context: dict[str, Any] = editor.context(await editor.load(trip))
    context |= {"oob": oob, "oob_dates": oob_dates}
    return editor.page.show(
        "editor/rows_alone.html",
        status=status,
        tracks=outcome.tracks,
        photos=outcome.photos,
        refused=outcome.refused,
        is_unready=False,
        **context,
    )


async def _after_change(editor: EditorRequest, trip: Trip) -> Response:
    """A row is gone: nothing in its place, or without a script the editor, its text kept."""
    if editor.is_from_script:
        return await _show_rows(editor, trip, UploadOutcome(), oob=True)
    slug, state = trip.slug, await editor.load(trip)
    form = await editor.save(state)
    if form.errors:
        return await editor.show(slug, form=form)
    return redirect(f"/trips/{state.trip.slug}/edit#files")
