"""What every route of the editor works with: the rider, what they sent, and the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response
from starlette.datastructures import FormData

from contravento.http.dependencies import Transaction
from contravento.kit.database.session import Session
from contravento.kit.i18n.catalogue import translate
from contravento.kit.storage.storage import Storage
from contravento.photos.rules import MAX_ALT_CHARACTERS, MAX_CAPTION_CHARACTERS, MAX_PHOTO_BYTES
from contravento.tracks.receipt import make_receipt
from contravento.tracks.rules import LARGEST_FILE_BYTES
from contravento.trips import queries
from contravento.trips.models import Trip
from contravento.trips.rules import MAX_TAGS, MAX_TITLE_CHARACTERS
from contravento.web.auth import RiderOnly
from contravento.web.editor.form import ChangedElsewhere, TripForm, save_form
from contravento.web.editor.outline import outline_path
from contravento.web.editor.state import EditorState, describe_saving, load_state
from contravento.web.rendering.forms import Form, SubmittedForm
from contravento.web.rendering.page import Page, PageFor

LIMITS = {
    "title": MAX_TITLE_CHARACTERS,
    "tags": MAX_TAGS,
    "caption": MAX_CAPTION_CHARACTERS,
    "alt": MAX_ALT_CHARACTERS,
    "track_bytes": LARGEST_FILE_BYTES,
    "photo_bytes": MAX_PHOTO_BYTES,
}


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that was not taken, and why."""

    file_name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class EditorRequest:
    """A rider at work on one of their trips. `fields` were read before the transaction began."""

    request: Request
    fields: FormData
    session: Session
    page: Page
    rider_id: UUID

    @property
    def language(self) -> str:
        return self.page.language

    @property
    def storage(self) -> Storage:
        return self.page.resources.storage

    @property
    def is_from_script(self) -> bool:
        return is_from_script(self.request)

    async def open(self, slug: str) -> EditorState:
        """The trip, locked, and its files. Raises TripNotFound for anybody but its rider."""
        trip = await queries.get_own_trip_by_slug(self.session, slug, rider_id=self.rider_id)
        return await self.load(trip)

    async def load(self, trip: Trip) -> EditorState:
        return await load_state(self.session, trip)

    async def save(self, state: EditorState) -> Form[TripForm]:
        return await save_form(self.fields, self.session, state, self.language)

    async def show(
        self,
        slug: str,
        *,
        form: Form[TripForm] | None = None,
        refused: Sequence[RefusedFile] = (),
        status: int | None = None,
    ) -> Response:
        """The whole page. Its trip is read anew: a refusal may have rolled back what we had."""
        state = await self.open(slug)
        typed = form or Form[TripForm]()
        is_conflict = isinstance(typed.refusal, ChangedElsewhere)
        return self.page.show(
            "editor/edit.html",
            status=status or (409 if is_conflict else 422 if refused else typed.status),
            refused=refused,
            is_conflict=is_conflict,
            is_unready=status == 409,
            **self.context(state, typed),
        )

    def context(self, state: EditorState, form: Form[TripForm] | None = None) -> dict[str, Any]:
        """What the editor's templates need, the whole page's as well as a row's."""
        return {
            "state": state,
            "trip": state.trip,
            "say": partial(translate, self.language),
            "sketch": outline_path,
            "receipt_of": make_receipt,
            "saved": describe_saving(state.trip, self.language),
            "form": form or Form[TripForm](),
            "oob": False,
            "oob_dates": False,
            "limits": LIMITS,
        }


def is_from_script(request: Request) -> bool:
    """Asked for a piece of a page: by htmx, or by our scripts, which accept HTML and only that."""
    headers = request.headers
    is_script = "hx-request" in headers or "x-requested-with" in headers
    return is_script or headers.get("accept") == "text/html"


async def _editor_request(
    request: Request, fields: SubmittedForm, session: Transaction, viewer: RiderOnly, page: PageFor
) -> EditorRequest:
    return EditorRequest(request, fields, session, page, viewer.id)


Editor = Annotated[EditorRequest, Depends(_editor_request)]
