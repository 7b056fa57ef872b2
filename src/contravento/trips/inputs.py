"""Input models of trips, for forms and JSON."""

from datetime import date
from typing import Annotated, Self

from pydantic import AfterValidator, FailFast, Field, StringConstraints, model_validator

from contravento.kit.i18n.marks import N_
from contravento.kit.inputs import Input
from contravento.kit.text_rules import check_line
from contravento.trips.rules import (
    MAX_STORY_CHARACTERS,
    MAX_TAG_CHARACTERS,
    MAX_TAGS,
    MAX_TITLE_CHARACTERS,
    Audience,
    check_dates,
    clean_tags,
)


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError(N_("A character in it cannot be kept."))
    return text


type Text = Annotated[str, AfterValidator(_without_nul)]
type Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=MAX_TITLE_CHARACTERS),
    AfterValidator(_without_nul),
    AfterValidator(check_line),
]
type Story = Annotated[
    str, StringConstraints(max_length=MAX_STORY_CHARACTERS), AfterValidator(_without_nul)
]
type Tag = Annotated[
    str,
    StringConstraints(max_length=MAX_TAG_CHARACTERS),
    AfterValidator(_without_nul),
    AfterValidator(check_line),
]
type Tags = Annotated[list[Tag], FailFast(), AfterValidator(clean_tags), Field(max_length=MAX_TAGS)]
# Days that a person can have ridden on; also what every calendar we print with can show.
type Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31))]


class TripDraft(Input):
    """A whole trip; whatever is left out is empty."""

    title: Title = ""
    story: Story = ""
    starts_on: Day | None = None
    ends_on: Day | None = None
    tags: Tags = []
    audience: Audience = Audience.EVERYONE

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        check_dates(self.starts_on, self.ends_on)
        return self


class TripChanges(Input):
    """Only what is named changes."""

    title: Title | None = None
    story: Story | None = None
    starts_on: Day | None = None
    ends_on: Day | None = None
    tags: Tags | None = None
    audience: Audience | None = None
