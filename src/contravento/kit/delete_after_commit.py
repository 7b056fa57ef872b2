"""Deletes stored files once the transaction that removed their rows has committed."""

from contravento.kit.database.session import Session
from contravento.kit.jobs import job
from contravento.kit.resources import Resources


async def delete_after_commit(session: Session, *keys: str | None) -> None:
    """Delete these files once, and only if, the session's transaction is committed."""
    if existing := [key for key in keys if key]:
        await delete_files.later(session, keys=existing)


@job("storage.delete_files", attempts=10, priority=-10)
async def delete_files(resources: Resources, *, keys: list[str]) -> None:
    await resources.storage.delete(*keys)
