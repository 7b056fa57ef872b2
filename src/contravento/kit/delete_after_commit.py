"""Letting go of files whose rows are gone: a job, so that it happens exactly if they went."""

from contravento.kit.database.session import Session
from contravento.kit.jobs import job
from contravento.kit.resources import Resources


async def delete_after_commit(session: Session, *keys: str | None) -> None:
    """Delete these files once, and only if, the session's transaction is committed."""
    if there := [key for key in keys if key]:
        await delete_files.later(session, keys=there)


@job("storage.delete_files", attempts=10, priority=-10)
async def delete_files(resources: Resources, *, keys: list[str]) -> None:
    await resources.storage.delete(*keys)
