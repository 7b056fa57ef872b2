"""Events that accounts announce."""

from dataclasses import dataclass
from uuid import UUID

from contravento.kit.events import Event


@dataclass(frozen=True, slots=True)
class RiderDeleted(Event):
    """The rider's rows are about to go; whoever keeps files for them lets go of them."""

    rider_id: UUID
