"""What a person may say about a photo, by form or by JSON."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, FailFast, Field, StringConstraints

from contravento.kit.inputs import Input
from contravento.kit.text_rules import check_line
from contravento.photos.rules import (
    MAX_ALT_CHARACTERS,
    MAX_CAPTION_CHARACTERS,
    MAX_PHOTOS_PER_TRIP,
)
from contravento.trips.inputs import Text

type Caption = Annotated[
    Text,
    StringConstraints(strip_whitespace=True, max_length=MAX_CAPTION_CHARACTERS),
    AfterValidator(check_line),
]
type Alt = Annotated[
    Text,
    StringConstraints(strip_whitespace=True, max_length=MAX_ALT_CHARACTERS),
    AfterValidator(check_line),
]


class PhotoChanges(Input):
    """Only what is named changes."""

    caption: Caption | None = None
    alt: Alt | None = None


class PhotoOrder(Input):
    ids: Annotated[list[UUID], FailFast(), Field(max_length=MAX_PHOTOS_PER_TRIP)]
