"""File uploads of the API: read to disk before any transaction begins."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated, Any, BinaryIO, TypedDict
from uuid import UUID

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile

from contravento.http.dependencies import ResourcesOf, authenticate
from contravento.http.upload_quota import check_upload
from contravento.kit.errors import Invalid, Unauthorized
from contravento.kit.i18n.marks import N_
from contravento.kit.text_rules import safe_file_name
from contravento.trips.queries import get_own_trip


class FormLimits(TypedDict):
    max_files: int
    max_fields: int
    max_part_size: int


FORM_LIMITS = FormLimits(max_files=2, max_fields=10, max_part_size=64 * 1024)


class FileNeeded(Invalid):
    field = "file"
    message = N_("Send one file, as the field “file” of a multipart form.")


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """What was sent: the file, its name without any folder, and the form's other fields."""

    file: BinaryIO
    name: str
    size_bytes: int
    fields: dict[str, str]


async def _signed_in_first(request: Request, resources: ResourcesOf) -> UUID:
    """Nobody's file is read. The transaction ends here: a slow upload must not hold it."""
    viewer = await authenticate(request)
    if viewer is None:
        raise Unauthorized
    async with resources.transaction() as session:
        announced = request.headers.get("content-length", "")
        size_bytes = int(announced) if announced.isdecimal() else 0
        await check_upload(session, resources, rider_id=viewer.id, size_bytes=size_bytes)
    return viewer.id


async def _own_trip_first(
    trip_id: UUID, resources: ResourcesOf, rider_id: Annotated[UUID, Depends(_signed_in_first)]
) -> None:
    async with resources.transaction() as session:
        await get_own_trip(session, trip_id, rider_id=rider_id)


def _reader(check: Callable[..., Any]) -> Callable[..., AsyncIterator[UploadedFile]]:
    """Reads the file once `check` has let its sender in."""

    async def read(
        request: Request, _passed: Annotated[Any, Depends(check)]
    ) -> AsyncIterator[UploadedFile]:
        async with request.form(**FORM_LIMITS) as form:
            yield _upload_in(form)

    return read


UploadForRider = Annotated[UploadedFile, Depends(_reader(_signed_in_first))]
UploadForTrip = Annotated[UploadedFile, Depends(_reader(_own_trip_first))]


def check_fields[M: BaseModel](upload: UploadedFile, model: type[M]) -> M:
    """The form's other fields as an input model. Raises RequestValidationError."""
    try:
        return model.model_validate(upload.fields)
    except ValidationError as wrong:
        errors = [{**error, "loc": ("body", *error["loc"])} for error in wrong.errors()]
        raise RequestValidationError(errors) from wrong


def _upload_in(form: FormData) -> UploadedFile:
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise FileNeeded
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    return UploadedFile(file.file, safe_file_name(file.filename), file.size or 0, fields)


def form_schema(**others: dict[str, Any]) -> dict[str, Any]:
    """How the form looks in the API's description: FastAPI cannot know, since we read it."""
    properties = {"file": {"type": "string", "format": "binary"}, **others}
    schema = {"type": "object", "required": ["file"], "properties": properties}
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    }
