"""Temporary riders that deployments and checks sign in as."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from contravento.accounts.events import RiderDeleted
from contravento.accounts.inputs import NewPersonalToken
from contravento.accounts.models import Rider
from contravento.accounts.service.profile import make_personal_token
from contravento.kit.clock import now
from contravento.kit.database.session import Session
from contravento.kit.events import announce
from contravento.kit.security.passwords import Passwords

ADDRESS = "@probe.invalid"  # a name that never resolves (RFC 6761), so no mail can reach anybody
LEFT_OVER_AFTER = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Probe:
    rider: Rider
    token: str
    password: str


async def make_probe(session: Session, *, passwords: Passwords) -> Probe:
    """A confirmed rider whom only its maker can sign in as, and a token that is good for a day."""
    name = f"probe_{secrets.token_hex(6)}"
    password = secrets.token_urlsafe(32)
    rider = Rider(
        username=name,
        email=name + ADDRESS,
        password_hash=await passwords.hash(password),
        confirmed_at=now(),
    )
    session.add(rider)
    await session.flush()
    request = NewPersonalToken(name="deployment", scopes=["read", "write"], days=1)
    _, token = await make_personal_token(session, request, rider_id=rider.id)
    return Probe(rider, token, password)


async def remove_probes(session: Session, *, username: str | None = None) -> int:
    """The one of that name, and any that a broken-off deployment left behind."""
    probes = await session.scalars(select(Rider).where(Rider.email.endswith(ADDRESS)))
    oldest = now() - LEFT_OVER_AFTER
    ended = [probe for probe in probes if probe.username == username or probe.created_at < oldest]
    for rider in ended:
        await announce(session, RiderDeleted(rider_id=rider.id))
        await session.delete(rider)
    return len(ended)
