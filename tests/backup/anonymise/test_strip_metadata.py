"""Packed points of the application, from which the backup service takes the words."""

import numpy as np
import pytest

from contravento.tracks import codec
from contravento.tracks.recording import Recording, Waypoint
from contravento_backup.anonymise.strip_metadata import without_words
from contravento_backup.kit.errors import BackupFailed


def packed(name: str | None, *waypoints: Waypoint) -> bytes:
    count = 50
    recording = Recording(
        lon=np.linspace(1, 2, count),
        lat=np.linspace(41, 42, count),
        elevation=np.full(count, 7.0),
        time=np.arange(count, dtype=np.float64) + 1.7e9,
        segment=np.zeros(count, np.int32),
        tracks=1,
        waypoints=waypoints,
        name=name,
    )
    return codec.pack(recording, np.ones(count, np.float32))


def test_points_stay_and_words_go() -> None:
    home = Waypoint(lon=1.5, lat=41.5, name="Home of Aitana")
    before = packed("With Aitana", home)

    recording, significance = codec.unpack(without_words(before))

    expected, weights = codec.unpack(before)
    assert (recording.name, recording.waypoints, recording.report) == (None, (), ())
    for column in ("lon", "lat", "elevation", "time", "segment"):
        np.testing.assert_array_equal(getattr(recording, column), getattr(expected, column))
    np.testing.assert_array_equal(significance, weights)
    assert recording.tracks == expected.tracks


def test_points_without_words_stay_as_they_are() -> None:
    before = packed(None)
    assert without_words(before) == before


@pytest.mark.parametrize("damaged", [b"", b"CVTR", b"PNG" + bytes(40), packed("x")[:-9]])
def test_what_cannot_be_read_is_refused(damaged: bytes) -> None:
    with pytest.raises(BackupFailed, match="cannot read"):
        without_words(damaged)
