"""Ways of a recording by train, ferry or plane, to be drawn and told."""

from dataclasses import dataclass

import numpy as np

from contravento.tracks import rules
from contravento.tracks.analysis import geodesy
from contravento.tracks.recording import Recording


@dataclass(frozen=True, slots=True)
class Transfer:
    """From where to where, [longitude, latitude] in degrees, and how far apart they are."""

    begins: tuple[float, float]
    ends: tuple[float, float]
    metres: float


def list_transfers(recording: Recording) -> tuple[Transfer, ...]:
    """The first MOST_TRANSFERS in order."""
    ends = np.array(recording.transfers[: rules.MOST_TRANSFERS], np.intp)
    lon, lat = recording.lon, recording.lat
    metres = geodesy.distance(lon[ends - 1], lat[ends - 1], lon[ends], lat[ends])
    return tuple(
        Transfer(
            (round(float(lon[end - 1]), 5), round(float(lat[end - 1]), 5)),
            (round(float(lon[end]), 5), round(float(lat[end]), 5)),
            round(float(length)),
        )
        for end, length in zip(ends.tolist(), metres.tolist(), strict=True)
    )
