"""Paginated lists, with an opaque cursor for the next page."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Query, Response
from pydantic import BaseModel

from contravento.feed.queries import Place
from contravento.kit.errors import Invalid
from contravento.kit.i18n.marks import N_

DEFAULT_LIMIT = 20
MAX_LIMIT = 50

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT_BYTES = 8
_ID_BYTES = 16


class BadCursor(Invalid):
    field = "cursor"
    message = N_("This is not a cursor of ours. Start again without one.")


class ListOf[T](BaseModel):
    items: list[T]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list is asked for."""

    limit: int
    before: Place | None


async def _window(
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> Window:
    return Window(limit, decode_cursor(cursor) if cursor is not None else None)


WindowOf = Annotated[Window, Depends(_window)]


def encode_cursor(place: Place) -> str:
    moment, row_id = place
    microseconds = (moment - _EPOCH) // timedelta(microseconds=1)
    packed = microseconds.to_bytes(_MOMENT_BYTES, "big", signed=True) + row_id.bytes
    return base64.urlsafe_b64encode(packed).decode()


def decode_cursor(cursor: str) -> Place:
    """Raises BadCursor."""
    try:
        packed = base64.b64decode(cursor, altchars=b"-_", validate=True)
        if len(packed) != _MOMENT_BYTES + _ID_BYTES:
            raise BadCursor
        microseconds = int.from_bytes(packed[:_MOMENT_BYTES], "big", signed=True)
        return _EPOCH + timedelta(microseconds=microseconds), UUID(bytes=packed[_MOMENT_BYTES:])
    except (binascii.Error, OverflowError, ValueError) as error:
        raise BadCursor from error


def answer_list(items: Sequence[dict[str, Any]], following: Place | None) -> Response:
    """Straight from plain values to bytes: lists are what is asked for most."""
    body = {"items": items, "next": encode_cursor(following) if following else None}
    # default: the driver's UUID is a subclass, which orjson leaves to us.
    packed = orjson.dumps(body, default=str, option=orjson.OPT_UTC_Z)
    return Response(packed, media_type="application/json")
