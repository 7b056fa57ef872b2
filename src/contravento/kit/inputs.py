"""What every input model has in common: it knows its fields, and refuses others cheaply."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from contravento.kit.i18n.marks import N_

MOST_FIELDS = 50  # no input has as many; each unknown one would become an error of its own


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _has_few_fields(cls, given: Any) -> Any:
        if isinstance(given, dict) and len(given) > MOST_FIELDS:
            raise ValueError(N_("There are more fields in it than any of ours has."))
        return given
