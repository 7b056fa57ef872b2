"""How much a rider may store and how often they may send: asked before a file is read or kept."""

from uuid import UUID

from contravento.kit.database.session import Session
from contravento.kit.errors import Conflict
from contravento.kit.i18n.marks import N_
from contravento.kit.resources import Resources
from contravento.photos import queries as photos
from contravento.tracks import queries as tracks

UPLOAD_LIMIT = "1000/hour"
MEGABYTE_BYTES = 1_000_000  # as sizes are told to people


class QuotaReached(Conflict):
    field = "file"
    message = N_("Your tracks and photographs fill the %(room)s that you have here. Take some out.")


async def check_upload(
    session: Session, resources: Resources, *, rider_id: UUID, size_bytes: int = 0
) -> None:
    """Counts one upload. Raises TooManyRequests or QuotaReached."""
    await resources.limiter.count(UPLOAD_LIMIT, "upload", str(rider_id))
    most = resources.settings.rider_quota_megabytes
    if await used_bytes(session, rider_id=rider_id) + size_bytes > most * MEGABYTE_BYTES:
        raise QuotaReached(room=f"{most}\N{NO-BREAK SPACE}MB")


async def used_bytes(session: Session, *, rider_id: UUID) -> int:
    """Tracks and photos as they were sent, readable or not."""
    return await tracks.sum_file_bytes(session, rider_id=rider_id) + await photos.sum_file_bytes(
        session, rider_id=rider_id
    )
