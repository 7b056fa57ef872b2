"""/metrics: for Prometheus inside, by route, and for nobody outside."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from httpx import AsyncClient

from contravento.kit.resources import Resources
from contravento.main import create_app
from tests.conftest import open_client


@pytest.fixture
async def inside(resources: Resources) -> AsyncIterator[AsyncClient]:
    """Somebody on the containers' network; METRICS is on."""
    settings = resources.settings.model_copy(update={"metrics": True})
    counted = replace(resources, settings=settings)
    async with open_client(create_app(settings, counted), counted) as client:
        yield client


async def figure(client: AsyncClient, name: str, **labels: str) -> float:
    """One sample's value; 0 where there is none."""
    wanted = {f'{label}="{value}"' for label, value in labels.items()}
    for line in (await client.get("/metrics")).text.splitlines():
        match = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line)
        if match and wanted <= set(re.findall(r'\w+="[^"]*"', match[1] or "")):
            return float(match[2])
    return 0.0


@pytest.mark.parametrize(
    ("method", "path", "route", "status"),
    [
        ("GET", "/health", "/health", "200"),
        ("HEAD", "/health", "/health", "200"),
        ("GET", "/api/v1/feed?limit=1", "/api/v1/feed", "200"),
        ("GET", "/trips/nowhere-to-be-found", "/trips/{slug}", "404"),
        ("GET", "/api/v1/trips/nothing", "/api/v1/trips/{trip_id}", "422"),
        ("GET", "/static/css/base.css", "/static/{path}", "200"),
        ("GET", "/static/no/such/file", "/static/{path}", "404"),
        ("GET", "/no/such/page", "unmatched", "404"),
        ("DELETE", "/health", "/health", "405"),
    ],
)
async def test_requests_are_counted_by_their_route(
    inside: AsyncClient, method: str, path: str, route: str, status: str
) -> None:
    labels = {"method": method, "route": route, "status": status}
    before = await figure(inside, "http_requests_total", **labels)
    await inside.request(method, path)
    assert await figure(inside, "http_requests_total", **labels) == before + 1


async def test_what_somebody_types_makes_no_new_series(inside: AsyncClient) -> None:
    await inside.get("/no/such/page")
    await inside.request("BREW", "/tea-1")
    before = (await inside.get("/metrics")).text.count("\n")
    for number in range(20):
        await inside.get(f"/no/such/page/{number}")
        await inside.request(f"BREW{number}", f"/tea-{number}")
    after = (await inside.get("/metrics")).text
    assert after.count("\n") == before
    assert "tea" not in after
    assert 'method="other"' in after


async def test_durations_are_told_in_the_agreed_buckets(inside: AsyncClient) -> None:
    await inside.get("/health")
    told = (await inside.get("/metrics")).text
    edges = re.findall(
        r'http_request_duration_seconds_bucket\{le="([^"]+)",method="GET",route="/health"', told
    )
    assert edges == ["0.1", "0.25", "0.5", "1.0", "2.0", "3.0", "+Inf"]


async def test_the_scrape_itself_is_being_answered_while_it_looks(inside: AsyncClient) -> None:
    assert await figure(inside, "http_requests_in_progress", method="GET") == 1


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
async def test_whoever_comes_through_a_proxy_is_told_nothing(
    inside: AsyncClient, header: str
) -> None:
    answer = await inside.get("/metrics", headers={header: "192.0.2.7"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_without_the_setting_there_are_no_figures(client: AsyncClient) -> None:
    answer = await client.get("/metrics")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
