"""Errors of trips."""

from collections.abc import Sequence
from typing import Any

from contravento.kit.errors import Conflict, Invalid, NotFound, TooManyRequests
from contravento.kit.i18n.marks import N_, Listed


class TripNotFound(NotFound):
    message = N_("That trip does not exist, or is not shared with you.")


class NotReadyToPublish(Conflict):
    """Says what is missing; `missing` holds the same for programs."""

    message = N_("Before it can be published it needs: %(missing)s.")

    def __init__(self, missing: Sequence[Any]) -> None:
        super().__init__(
            missing=Listed(tuple((lacking.sentence, lacking.params) for lacking in missing))
        )
        self.missing = list(missing)


class EndsBeforeStart(Invalid):
    field = "ends_on"
    message = N_("The last day is before the first.")


class TooManyTripsToday(TooManyRequests):
    message = N_("You have started %(most)s trips within a day. Tomorrow there is room for more.")
    retry_after_seconds = 3600


class TooManyTrips(Invalid):
    message = N_("One diary holds at most %(most)s trips.")
