"""Making riders and trips for tests: plain functions, each default may be overridden."""

from datetime import date, timedelta
from uuid import uuid4

import bcrypt

from contravento.accounts.models import Rider, SignIn
from contravento.kit.clock import now
from contravento.kit.database.session import Session
from contravento.kit.passwords import _prehash
from contravento.kit.tokens import digest, new_token
from contravento.trips.models import Trip
from contravento.trips.rules import Audience, new_key

PASSWORD = "bread at Villaralbo at ten"
STORY = "After Zamora the only shade was our own, and it was getting shorter by the hour."

_PASSWORD_HASH = bcrypt.hashpw(_prehash(PASSWORD), bcrypt.gensalt(4)).decode()


async def make_rider(session: Session, *, username: str = "", **changes: object) -> Rider:
    username = username or f"rider_{uuid4().hex[:12]}"
    values = {
        "username": username,
        "email": f"{username}@example.org",
        "password_hash": _PASSWORD_HASH,
        "confirmed_at": now(),
    }
    rider = Rider(**{**values, **changes})
    session.add(rider)
    await session.flush()
    return rider


async def make_cookie(session: Session, rider: Rider) -> str:
    cookie = new_token()
    session.add(
        SignIn(
            rider_id=rider.id,
            cookie_digest=digest(cookie),
            expires_at=now() + timedelta(days=30),
        )
    )
    await session.flush()
    return cookie


async def make_trip(
    session: Session, rider: Rider, *, published: bool = True, **changes: object
) -> Trip:
    values = {
        "rider_id": rider.id,
        "key": new_key(),
        "title": "Down the Duero",
        "story": STORY,
        "excerpt": STORY,
        "starts_on": date(2025, 9, 20),
        "ends_on": date(2025, 9, 29),
        "audience": Audience.EVERYONE,
        "published_at": now() if published else None,
    }
    trip = Trip(**{**values, **changes})
    session.add(trip)
    await session.flush()
    return trip
