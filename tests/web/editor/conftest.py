"""Whose trips and pages these tests begin with."""

import pytest

from contravento.accounts.models import Rider
from contravento.kit.resources import Resources
from contravento.trips.models import Trip
from tests.support import factories


@pytest.fixture
async def trip(resources: Resources, rider: Rider) -> Trip:
    async with resources.transaction() as session:
        return await factories.make_trip(session, rider, published=False)


@pytest.fixture
async def draft(resources: Resources, rider: Rider) -> Trip:
    async with resources.transaction() as session:
        return await factories.make_trip(session, rider, published=False)


@pytest.fixture
async def published(resources: Resources, rider: Rider) -> Trip:
    async with resources.transaction() as session:
        return await factories.make_trip(session, rider)
