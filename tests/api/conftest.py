"""Riders' programs, and trips that already have tracks and photos."""

from collections.abc import AsyncIterator, Awaitable, Callable
from io import BytesIO

import pytest
from httpx import AsyncClient
from PIL import Image
from starlette.types import ASGIApp

from contravento.accounts.models import Rider
from contravento.kit.resources import Resources
from tests.conftest import open_client
from tests.support import factories
from tests.tracks.making import gpx, point, ride, segment, track

type RunJobs = Callable[[], Awaitable[list[str]]]


def jpeg(colour: tuple[int, int, int] = (40, 90, 160)) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (900, 600), colour).save(buffer, "JPEG")
    return buffer.getvalue()


def odd_gpx() -> bytes:
    """Two segments, and points without elevation or time."""
    first = segment(*(point(-5 + i / 1000, 41 + i / 2000) for i in range(20)))
    second = segment(*(point(-4.9 + i / 1000, 41.1 + i / 3000) for i in range(20)))
    return gpx(track(first, second, name="Zamora & back")).encode()


@pytest.fixture
async def program(app: ASGIApp, resources: Resources) -> AsyncIterator[AsyncClient]:
    """A client without cookies that says nothing about where it comes from."""
    async with open_client(app, resources) as client:
        del client.headers["Sec-Fetch-Site"]
        yield client


async def grant(program: AsyncClient, rider: Rider) -> dict[str, str]:
    """Sign in and use the access token from here on."""
    answer = await program.post(
        "/api/v1/sessions", json={"login": rider.username, "password": factories.PASSWORD}
    )
    assert answer.status_code == 201, answer.text
    tokens: dict[str, str] = answer.json()
    program.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    return tokens


@pytest.fixture
async def trip_id(signed_in: AsyncClient) -> str:
    """A draft of the rider's."""
    made = await signed_in.post(
        "/api/v1/trips", json={"title": "Down the Duero", "story": factories.STORY}
    )
    return str(made.json()["id"])


async def send_track(
    client: AsyncClient, trip_id: str, content: bytes = b"", name: str = "day.gpx"
) -> str:
    answer = await client.post(
        f"/api/v1/trips/{trip_id}/tracks", files={"file": (name, content or ride(600))}
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


async def send_photo(client: AsyncClient, trip_id: str, content: bytes = b"") -> str:
    answer = await client.post(
        f"/api/v1/trips/{trip_id}/photos", files={"file": ("a.jpg", content or jpeg())}
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


@pytest.fixture
async def track_id(signed_in: AsyncClient, trip_id: str, jobs: RunJobs) -> str:
    """A track of the draft's that is ready."""
    sent = await send_track(signed_in, trip_id)
    await jobs()
    return sent


@pytest.fixture
async def photo_id(signed_in: AsyncClient, trip_id: str, jobs: RunJobs) -> str:
    sent = await send_photo(signed_in, trip_id)
    await jobs()
    return sent
