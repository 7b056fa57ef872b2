"""URLs and sizes of pictures."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel

from contravento.accounts.models import Rider


class SizeOut(BaseModel):
    url: str
    width: int
    height: int


def photo_url(photo_id: UUID | str, size: str) -> str:
    return f"/photos/{photo_id}/{size}.jpg"


def photo_sizes(photo_id: UUID, sizes: dict[str, Any] | None) -> dict[str, SizeOut]:
    """The JPEGs; the same addresses give WebP where they end in `.webp`."""
    return {
        name: SizeOut(url=photo_url(photo_id, name), width=size["width"], height=size["height"])
        for name, size in (sizes or {}).items()
        if "." not in name
    }


def portrait_sizes(rider: Rider) -> dict[str, SizeOut] | None:
    if not rider.portrait:
        return None
    return {
        name: SizeOut(
            url=f"/riders/{rider.username}/portrait/{name}.jpg",
            width=size["width"],
            height=size["height"],
        )
        for name, size in rider.portrait.items()
        if "." not in name
    }
