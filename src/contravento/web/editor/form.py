"""The editor's form: what was typed of a trip and under its photos, and saving it."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from starlette.datastructures import FormData

from contravento.kit.database.session import Session
from contravento.kit.errors import Conflict
from contravento.kit.i18n.marks import N_
from contravento.photos import service as photos
from contravento.photos.inputs import PhotoChanges
from contravento.trips import service as trips
from contravento.trips.inputs import TripChanges, TripDraft
from contravento.trips.models import Trip
from contravento.web.editor.state import EditorState
from contravento.web.rendering.forms import Form, carry_out, read_fields, validate

DAYS = ("starts_on", "ends_on")


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


async def save_form(
    fields: FormData, session: Session, state: EditorState, language: str
) -> Form[TripForm]:
    """Save what was typed, of the trip and under its photos; a mistake holds up only itself.

    Captions come first: a refused trip is rolled back, and would have to be read again for them.
    """
    form = read_fields(fields, TripForm, language, lists=("tags",))
    if not form.typed:
        return form

    async def change(typed: TripForm) -> Trip:
        if _is_outdated(typed.updated_at, state.trip):
            raise ChangedElsewhere
        return await trips.change_trip(session, state.trip, typed.changes)

    captions = await save_captions(fields, session, state, language)
    saved = form if form.result else validate(TripForm, _without_mistakes(form), language)
    outcome, _ = await carry_out(session, saved, change, language)
    return replace(
        form,
        typed=form.typed | captions.typed,
        errors=form.errors | outcome.errors | captions.errors,
        refusal=outcome.refusal,
    )


async def save_captions(
    fields: FormData, session: Session, state: EditorState, language: str
) -> Form[PhotoChanges]:
    """Captions and descriptions that differ from those we have, named as the fields are."""
    captions = Form[PhotoChanges]()
    for photo in state.photos:
        typed = {
            name: str(fields[f"{name}-{photo.id}"])
            for name in ("caption", "alt")
            if f"{name}-{photo.id}" in fields
        }
        if all(getattr(photo, name) == text for name, text in typed.items()):
            continue
        form = validate(PhotoChanges, typed, language)
        captions.typed.update({f"{name}-{photo.id}": text for name, text in typed.items()})
        captions.errors.update({f"{name}-{photo.id}": text for name, text in form.errors.items()})
        if form.result:
            await photos.change_photo(session, state.trip, photo, form.result)
    return captions


def _without_mistakes(form: Form[TripForm]) -> dict[str, Any]:
    wrong = set(form.errors)
    if wrong & set(DAYS):  # either may be the mistaken one
        wrong |= set(DAYS)
    return {name: value for name, value in form.typed.items() if name not in wrong}


def _is_outdated(shown_at: str, trip: Trip) -> bool:
    """Whether the trip was changed after the form was shown; one that does not say is trusted."""
    if not shown_at:
        return False
    try:
        return datetime.fromisoformat(shown_at) < trip.updated_at
    except (ValueError, TypeError):
        return True
