"""Parses forms into the input models that JSON uses, with our own messages."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile

from contravento.http.dependencies import authenticate
from contravento.http.replica_routing import SAFE_METHODS
from contravento.kit.database.session import Session
from contravento.kit.errors import AppError, TooManyRequests, Unauthorized
from contravento.kit.i18n.catalogue import translate
from contravento.kit.validation_messages import sentence_for


@dataclass(frozen=True, slots=True)
class Form[M: BaseModel]:
    """What was typed, what was wrong with it (in the reader's language) and the result if not."""

    typed: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    result: M | None = None
    refusal: AppError | None = None

    @property
    def status(self) -> int:
        """What a page answers that shows this form."""
        if isinstance(self.refusal, TooManyRequests):
            return self.refusal.status
        return 422 if self.errors else 200

    @property
    def headers(self) -> dict[str, str]:
        wait = self.refusal.retry_after_seconds if self.refusal else None
        return {"Retry-After": str(wait)} if wait else {}

    def refused(self, refusal: AppError, language: str, field: str | None = None) -> "Form[M]":
        """The same form with a domain's refusal at the field that it is about."""
        sentence = translate(language, refusal.message, refusal.params)
        where = field or refusal.field or ""
        return Form(self.typed, {**self.errors, where: sentence}, refusal=refusal)

    def renamed(self, wrong: str, right: str) -> "Form[M]":
        """The same form with a mistake moved to the field that has another name here."""
        return replace(
            self,
            errors={right if at == wrong else at: sentence for at, sentence in self.errors.items()},
        )


async def _submitted(request: Request) -> AsyncIterator[FormData]:
    """A rider's form with its files. Nobody else's is read, and reading holds no connection."""
    if request.method in SAFE_METHODS:
        yield FormData()
        return
    if await authenticate(request) is None:
        raise Unauthorized
    async with request.form() as form:
        yield form


SubmittedForm = Annotated[FormData, Depends(_submitted)]


async def read_form[M: BaseModel](
    request: Request, model: type[M], language: str, *, lists: tuple[str, ...] = ()
) -> Form[M]:
    """Fields that the model does not know are left out; an empty date is no date."""
    return read_fields(await request.form(), model, language, lists=lists)


def read_fields[M: BaseModel](
    fields: FormData, model: type[M], language: str, *, lists: tuple[str, ...] = ()
) -> Form[M]:
    typed: dict[str, Any] = {}
    for name in model.model_fields:
        if name in lists:
            if name in fields:
                typed[name] = _split(fields.getlist(name))
        elif isinstance(value := fields.get(name), str):
            typed[name] = value.replace("\r\n", "\n")
    return validate(model, typed, language)


def files_in(fields: FormData, *names: str) -> list[UploadFile]:
    """A file field that nothing was chosen for is sent as a file without a name."""
    files = [file for name in names for file in fields.getlist(name)]
    return [file for file in files if isinstance(file, UploadFile) and file.filename]


async def carry_out[M: BaseModel, T](
    session: Session, form: Form[M], act: Callable[[M], Awaitable[T]], language: str
) -> tuple[Form[M], T | None]:
    """Do what a form asks for, unless it has mistakes; a refusal becomes one and undoes the act."""
    if form.result is None:
        return form, None
    try:
        async with session.begin_nested():
            return form, await act(form.result)
    except AppError as refusal:
        return form.refused(refusal, language), None


async def attempt[T](session: Session, act: Awaitable[T]) -> tuple[T | None, AppError | None]:
    """What came of it, or why it was refused; then nothing of it was done."""
    try:
        async with session.begin_nested():
            return await act, None
    except AppError as refusal:
        return None, refusal


def validate[M: BaseModel](model: type[M], typed: dict[str, Any], language: str) -> Form[M]:
    values = {name: value if value != "" else _empty(name) for name, value in typed.items()}
    try:
        return Form(typed, result=model.model_validate(values))
    except ValidationError as wrong:
        errors = {}
        for problem in wrong.errors():
            sentence, params = sentence_for(problem)
            errors[str(problem["loc"][0]) if problem["loc"] else ""] = translate(
                language, sentence, params
            )
        return Form(typed, errors)
    except AppError as refusal:  # raised by a rule that a model asks
        return Form[M](typed).refused(refusal, language)


def _empty(name: str) -> str | None:
    """Nothing typed is no date, but an empty text."""
    return None if name.endswith("_on") else ""


def _split(values: list[Any]) -> list[str]:
    """Several fields of one name, or one field with commas."""
    return [tag.strip() for value in values for tag in str(value).split(",") if tag.strip()]
