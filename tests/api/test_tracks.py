"""Tracks by JSON: files in, figures, lines and clean files out."""

import gzip
import zipfile
from collections.abc import AsyncIterator
from io import BytesIO

import numpy as np
import pytest
from httpx import AsyncClient

from contravento.kit.errors import OutOfSpace
from contravento.kit.resources import Resources
from contravento.tracks import geometry, rules
from contravento.tracks.reading.read import read_recording
from tests.api.conftest import RunJobs, odd_gpx, send_track
from tests.support.queue import list_queued
from tests.tracks.making import ride

STATISTICS = {
    "distance_metres",
    "ascent_metres",
    "descent_metres",
    "highest_metres",
    "lowest_metres",
    "elapsed_seconds",
    "moving_seconds",
    "points",
    "segments",
    "tracks",
    "started_at",
    "ended_at",
    "bounds",
}


def stored(resources: Resources) -> list[str]:
    assert resources.storage.folder
    return [path.name for path in resources.storage.folder.rglob("*") if path.is_file()]


async def test_a_track_is_accepted_read_and_measured(
    signed_in: AsyncClient, trip_id: str, jobs: RunJobs
) -> None:
    sent = await signed_in.post(
        f"/api/v1/trips/{trip_id}/tracks", files={"file": ("day one.gpx", ride(600))}
    )
    assert (sent.status_code, sent.json()["state"]) == (202, "queued")
    assert sent.json()["statistics"] is None
    await jobs()

    track = (await signed_in.get(f"/api/v1/tracks/{sent.json()['id']}")).json()
    assert (track["state"], track["file_name"], track["report"]) == ("ready", "day one.gpx", [])
    assert track["statistics"].keys() >= STATISTICS
    assert track["statistics"]["points"] == 600
    assert track["statistics"]["started_at"] == "2024-05-29T16:26:40Z"
    assert len(track["statistics"]["bounds"]) == 4
    trip = (await signed_in.get(f"/api/v1/trips/{trip_id}")).json()
    assert trip["distance_metres"] == track["statistics"]["distance_metres"]


async def test_what_was_odd_is_reported_in_a_sentence(
    signed_in: AsyncClient, trip_id: str, jobs: RunJobs
) -> None:
    track_id = await send_track(signed_in, trip_id, odd_gpx())
    await jobs()
    track = (await signed_in.get(f"/api/v1/tracks/{track_id}")).json()

    told = {remark["code"]: remark["message"] for remark in track["report"]}
    assert told["no_times"] == "No point has a time, so there are no days and no speeds."
    assert track["statistics"]["segments"] == 2
    assert track["statistics"]["elapsed_seconds"] is None


async def test_a_file_without_a_track_says_why(
    signed_in: AsyncClient, trip_id: str, jobs: RunJobs
) -> None:
    track_id = await send_track(signed_in, trip_id, b"%PDF-1.7 not a track", "map.pdf")
    await jobs()
    track = (await signed_in.get(f"/api/v1/tracks/{track_id}")).json()

    assert (track["state"], track["statistics"]) == ("unreadable", None)
    assert track["refusal"]["code"] == "document"
    assert "PDF" in track["refusal"]["message"]
    for end in ("geometry", "profile", "file"):
        answer = await signed_in.get(f"/api/v1/tracks/{track_id}/{end}")
        assert answer.status_code == 409


async def test_an_empty_or_missing_file_is_refused(
    signed_in: AsyncClient, trip_id: str, resources: Resources
) -> None:
    address = f"/api/v1/trips/{trip_id}/tracks"
    answers = [
        await signed_in.post(address, files={"file": ("a.gpx", b"")}),
        await signed_in.post(address, files={"other": ("a.gpx", b"<gpx/>")}),
        await signed_in.post(address, data={"file": "a.gpx"}),
        await signed_in.post(address, json={"file": "a.gpx"}),
    ]
    for answer in answers:
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "file"
    assert (stored(resources), await list_queued(resources)) == ([], [])


