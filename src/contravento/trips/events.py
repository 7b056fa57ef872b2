"""Events that trips announce."""

from dataclasses import dataclass
from uuid import UUID

from contravento.kit.events import Event


@dataclass(frozen=True, slots=True)
class TripDeleted(Event):
    """The trip's rows are about to go; whoever keeps files for it lets go of them."""

    trip_id: UUID
