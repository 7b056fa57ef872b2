"""Points read piece by piece from the storage: bounded memory, whatever was uploaded."""

import asyncio
import gc
import json
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from sqlalchemy import select

from contravento.kit.resources import Resources
from contravento.kit.storage.storage import random_key
from contravento.tracks import points
from contravento.tracks.codec import PACKED_ENDING, pack, unpack
from contravento.tracks.errors import TrackBeingPrepared
from contravento.tracks.export.write import ExportFormat, TrackHead
from contravento.tracks.models import Track
from contravento.tracks.points import KeptTrack
from contravento.tracks.recording import Recording
from contravento.tracks.service import repack_tracks
from tests.support import factories
from tests.support.queue import run_jobs
from tests.web.making import add_track, gpx

EARLIER = (Path(__file__).parent / "files" / "packed_as_one_stream.cvtr").read_bytes()
LONG = 1_000_000
MEGABYTE = 1024 * 1024


@pytest.fixture
async def long_key(resources: Resources) -> str:
    """A track of a million points, of which every other matters."""
    rng = np.random.default_rng(1)
    one = Recording(
        lon=5 + np.cumsum(rng.normal(0, 1e-5, LONG)),
        lat=45 + np.cumsum(rng.normal(0, 1e-5, LONG)),
        elevation=rng.random(LONG) * 1000,
        time=1.7e9 + np.arange(LONG, dtype=np.float64),
        segment=np.zeros(LONG, np.int32),
        tracks=1,
    )
    weights = np.where(np.arange(LONG) % 2, 1.0, 0.0).astype(np.float32)
    weights[[0, -1]] = np.inf
    key = random_key("points", PACKED_ENDING)
    await resources.storage.put(key, await asyncio.to_thread(pack, one, weights))
    return key


def long_track(key: str) -> KeptTrack:
    return KeptTrack(key, TrackHead("Long", LONG, 1e6))


@pytest.mark.parametrize("wanted", ExportFormat)
async def test_a_download_of_a_million_points_takes_little_memory(
    wanted: ExportFormat, resources: Resources, long_key: str
) -> None:
    gc.collect()
    process = psutil.Process()
    before, most, written = process.memory_info().rss, 0, 0
    async for chunk in points.write_tracks(resources, [long_track(long_key)], wanted, name=""):
        written += len(chunk)
        most = max(most, process.memory_info().rss - before)
    assert written > 15 * LONG
    assert most < 30 * MEGABYTE


@pytest.mark.parametrize("wanted", ExportFormat)
async def test_the_event_loop_goes_round_while_a_track_is_written(
    wanted: ExportFormat, resources: Resources, long_key: str
) -> None:
    """Of a processor, whatever else is busy: no pause is as long as a tenth of the work."""
    pauses = [0.0]

    async def watch() -> None:
        while True:
            begun = time.thread_time()
            await asyncio.sleep(0)
            pauses.append(time.thread_time() - begun)

    watching = asyncio.create_task(watch())
    begun = time.process_time()
    async for _ in points.write_tracks(resources, [long_track(long_key)], wanted, name=""):
        pass
    took = time.process_time() - begun
    watching.cancel()
    assert max(pauses) < took / 10


async def test_drawing_a_million_points_reads_only_what_is_drawn(
    resources: Resources, long_key: str
) -> None:
    track = await points.open_track(resources, long_key, points=LONG)
    levels = await track.levels(len(track.contents.levels))
    assert sum(map(len, levels)) < MEGABYTE
    feature = json.loads(await points.draw([track], 0))
    assert feature["properties"]["points"] <= 50_000


async def test_points_of_an_earlier_version_are_read_and_packed_anew(
    live_resources: Resources,
) -> None:
    key = random_key("points")
    await live_resources.storage.put(key, EARLIER)
    async with live_resources.transaction() as session:
        trip = await factories.make_trip(session, await factories.make_rider(session))
    await add_track(live_resources, trip, gpx())
    async with live_resources.transaction() as session:
        (await session.scalars(select(Track))).one().points_key = key

    drawn = await points.draw([await points.open_track(live_resources, key, points=500)], 1)
    await repack_tracks(live_resources)
    await run_jobs(live_resources)

    async with live_resources.transaction() as session:
        repacked = (await session.scalars(select(Track.points_key))).one() or ""
    assert repacked.endswith(PACKED_ENDING)
    packed = await points.open_track(live_resources, repacked, points=500)
    assert await points.draw([packed], 1) == drawn
    again, weights = unpack(await live_resources.storage.get(repacked))
    before, weights_before = unpack(EARLIER)
    np.testing.assert_array_equal(again.lon, before.lon)
    np.testing.assert_array_equal(weights, weights_before)
    assert (again.name, again.waypoints) == ("With Aitana", before.waypoints)
    assert await live_resources.storage.place.find(key) is None


async def test_a_long_track_of_an_earlier_version_is_not_unpacked_for_a_visitor(
    resources: Resources,
) -> None:
    key = random_key("points")
    await resources.storage.put(key, EARLIER)
    with pytest.raises(TrackBeingPrepared):
        await points.open_track(resources, key, points=points.MOST_POINTS_REPACKED + 1)


async def test_each_track_of_a_file_is_one_of_its_own(resources: Resources) -> None:
    key = random_key("points", PACKED_ENDING)
    await resources.storage.put(key, pack(*unpack(EARLIER)))
    named = [KeptTrack(key, TrackHead(name, 500, 1e3)) for name in ("Up & down", "")]
    wanted = ExportFormat.GPX
    chunks = points.write_tracks(resources, named, wanted, name="")
    written = b"".join([chunk async for chunk in chunks])
    assert written.count(b"<trk>") == written.count(b"</trk>") == 2
    assert b"<name>Up &amp; down</name>" in written
