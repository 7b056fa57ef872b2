"""The list of riders, from the diaries that the database keeps."""

from datetime import UTC, datetime, timedelta

from contravento.kit.database.session import Session
from contravento.stats.queries import RiderSummary, list_rider_summaries
from contravento.trips.rules import Audience
from tests.support import factories

NOON = datetime(2025, 10, 1, 12, tzinfo=UTC)


async def test_who_wrote_last_comes_first_and_every_page_follows_the_one_before(
    session: Session,
) -> None:
    wrote = []
    for number in range(7):
        rider = await factories.make_rider(session, username=f"rider_{number}")
        moment = NOON + timedelta(minutes=number // 3)
        await factories.make_trip(session, rider, published_at=moment, distance_metres=1000.0)
        await factories.make_trip(session, rider, published_at=moment - timedelta(days=1))
        await factories.make_trip(session, rider, audience=Audience.LINK, distance_metres=9.0)
        wrote.append((moment, rider.id, rider.username))

    found: list[RiderSummary] = []
    before = None
    while not found or before:
        page, before = await list_rider_summaries(session, limit=3, before=before)
        found += page

    assert [each.username for each in found] == [name for *_, name in sorted(wrote, reverse=True)]
    assert {(each.trips, each.distance_metres) for each in found} == {(2, 1000.0)}


async def test_whoever_has_not_confirmed_their_address_is_not_listed(session: Session) -> None:
    rider = await factories.make_rider(session, confirmed_at=None)
    await factories.make_trip(session, rider)

    assert await list_rider_summaries(session, limit=3) == ([], None)
