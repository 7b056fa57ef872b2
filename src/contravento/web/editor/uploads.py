"""Tracks and photos on their way into a trip, each a row that tells how it is getting on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form as FormField, Request, Response
from starlette.datastructures import UploadFile

from contravento.http.dependencies import ResourcesOf, Transaction
from contravento.kit.database.session import Session
from contravento.kit.errors import NotFound
from contravento.kit.i18n.catalogue import translate
from contravento.kit.storage.storage import Storage
from contravento.photos import queries as photo_queries, rules as photo_rules, service as photos
from contravento.photos.models import Photo
from contravento.tracks import queries as track_queries, rules as track_rules, service as tracks
from contravento.tracks.errors import EmptyFile, FileTooLarge
from contravento.tracks.models import Track
from contravento.trips import queries as trip_queries
from contravento.trips.models import Trip
from contravento.web.auth import RiderOnly, redirect
from contravento.web.editor import state as desks
from contravento.web.editor.state import Received, Refused
from contravento.web.rendering.forms import attempt, files_in
from contravento.web.rendering.page import Page, PageFor

router = APIRouter()

TRACK_ENDINGS = (".gpx", ".fit", ".tcx", ".gpx.gz", ".fit.gz", ".tcx.gz", ".xml", ".kml")
MAX_NAME_CHARACTERS = 200
MEGABYTE = 1024 * 1024
NOTHING_NEW = 204  # htmx leaves the row as it is, and no reader speaks it again


async def _storage(resources: ResourcesOf) -> Storage:
    return resources.storage


StorageOf = Annotated[Storage, Depends(_storage)]


@dataclass(slots=True)
class UploadOutcome:
    """What became of the files of one form."""

    tracks: list[Track] = field(default_factory=list)
    photos: list[Photo] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


@router.post("/trips/{slug}/tracks")
async def send_tracks(
    slug: str,
    sent: Received,
    request: Request,
    session: Transaction,
    viewer: RiderOnly,
    storage: StorageOf,
    page: PageFor,
) -> Response:
    return await _take(slug, sent, request, session, viewer.id, storage, page, kind="track")


@router.post("/trips/{slug}/photos")
async def send_photos(
    slug: str,
    sent: Received,
    request: Request,
    session: Transaction,
    viewer: RiderOnly,
    storage: StorageOf,
    page: PageFor,
) -> Response:
    return await _take(slug, sent, request, session, viewer.id, storage, page, kind="photo")


@router.get("/tracks/{track_id}/row")
async def show_track(
    track_id: UUID,
    session: Transaction,
    viewer: RiderOnly,
    page: PageFor,
    shown: str = "",
    starts_on: str | None = None,
    ends_on: str | None = None,
) -> Response:
    """Once it is read, also the days it was ridden on, where the form that asks has none."""
    track = await track_queries.get_own_track(session, track_id, rider_id=viewer.id)
    if track.state == shown:
        return Response(status_code=NOTHING_NEW)
    has_no_days = starts_on == ends_on == ""
    return await _show_rows(
        page,
        session,
        track.trip,
        tracks=[track],
        oob=track.is_settled,
        oob_dates=track.is_settled and has_no_days and track.trip.starts_on is not None,
    )


@router.get("/photos/{photo_id}/row")
async def show_photo(
    photo_id: UUID, session: Transaction, viewer: RiderOnly, page: PageFor, shown: str = ""
) -> Response:
    photo = await photo_queries.get_own_photo(session, photo_id, rider_id=viewer.id)
    if photo.state == shown:
        return Response(status_code=NOTHING_NEW)
    return await _show_rows(page, session, photo.trip, photos=[photo], oob=photo.is_settled)


@router.post("/tracks/{track_id}/removal")
async def remove_track(
    track_id: UUID,
    sent: Received,
    request: Request,
    session: Transaction,
    viewer: RiderOnly,
    page: PageFor,
) -> Response:
    track = await track_queries.get_own_track(session, track_id, rider_id=viewer.id)
    await tracks.delete_track(session, track_id, rider_id=viewer.id)
    return await _after(request, sent, session, track.trip, viewer.id, page)


@router.post("/photos/{photo_id}/removal")
async def remove_photo(
    photo_id: UUID,
    sent: Received,
    request: Request,
    session: Transaction,
    viewer: RiderOnly,
    page: PageFor,
) -> Response:
    photo = await photo_queries.get_own_photo(session, photo_id, rider_id=viewer.id)
    await photos.delete_photo(session, photo_id, rider_id=viewer.id)
    return await _after(request, sent, session, photo.trip, viewer.id, page)


@router.post("/photos/{photo_id}/place")
async def move_photo(
    photo_id: UUID,
    to: Annotated[Literal["earlier", "later"], FormField()],
    sent: Received,
    request: Request,
    session: Transaction,
    viewer: RiderOnly,
    page: PageFor,
) -> Response:
    """One place on. The script changes the two rows' places, so it is given the two."""
    photo = await photo_queries.get_own_photo(session, photo_id, rider_id=viewer.id)
    desk = await desks.lay_out(session, photo.trip)
    await desks.keep_words(sent, session, desk, viewer.id, page.language)
    order = [each.id for each in desk.photos]
    here = order.index(photo_id)
    there = here + (1 if to == "later" else -1)
    if 0 <= there < len(order):
        order[here], order[there] = order[there], order[here]
        await photos.order_photos(session, desk.trip.id, order, rider_id=viewer.id)
    if not is_from_script(request):
        return await _after(request, sent, session, desk.trip, viewer.id, page)
    fresh = await desks.lay_out(session, desk.trip)
    other = next((each for each in fresh.photos if each.id == order[here]), photo)
    return page.show(
        "editor/moved.html", moved=photo, other=other, **desks.context(fresh, page.language)
    )


