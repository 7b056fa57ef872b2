"""What the editor's page shows and keeps: a trip, its files, and what is still to be done."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from math import cos, radians
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response
from starlette.datastructures import FormData

from contravento.http.dependencies import ResourcesOf, authenticate
from contravento.kit.clock import now
from contravento.kit.database.session import Session
from contravento.kit.errors import Conflict, Unauthorized
from contravento.kit.i18n.catalogue import translate
from contravento.kit.i18n.marks import N_
from contravento.photos import queries as photo_queries, service as photo_service
from contravento.photos.inputs import PhotoChanges
from contravento.photos.models import Photo
from contravento.photos.rules import (
    MAX_ALT_CHARACTERS,
    MAX_CAPTION_CHARACTERS,
    MAX_PHOTO_BYTES,
)
from contravento.tracks import queries as track_queries
from contravento.tracks.models import Track
from contravento.tracks.rules import LARGEST_FILE_BYTES
from contravento.trips import queries, service
from contravento.trips.inputs import TripChanges, TripDraft
from contravento.trips.models import Trip
from contravento.trips.rules import (
    MAX_TAGS,
    MAX_TITLE_CHARACTERS,
    Audience,
    missing_to_publish,
)
from contravento.web.rendering import formats
from contravento.web.rendering.forms import Form, carry_out, read_fields, validate
from contravento.web.rendering.page import Page

DAYS = ("starts_on", "ends_on")
OUTLINE_WIDTH, OUTLINE_HEIGHT, OUTLINE_MARGIN = 64, 48, 6


class ChangedElsewhere(Conflict):
    message = N_("This trip was changed in another window meanwhile. Nothing was overwritten.")


class TripForm(TripDraft):
    """The editor's form: a trip, and as what it was shown when the form was filled in."""

    updated_at: str = ""
    shown_starts_on: str | None = None
    shown_ends_on: str | None = None

    @property
    def changes(self) -> TripChanges:
        """What was sent. A day left as it was shown may meanwhile have come from a track."""
        named = self.model_fields_set & TripChanges.model_fields.keys()
        left = {name for name in DAYS if self._as_typed(name) == getattr(self, f"shown_{name}")}
        return TripChanges.model_validate({name: getattr(self, name) for name in named - left})

    def _as_typed(self, name: str) -> str | None:
        day: date | None = getattr(self, name)
        return day.isoformat() if day else None


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """A line of the checklist: done, needed, or only recommended."""

    is_done: bool
    sentence: str
    field: str
    params: Mapping[str, object]
    is_needed: bool = True


