"""Reading forms into the same input models that JSON uses, with our own words for mistakes."""

from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from pydantic import BaseModel, ValidationError

from contravento.kit.errors import AppError
from contravento.kit.languages import translate
from contravento.kit.mistakes import sentence_for


@dataclass(frozen=True, slots=True)
class Form[M: BaseModel]:
    """What was typed, what was wrong with it (in the reader's language) and the result if not."""

    typed: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    result: M | None = None

    def refused(self, refusal: AppError, language: str) -> "Form[M]":
        """The same form with a domain's refusal at the field that it is about."""
        words = translate(language, refusal.message, refusal.params)
        return Form(self.typed, {**self.errors, refusal.field or "": words})


async def read_form[M: BaseModel](
    request: Request, model: type[M], language: str, *, lists: tuple[str, ...] = ()
) -> Form[M]:
    """Fields that the model does not know are left out; an empty date is no date."""
    async with request.form() as sent:
        typed: dict[str, Any] = {}
        for name in model.model_fields:
            if name in lists:
                typed[name] = _split(sent.getlist(name))
            elif isinstance(value := sent.get(name), str):
                typed[name] = value.replace("\r\n", "\n")
    return validate(model, typed, language)


def validate[M: BaseModel](model: type[M], typed: dict[str, Any], language: str) -> Form[M]:
    given = {name: value if value != "" else _empty(model, name) for name, value in typed.items()}
    try:
        return Form(typed, result=model.model_validate(given))
    except ValidationError as wrong:
        errors = {}
        for problem in wrong.errors():
            sentence, params = sentence_for(problem)
            errors[str(problem["loc"][0]) if problem["loc"] else ""] = translate(
                language, sentence, params
            )
        return Form(typed, errors)
    except AppError as refusal:  # raised by a rule that a model asks
        return Form(typed).refused(refusal, language)


def _empty(model: type[BaseModel], name: str) -> object:
    return "" if model.model_fields[name].annotation is str or _is_text(model, name) else None


def _is_text(model: type[BaseModel], name: str) -> bool:
    return "date" not in str(model.model_fields[name].annotation).lower() and not name.endswith(
        "_on"
    )


def _split(values: list[Any]) -> list[str]:
    """Several fields of one name, or one field with commas."""
    return [tag.strip() for value in values for tag in str(value).split(",") if tag.strip()]
