"""Files that riders send and the worker reads later: attempts counted, and refusals noted.

An upload waits until it is settled, ready or unreadable. An attempt is counted before the work
begins, so that a file that brings its process down is given up after a few.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar, cast
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm.interfaces import ORMOption

from contravento.kit.database.session import Session
from contravento.kit.errors import UnreadableFile
from contravento.kit.resources import Resources
from contravento.kit.storage.storage import StorageAway

KEEP_UNREADABLE = timedelta(days=7)  # so that its rider sees why
REMOVED_AT_ONCE = 100
MAX_ATTEMPTS = 3  # a file that took its process down so often is not tried again


class Upload[State: StrEnum]:
    """The columns that every uploaded file has, and its way from waiting to settled."""

    READY: ClassVar[StrEnum]
    UNREADABLE: ClassVar[StrEnum]
    REFUSAL: ClassVar[type[UnreadableFile]]  # what its reader raises

    id: Mapped[UUID]
    state: Mapped[State]
    file_name: Mapped[str]
    file_bytes: Mapped[int]
    file_key: Mapped[str]
    attempts: Mapped[int] = mapped_column(server_default="0")
    refusal: Mapped[dict[str, Any] | None]  # code, message, params: why it is unreadable

    @property
    def is_settled(self) -> bool:
        return self.state in (self.READY, self.UNREADABLE)

    def begin_attempt(self) -> None:
        self.attempts += 1

    def settle(self, state: State) -> None:
        self.state = state

    def refuse(self, refusal: UnreadableFile) -> None:
        self.settle(cast(State, self.UNREADABLE))
        self.refusal = as_json(refusal)


def as_json(refusal: UnreadableFile) -> dict[str, Any]:
    """A refusal as rows keep it, to be told in any language."""
    return {"code": refusal.kind, "message": refusal.message, "params": refusal.params}


@asynccontextmanager
async def attempt[U: Upload[Any]](
    resources: Resources, model: type[U], upload_id: UUID
) -> AsyncIterator[U | None]:
    """One attempt at an upload; None if it does not wait any more.

    No transaction is open inside. A refusal raised inside settles the upload. Where the storage is
    away, the file is not to blame: the attempt is taken back and the error raised.
    """
    async with resources.transaction() as session:
        upload = await _begin(session, model, upload_id)
    try:
        yield upload
    except StorageAway:
        async with resources.transaction() as session:
            await _take_back(session, model, upload_id)
        raise
    except model.REFUSAL as refusal:
        async with resources.transaction() as session:
            if refused := await session.get(model, upload_id, with_for_update=True):
                refused.refuse(refusal)


async def find_waiting[U: Upload[Any]](
    session: Session,
    model: type[U],
    upload_id: UUID,
    *,
    is_locked: bool = True,
    options: Sequence[ORMOption] = (),
) -> U | None:
    """The upload, to be finished; None if it was deleted or settled meanwhile."""
    upload = await session.get(model, upload_id, options=options, with_for_update=is_locked)
    return None if upload is None or upload.is_settled else upload


async def _begin[U: Upload[Any]](session: Session, model: type[U], upload_id: UUID) -> U | None:
    """Count the attempt; an upload that failed too often is given up."""
    upload = await find_waiting(session, model, upload_id)
    if upload is None:
        return None
    if upload.attempts >= MAX_ATTEMPTS:
        upload.refuse(model.REFUSAL())
        return None
    upload.begin_attempt()
    return upload


async def _take_back[U: Upload[Any]](session: Session, model: type[U], upload_id: UUID) -> None:
    attempts = model.attempts - 1
    await session.execute(update(model).where(model.id == upload_id).values(attempts=attempts))