def is_from_script(request: Request) -> bool:
    """Asked for a piece of a page: by htmx, or by our scripts, which accept HTML and only that."""
    headers = request.headers
    asked = "hx-request" in headers or "x-requested-with" in headers
    return asked or headers.get("accept") == "text/html"


def is_track(file_name: str) -> bool:
    return file_name.lower().endswith(TRACK_ENDINGS)


async def keep_files(
    session: Session,
    trip_id: UUID,
    files: Sequence[UploadFile],
    rider_id: UUID,
    storage: Storage,
    language: str,
    kind: Literal["track", "photo"] | None = None,
) -> UploadOutcome:
    """Keep each file that can be kept; without a `kind` a file's ending tells it."""
    kept = UploadOutcome()
    for file in files:
        name = plain_name(file.filename)
        as_track = kind == "track" if kind else is_track(name)
        take = _take_track if as_track else _take_photo
        made, refusal = await attempt(
            session, take(session, trip_id, file, name, rider_id, storage)
        )
        if isinstance(made, Track):
            kept.tracks.append(made)
        elif isinstance(made, Photo):
            kept.photos.append(made)
        elif isinstance(refusal, NotFound):
            raise refusal
        elif refusal:
            words = translate(language, refusal.message, refusal.params)
            kept.refused.append(Refused(name, words))
    return kept


def plain_name(name: str | None) -> str:
    """A file's name without any folder and without what cannot be shown."""
    last = PurePosixPath((name or "").replace("\\", "/")).name
    printable = "".join(character for character in last if character.isprintable())
    return printable.encode("utf-8", "replace").decode()[-MAX_NAME_CHARACTERS:] or "file"


async def _take(
    slug: str,
    sent: Received,
    request: Request,
    session: Session,
    rider_id: UUID,
    storage: Storage,
    page: Page,
    *,
    kind: Literal["track", "photo"],
) -> Response:
    trip = await trip_queries.get_own_trip_by_slug(session, slug, rider_id=rider_id)
    files = files_in(sent, "file")
    kept = await keep_files(session, trip.id, files, rider_id, storage, page.language, kind)
    if is_from_script(request):
        return await _show_rows(
            page,
            session,
            trip,
            tracks=kept.tracks,
            photos=kept.photos,
            refused=kept.refused,
            status=202,
        )
    if kept.refused:
        return await desks.show_desk(page, session, slug, rider_id=rider_id, refused=kept.refused)
    return redirect(f"/trips/{trip.slug}/edit#files")


async def _take_track(
    session: Session, trip_id: UUID, file: UploadFile, name: str, rider_id: UUID, storage: Storage
) -> Track:
    if not file.size:
        raise EmptyFile
    if file.size > track_rules.LARGEST_FILE_BYTES:
        raise FileTooLarge(megabytes=track_rules.LARGEST_FILE_BYTES // MEGABYTE)
    return await tracks.upload_track(
        session,
        trip_id,
        file.file,
        file_name=name,
        file_bytes=file.size,
        rider_id=rider_id,
        storage=storage,
    )


async def _take_photo(
    session: Session, trip_id: UUID, file: UploadFile, name: str, rider_id: UUID, storage: Storage
) -> Photo:
    photo_rules.check_file_size(file.size or 0)
    return await photos.upload_photo(
        session,
        trip_id,
        file.file,
        file_name=name,
        file_bytes=file.size or 0,
        rider_id=rider_id,
        storage=storage,
    )


async def _show_rows(
    page: Page,
    session: Session,
    trip: Trip,
    *,
    tracks: Sequence[Track] = (),
    photos: Sequence[Photo] = (),
    refused: Sequence[Refused] = (),
    oob: bool = False,
    oob_dates: bool = False,
    status: int = 200,
) -> Response:
    """Rows alone; with `oob` the checklist, too, for htmx to put where it belongs."""
    desk = await desks.lay_out(session, trip)
    shown: dict[str, Any] = desks.context(desk, page.language)
    shown |= {"oob": oob, "oob_dates": oob_dates}
    return page.show(
        "editor/rows_alone.html",
        status=status,
        tracks=tracks,
        photos=photos,
        refused=refused,
        is_unready=False,
        **shown,
    )


async def _after(
    request: Request, sent: Received, session: Session, trip: Trip, rider_id: UUID, page: Page
) -> Response:
    """A row is gone: nothing in its place, or without a script the editor, its text kept."""
    if is_from_script(request):
        return await _show_rows(page, session, trip, oob=True)
    slug, desk = trip.slug, await desks.lay_out(session, trip)
    form = await desks.keep(sent, session, desk, rider_id=rider_id, language=page.language)
    if form.errors:
        return await desks.show_desk(page, session, slug, rider_id=rider_id, form=form)
    return redirect(f"/trips/{desk.trip.slug}/edit#files")