@pytest.mark.parametrize("megabytes", [50, 52], ids=["a byte over", "far over"])
async def test_a_file_over_fifty_megabytes_is_refused_and_nothing_kept(
    megabytes: int, signed_in: AsyncClient, trip_id: str, resources: Resources
) -> None:
    answer = await signed_in.post(
        f"/api/v1/trips/{trip_id}/tracks",
        files={"file": ("a.gpx", b" " * (megabytes * 1024 * 1024 + 1))},
    )
    assert answer.status_code == 413
    assert "50 MB" in answer.json()["detail"].replace("\N{NO-BREAK SPACE}", " ")
    assert (stored(resources), await list_queued(resources)) == ([], [])


async def test_a_body_that_does_not_say_its_length_is_bounded_all_the_same(
    signed_in: AsyncClient, trip_id: str, resources: Resources
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.gpx"\r\n\r\n'
        for _ in range(60):
            yield b" " * 1024 * 1024

    answer = await signed_in.post(
        f"/api/v1/trips/{trip_id}/tracks",
        content=endless(),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert answer.status_code == 413
    assert stored(resources) == []


async def test_nobodys_and_strangers_files_are_not_kept(
    client: AsyncClient, as_stranger: AsyncClient, trip_id: str, resources: Resources
) -> None:
    for sender, status in ((client, 401), (as_stranger, 404)):
        answer = await sender.post(
            f"/api/v1/trips/{trip_id}/tracks", files={"file": ("a.gpx", ride(10))}
        )
        assert answer.status_code == status
    assert stored(resources) == []


async def test_a_trip_takes_so_many_tracks_and_keeps_no_file_of_the_next(
    signed_in: AsyncClient, trip_id: str, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contravento.tracks.service.MAX_TRACKS_PER_TRIP", 1)
    await send_track(signed_in, trip_id)
    refused = await signed_in.post(
        f"/api/v1/trips/{trip_id}/tracks", files={"file": ("a.gpx", ride(10))}
    )
    assert refused.status_code == 409
    assert len(stored(resources)) == 1


async def test_a_full_disk_is_said_and_nothing_is_kept(
    signed_in: AsyncClient, trip_id: str, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise OutOfSpace

    monkeypatch.setattr(type(resources.storage), "put", full)
    answer = await signed_in.post(
        f"/api/v1/trips/{trip_id}/tracks", files={"file": ("a.gpx", ride(10))}
    )
    assert answer.status_code == 507
    assert "no room" in answer.json()["detail"]
    assert (await signed_in.get(f"/api/v1/trips/{trip_id}/tracks")).json()["items"] == []


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\rides\\day.gpx", "day.gpx"),
        ("día uno.gpx", "día uno.gpx"),
        ("x" * 300 + ".gpx", "x" * 196 + ".gpx"),
    ],
)
async def test_a_files_name_is_kept_without_folders(
    name: str, kept: str, signed_in: AsyncClient, trip_id: str
) -> None:
    track_id = await send_track(signed_in, trip_id, name=name)
    assert (await signed_in.get(f"/api/v1/tracks/{track_id}")).json()["file_name"] == kept


async def test_the_line_has_one_part_a_segment_and_thins_with_tolerance(
    signed_in: AsyncClient, trip_id: str, jobs: RunJobs
) -> None:
    track_id = await send_track(signed_in, trip_id, odd_gpx())
    await jobs()
    address = f"/api/v1/tracks/{track_id}/geometry"
    every = await signed_in.get(address)
    rough = (await signed_in.get(f"{address}?tolerance=5000")).json()

    assert every.headers["content-type"] == "application/geo+json"
    feature = every.json()
    assert (feature["type"], feature["geometry"]["type"]) == ("Feature", "MultiLineString")
    first, second = feature["geometry"]["coordinates"]
    assert (first[0], second[0]) == ([-5.0, 41.0], [-4.9, 41.1])
    assert [len(line) for line in rough["geometry"]["coordinates"]] == [2, 2]
    assert rough["properties"]["points"] == 4


async def test_a_line_is_sent_packed_and_only_once(signed_in: AsyncClient, track_id: str) -> None:
    address = f"/api/v1/tracks/{track_id}/geometry?tolerance=0"
    first = await signed_in.get(address, headers={"Accept-Encoding": "gzip"})
    tag = {"If-None-Match": first.headers["ETag"]}
    same = await signed_in.get(address, headers=tag)
    coarser = await signed_in.get(f"{address}.5", headers=tag)

    assert first.headers["Content-Encoding"] == "gzip"
    assert (same.status_code, same.content) == (304, b"")
    assert coarser.status_code == 200


async def test_a_line_never_has_more_points_than_a_screen_can_show(
    signed_in: AsyncClient, track_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geometry, "MOST_POINTS_DRAWN", 50)
    feature = (await signed_in.get(f"/api/v1/tracks/{track_id}/geometry")).json()
    assert 40 <= feature["properties"]["points"] <= 52
    assert feature["properties"]["tolerance_metres"] > 0


@pytest.mark.parametrize("tolerance", ["-1", "x", "nan", "inf", "1e9"])
async def test_a_tolerance_is_a_length(
    tolerance: str, signed_in: AsyncClient, track_id: str
) -> None:
    answer = await signed_in.get(f"/api/v1/tracks/{track_id}/geometry?tolerance={tolerance}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "tolerance"


async def test_a_profile_has_parallel_lists(signed_in: AsyncClient, track_id: str) -> None:
    profile = (await signed_in.get(f"/api/v1/tracks/{track_id}/profile")).json()
    lengths = {len(column) for column in profile.values()}
    assert set(profile) == {
        "distance_metres",
        "elevation_metres",
        "grade_percent",
        "coordinates",
    }
    assert lengths == {600}
    assert np.all(np.diff(profile["distance_metres"]) >= 0)


async def test_a_track_without_elevations_has_an_empty_profile(
    signed_in: AsyncClient, trip_id: str, jobs: RunJobs
) -> None:
    track_id = await send_track(signed_in, trip_id, odd_gpx())
    await jobs()
    profile = (await signed_in.get(f"/api/v1/tracks/{track_id}/profile")).json()
    assert profile["distance_metres"] == profile["coordinates"] == []


async def test_a_trips_tracks_are_drawn_together_as_they_were_ridden(
    signed_in: AsyncClient, trip_id: str, jobs: RunJobs
) -> None:
    later = await send_track(signed_in, trip_id, ride(900, first=1_717_100_000))
    earlier = await send_track(signed_in, trip_id, ride(900, first=1_717_000_000))
    await send_track(signed_in, trip_id, b"%PDF")
    await jobs()

    listed = (await signed_in.get(f"/api/v1/trips/{trip_id}/tracks")).json()["items"]
    line = (await signed_in.get(f"/api/v1/trips/{trip_id}/geometry")).json()
    profile = (await signed_in.get(f"/api/v1/trips/{trip_id}/profile")).json()
    trip = (await signed_in.get(f"/api/v1/trips/{trip_id}")).json()

    assert [track["id"] for track in listed[:2]] == [earlier, later]
    assert len(line["geometry"]["coordinates"]) == 2
    assert 900 < len(profile["distance_metres"]) <= rules.PROFILE_SAMPLES
    assert np.all(np.diff(profile["distance_metres"]) >= 0)
    assert profile["distance_metres"][-1] == pytest.approx(trip["distance_metres"], abs=1)


async def test_a_trip_without_tracks_has_an_empty_line(
    signed_in: AsyncClient, trip_id: str
) -> None:
    line = (await signed_in.get(f"/api/v1/trips/{trip_id}/geometry")).json()
    assert line["geometry"]["coordinates"] == []


async def test_the_file_is_written_anew(
    signed_in: AsyncClient, trip_id: str, jobs: RunJobs
) -> None:
    told = b"<metadata><author><name>canary</name></author></metadata><trk>"
    sent = odd_gpx().replace(b"<trk>", told)
    track_id = await send_track(signed_in, trip_id, sent)
    await jobs()
    answer = await signed_in.get(f"/api/v1/tracks/{track_id}/file?format=gpx")

    assert answer.headers["content-type"] == "application/gpx+xml"
    assert answer.headers["content-disposition"] == 'attachment; filename="zamora-back.gpx"'
    assert b"canary" not in answer.content
    assert len(read_recording(answer.content, file_name="a.gpx")) == 40
    other = await signed_in.get(f"/api/v1/tracks/{track_id}/file?format=kmz")
    assert other.status_code == 422


async def test_a_track_taken_out_no_longer_counts(
    signed_in: AsyncClient, trip_id: str, track_id: str, jobs: RunJobs, resources: Resources
) -> None:
    assert (await signed_in.delete(f"/api/v1/tracks/{track_id}")).status_code == 204
    await jobs()

    trip = (await signed_in.get(f"/api/v1/trips/{trip_id}")).json()
    assert trip["distance_metres"] is None
    assert (await signed_in.get(f"/api/v1/tracks/{track_id}")).status_code == 404
    assert stored(resources) == []


async def test_a_reader_is_shown_what_is_ready_and_not_whose_file_it_was(
    signed_in: AsyncClient, as_stranger: AsyncClient, trip_id: str, track_id: str
) -> None:
    waiting = await send_track(signed_in, trip_id)
    await signed_in.put(f"/api/v1/trips/{trip_id}/publication")

    listed = (await as_stranger.get(f"/api/v1/trips/{trip_id}/tracks")).json()["items"]
    assert [(track["id"], track["file_name"]) for track in listed] == [(track_id, None)]
    for end in ("", "/geometry", "/profile", "/file"):
        own = await signed_in.get(f"/api/v1/tracks/{waiting}{end}")
        others = await as_stranger.get(f"/api/v1/tracks/{waiting}{end}")
        assert own.status_code == (409 if end else 200)
        assert others.status_code == 404
    assert (await as_stranger.delete(f"/api/v1/tracks/{track_id}")).status_code == 404


async def test_a_packed_upload_is_unpacked(
    signed_in: AsyncClient, trip_id: str, jobs: RunJobs
) -> None:
    track_id = await send_track(signed_in, trip_id, gzip.compress(ride(50)), "day.gpx.gz")
    await jobs()
    track = (await signed_in.get(f"/api/v1/tracks/{track_id}")).json()
    assert [remark["code"] for remark in track["report"]] == ["unpacked"]


async def test_each_track_of_a_zip_becomes_one_with_a_receipt_of_its_own(
    signed_in: AsyncClient, trip_id: str, jobs: RunJobs
) -> None:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("tour/day 1.gpx", ride(50))
        made.writestr("tour/day 2.gpx", b"<gpx/>")
        made.writestr("tour/notes.txt", b"Rain")
    await send_track(signed_in, trip_id, archive.getvalue(), "tour.zip")
    await jobs()
    listed = (await signed_in.get(f"/api/v1/trips/{trip_id}/tracks")).json()["items"]
    states = {track["file_name"]: track["state"] for track in listed}
    assert states == {"day 1.gpx": "ready", "day 2.gpx": "unreadable"}


async def test_a_fourth_download_at_once_from_one_place_waits_its_turn(
    signed_in: AsyncClient, track_id: str, resources: Resources
) -> None:
    """Without a database connection in hand, and told when to come back."""
    downloads, address = resources.source_limits.downloads, f"/api/v1/tracks/{track_id}/file"
    async with downloads.turn("127.0.0.1"), downloads.turn("127.0.0.1"):
        assert (await signed_in.get(address)).status_code == 200
        async with downloads.turn("127.0.0.1"):
            refused = await signed_in.get(address)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "5")
    assert (await signed_in.get(address)).status_code == 200
