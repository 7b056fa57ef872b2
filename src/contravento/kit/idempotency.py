"""Stored answers to requests with an Idempotency-Key."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from contravento.kit.clock import now
from contravento.kit.database.session import Session, Table
from contravento.kit.jobs import job
from contravento.kit.resources import Resources

KEPT_FOR = timedelta(hours=24)


class IdempotentResponse(Table):
    """One caller's key, and the answer once there is one."""

    __tablename__ = "replies"

    caller: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]  # of the request, so that a key is not used for another one
    status: Mapped[int | None]
    body: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose key is taken for which request."""

    caller: str
    key: str
    fingerprint: bytes


async def take(session: Session, claim: Claim) -> IdempotentResponse | None:
    """Take the key for this request, or return what holds it already.

    Waits for another request that is being answered under the same key.
    """
    taken = await session.execute(
        insert(IdempotentResponse)
        .values(caller=claim.caller, key=claim.key, fingerprint=claim.fingerprint)
        .on_conflict_do_nothing()
        .returning(IdempotentResponse.key)
    )
    if taken.scalar() is not None:
        return None
    return await session.get_one(IdempotentResponse, (claim.caller, claim.key))


async def keep(session: Session, claim: Claim, *, status: int, body: bytes) -> None:
    """Nothing is kept where the caller's claims went meanwhile, as a deleted rider's do."""
    await session.execute(
        update(IdempotentResponse)
        .where(IdempotentResponse.caller == claim.caller, IdempotentResponse.key == claim.key)
        .values(status=status, body=body)
    )


def rider_caller(rider_id: UUID) -> str:
    return f"rider {rider_id}"


async def forget_rider(session: Session, rider_id: UUID) -> None:
    """The rider is about to be deleted; what they were answered says who they were."""
    await session.execute(
        delete(IdempotentResponse).where(IdempotentResponse.caller == rider_caller(rider_id))
    )


@job("replies.forget")
async def forget_old_replies(resources: Resources) -> None:
    async with resources.transaction() as session:
        await session.execute(
            delete(IdempotentResponse).where(IdempotentResponse.created_at < now() - KEPT_FOR)
        )
