"""What the editor's page shows: a trip, its files, and what is still to be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contravento.kit.clock import now
from contravento.kit.database.session import Session
from contravento.kit.i18n.catalogue import translate
from contravento.kit.i18n.marks import N_
from contravento.photos import queries as photos
from contravento.photos.models import Photo
from contravento.tracks import queries as tracks
from contravento.tracks.models import Track
from contravento.trips.models import Trip
from contravento.trips.rules import Audience, missing_to_publish
from contravento.web.rendering import formats


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """A line of the checklist: done, needed, or only recommended."""

    is_done: bool
    sentence: str
    field: str
    params: Mapping[str, object]
    is_needed: bool = True


@dataclass(frozen=True, slots=True)
class EditorState:
    trip: Trip
    tracks: Sequence[Track]
    photos: Sequence[Photo]

    @property
    def steps(self) -> list[ChecklistItem]:
        missing = {
            lacking.field: lacking
            for lacking in missing_to_publish(title=self.trip.title, story=self.trip.story)
        }
        steps = []
        for field, done in (("title", N_("a title")), ("story", N_("a story"))):
            lacking = missing.get(field)
            sentence, params = (lacking.sentence, lacking.params) if lacking else (done, {})
            steps.append(ChecklistItem(lacking is None, sentence, field, params))
        has_files = bool(self.tracks or self.photos)
        sentence = N_("a track or a photograph, if you have one")
        return [*steps, ChecklistItem(has_files, sentence, "files", {}, is_needed=False)]

    @property
    def is_ready(self) -> bool:
        return all(step.is_done for step in self.steps if step.is_needed)


async def load_state(session: Session, trip: Trip) -> EditorState:
    return EditorState(
        trip,
        await tracks.list_tracks(session, trip.id),
        await photos.list_photos(session, trip.id),
    )


def describe_saving(trip: Trip, language: str) -> str:
    """'Saved at 21:47 UTC. Only you can see it.'"""
    if trip.updated_at == trip.created_at and not trip.is_published:
        sentence = translate(language, N_("A new draft."))
    elif trip.updated_at.date() == now().date():
        time = {"time": f"{trip.updated_at:%H:%M}"}
        sentence = translate(language, N_("Saved at %(time)s UTC."), time)
    else:
        when = {"moment": formats.moment(trip.updated_at, language)}
        sentence = translate(language, N_("Saved on %(moment)s."), when)
    return f"{sentence} {translate(language, _describe_readers(trip))}"


def _describe_readers(trip: Trip) -> str:
    if not trip.is_published:
        return N_("Only you can see it.")
    return {
        Audience.EVERYONE: N_("Everyone can read it."),
        Audience.LINK: N_("Whoever has the link can read it."),
    }.get(trip.audience, N_("Only you can see it."))
