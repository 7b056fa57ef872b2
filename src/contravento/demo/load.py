"""Filling a new database with demo riders and trips, by the same services that riders use."""

import base64
import hmac
from datetime import UTC, datetime, time, timedelta
from io import BytesIO

from sqlalchemy import func, select, text

from contravento.accounts.models import Rider
from contravento.accounts.queries import find_by_username
from contravento.demo.pictures import draw_picture, draw_portrait
from contravento.demo.rides import make_ride
from contravento.demo.stories import RIDERS, TRIPS, DemoPhoto, DemoTrip
from contravento.kit.clock import now
from contravento.kit.database.session import Session
from contravento.kit.process_pool import ProcessPool
from contravento.kit.resources import Resources, open_resources
from contravento.kit.settings import Settings
from contravento.photos import service as photos
from contravento.reactions import REACTIONS
from contravento.tracks import service as tracks
from contravento.trips import service as trips
from contravento.trips.inputs import TripDraft
from contravento.trips.models import Trip

PUBLISHED_AFTER = timedelta(days=5)  # unpacking, washing, writing it up

_WAITING = text("""
    SELECT count(*) FROM procrastinate_jobs
    WHERE status IN ('todo', 'doing') AND task_name !~ '^(schedule|queue)'
      AND (scheduled_at IS NULL OR scheduled_at < now())
""")


async def fill(settings: Settings) -> bool:
    """Add the demo content unless there is a rider already; whether it did.

    All of it or, when interrupted, nothing. The worker then reads the tracks and makes the
    photos' sizes, as for everybody.
    """
    with ProcessPool(settings.worker_processes) as process_pool:
        async with (
            open_resources(settings, reactions=REACTIONS, process_pool=process_pool) as resources,
            resources.transaction() as session,
        ):
            if await session.scalar(select(func.count()).select_from(Rider)):
                return False
            await _add_riders(session, resources)
            for trip in sorted(TRIPS, key=_published_at):
                await _add_trip(session, resources, trip)
    return True


async def count_waiting(settings: Settings) -> int:
    """How many jobs are still to be done."""
    async with (
        open_resources(settings, reactions=REACTIONS) as resources,
        resources.transaction() as session,
    ):
        return await session.scalar(_WAITING) or 0


async def find_logins(settings: Settings) -> list[tuple[str, str]]:
    """Names and passwords of the demo riders that are there with the password they were given."""
    async with (
        open_resources(settings, reactions=REACTIONS) as resources,
        resources.transaction() as session,
    ):
        accounts = []
        for demo in RIDERS:
            rider = await find_by_username(session, demo.username)
            password = password_of(demo.username, settings)
            if rider and await resources.passwords.matches(password, rider.password_hash):
                accounts.append((demo.username, password))
        return accounts


def password_of(username: str, settings: Settings) -> str:
    """A password of this installation's own, so that no two demos share one."""
    secret = settings.secret_key.get_secret_value().encode()
    digest = hmac.digest(secret, f"demo rider {username}".encode(), "sha256")
    plain = base64.b32encode(digest).decode().lower()
    return "-".join(plain[start : start + 4] for start in range(0, 12, 4))


async def _add_riders(session: Session, resources: Resources) -> None:
    for demo in RIDERS:
        rider = Rider(
            username=demo.username,
            email=demo.email,
            password_hash=await resources.passwords.hash(
                password_of(demo.username, resources.settings)
            ),
            name=demo.name,
            bio=demo.bio,
            language=demo.language,
            confirmed_at=now(),
        )
        session.add(rider)
        await session.flush()
        portrait = await resources.compute(draw_portrait, demo.portrait_seed)
        await photos.upload_portrait(
            session, BytesIO(portrait), rider_id=rider.id, storage=resources.storage
        )


async def _add_trip(session: Session, resources: Resources, demo: DemoTrip) -> None:
    rider = await find_by_username(session, demo.username)
    assert rider is not None  # noqa: S101  (added just before)
    draft = TripDraft(
        title=demo.title,
        story=demo.story,
        starts_on=demo.starts_on,
        ends_on=demo.ends_on,
        tags=list(demo.tags),
        audience=demo.audience,
    )
    trip = await trips.start_trip(session, draft, rider_id=rider.id)
    for number, ride in enumerate(demo.rides, start=1):
        await _add_ride(session, resources, trip, await resources.compute(make_ride, ride), number)
    for photo in demo.photos:
        await _add_photo(session, resources, trip, photo)
    await trips.publish_trip(session, trip)
    trip.published_at = _published_at(demo)


async def _add_ride(
    session: Session, resources: Resources, trip: Trip, gpx: bytes, day: int
) -> None:
    await tracks.upload_tracks(
        session,
        trip.id,
        BytesIO(gpx),
        file_name=f"day-{day:02d}.gpx",
        file_bytes=len(gpx),
        rider_id=trip.rider_id,
        storage=resources.storage,
    )


async def _add_photo(session: Session, resources: Resources, trip: Trip, photo: DemoPhoto) -> None:
    picture = await resources.compute(_draw, photo)
    uploaded = await photos.upload_photo(
        session,
        trip.id,
        BytesIO(picture),
        file_name=f"{photo.kind}.jpg",
        file_bytes=len(picture),
        caption=photo.caption,
        rider_id=trip.rider_id,
        storage=resources.storage,
    )
    uploaded.alt = photo.alt


def _draw(photo: DemoPhoto) -> bytes:
    return draw_picture(photo.kind, seed=photo.seed)


def _published_at(demo: DemoTrip) -> datetime:
    return datetime.combine(demo.ends_on, time(20, 15), UTC) + PUBLISHED_AFTER