@dataclass(frozen=True, slots=True)
class Desk:
    trip: Trip
    tracks: Sequence[Track]
    photos: Sequence[Photo]

    @property
    def steps(self) -> list[ChecklistItem]:
        missing = {
            each.field: each
            for each in missing_to_publish(title=self.trip.title, story=self.trip.story)
        }
        needed = [("title", N_("a title")), ("story", N_("a story"))]
        steps = []
        for field, sentence in needed:
            lacking = missing.get(field)
            params = lacking.params if lacking else {}
            words = lacking.sentence if lacking else sentence
            steps.append(ChecklistItem(lacking is None, words, field, params))
        has_files = bool(self.tracks or self.photos)
        words = N_("a track or a photograph, if you have one")
        return [*steps, ChecklistItem(has_files, words, "files", {}, is_needed=False)]

    @property
    def is_ready(self) -> bool:
        return all(step.is_done for step in self.steps if step.is_needed)


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not taken, and why."""

    file_name: str
    sentence: str


async def open_desk(session: Session, slug: str, *, rider_id: UUID) -> Desk:
    """Raises TripNotFound for anybody but its rider."""
    trip = await queries.get_own_trip_by_slug(session, slug, rider_id=rider_id)
    return await lay_out(session, trip)


async def lay_out(session: Session, trip: Trip) -> Desk:
    tracks = await track_queries.list_tracks(session, trip.id)
    return Desk(trip, tracks, await photo_queries.list_photos(session, trip.id))


async def _received(request: Request, resources: ResourcesOf) -> AsyncIterator[FormData]:
    """A rider's form with its files. Nobody's is read, and reading it holds no transaction."""
    async with resources.transaction() as session:
        viewer = await authenticate(request, session)
    if viewer is None:
        raise Unauthorized
    async with request.form() as sent:
        yield sent


Received = Annotated[FormData, Depends(_received)]


async def keep(
    sent: FormData, session: Session, desk: Desk, *, rider_id: UUID, language: str
) -> Form[TripForm]:
    """Keep what was typed, of the trip and under its photos; a mistake holds up only itself."""
    form = read_fields(sent, TripForm, language, lists=("tags",))
    if not form.typed:
        return form

    async def change(given: TripForm) -> Trip:
        if _is_outdated(given.updated_at, desk.trip):
            raise ChangedElsewhere
        return await service.change_trip(session, desk.trip.id, given.changes, rider_id=rider_id)

    saved = form if form.result else validate(TripForm, _without_mistakes(form), language)
    after, _ = await carry_out(session, saved, change, language)
    words = await keep_words(sent, session, desk, rider_id, language)
    return replace(
        form,
        typed=form.typed | words.typed,
        errors=form.errors | after.errors | words.errors,
        refusal=after.refusal,
    )


async def keep_words(
    sent: FormData, session: Session, desk: Desk, rider_id: UUID, language: str
) -> Form[PhotoChanges]:
    """Captions and descriptions that differ from those we have, named as the fields are."""
    words = Form[PhotoChanges]()
    for photo in desk.photos:
        typed = {
            name: str(sent[f"{name}-{photo.id}"])
            for name in ("caption", "alt")
            if f"{name}-{photo.id}" in sent
        }
        if all(getattr(photo, name) == text for name, text in typed.items()):
            continue
        form = validate(PhotoChanges, typed, language)
        words.typed.update({f"{name}-{photo.id}": text for name, text in typed.items()})
        words.errors.update({f"{name}-{photo.id}": each for name, each in form.errors.items()})
        if form.result:
            await photo_service.change_photo(session, photo.id, form.result, rider_id=rider_id)
    return words


async def show_desk(
    page: Page,
    session: Session,
    slug: str,
    *,
    rider_id: UUID,
    form: Form[TripForm] | None = None,
    refused: Sequence[Refused] = (),
    status: int | None = None,
) -> Response:
    desk = await open_desk(session, slug, rider_id=rider_id)
    shown = form or Form[TripForm]()
    is_conflict = isinstance(shown.refusal, ChangedElsewhere)
    return page.show(
        "editor/edit.html",
        status=status or (409 if is_conflict else 422 if refused else shown.status),
        refused=refused,
        is_conflict=is_conflict,
        is_unready=status == 409,
        **context(desk, page.language, shown),
    )


def context(desk: Desk, language: str, form: Form[TripForm] | None = None) -> dict[str, Any]:
    """What the editor's templates need, the whole page's as well as a row's."""
    return {
        "desk": desk,
        "trip": desk.trip,
        "say": partial(translate, language),
        "sketch": sketch,
        "saved": describe_saving(desk.trip, language),
        "form": form or Form[TripForm](),
        "oob": False,
        "oob_dates": False,
        "limits": {
            "title": MAX_TITLE_CHARACTERS,
            "tags": MAX_TAGS,
            "caption": MAX_CAPTION_CHARACTERS,
            "alt": MAX_ALT_CHARACTERS,
            "track_bytes": LARGEST_FILE_BYTES,
            "photo_bytes": MAX_PHOTO_BYTES,
        },
    }


def describe_saving(trip: Trip, language: str) -> str:
    """'Saved at 21:47 UTC. Only you can see it.'"""
    if trip.updated_at == trip.created_at and not trip.is_published:
        saved = translate(language, N_("A new draft."))
    elif trip.updated_at.date() == now().date():
        time = {"time": f"{trip.updated_at:%H:%M}"}
        saved = translate(language, N_("Saved at %(time)s UTC."), time)
    else:
        when = {"moment": formats.moment(trip.updated_at, language)}
        saved = translate(language, N_("Saved on %(moment)s."), when)
    return f"{saved} {translate(language, _describe_readers(trip))}"


def sketch(lines: Sequence[Sequence[Sequence[float]]]) -> str:
    """The track's shape as the data of an SVG path, in a frame of OUTLINE_WIDTH by _HEIGHT."""
    points = [point for line in lines for point in line]
    if not points:
        return ""
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    narrow = cos(radians((south + north) / 2))
    width, height = max((east - west) * narrow, 1e-6), max(north - south, 1e-6)
    scale = min(
        (OUTLINE_WIDTH - 2 * OUTLINE_MARGIN) / width,
        (OUTLINE_HEIGHT - 2 * OUTLINE_MARGIN) / height,
    )
    left = (OUTLINE_WIDTH - width * scale) / 2
    top = (OUTLINE_HEIGHT - height * scale) / 2
    drawn = []
    for line in lines:
        places = [
            f"{left + (p[0] - west) * narrow * scale:.1f} {top + (north - p[1]) * scale:.1f}"
            for p in line
        ]
        drawn.append("M" + "L".join(places))
    return "".join(drawn)


def _describe_readers(trip: Trip) -> str:
    if not trip.is_published:
        return N_("Only you can see it.")
    return {
        Audience.EVERYONE: N_("Everyone can read it."),
        Audience.LINK: N_("Whoever has the link can read it."),
    }.get(trip.audience, N_("Only you can see it."))


def _without_mistakes(form: Form[TripForm]) -> dict[str, Any]:
    wrong = set(form.errors)
    if wrong & set(DAYS):  # either may be the mistaken one
        wrong |= set(DAYS)
    return {name: value for name, value in form.typed.items() if name not in wrong}


def _is_outdated(seen: str, trip: Trip) -> bool:
    """Whether the trip was changed after the form was shown; one that does not say is trusted."""
    if not seen:
        return False
    try:
        return datetime.fromisoformat(seen) < trip.updated_at
    except (ValueError, TypeError):
        return True
