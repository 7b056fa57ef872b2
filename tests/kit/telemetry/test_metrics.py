"""Figures rise where things happen."""

from pathlib import Path

import pytest
from httpx import AsyncClient
from prometheus_client import REGISTRY
from sqlalchemy.exc import TimeoutError as PoolTimeout

from contravento.accounts.models import Rider
from contravento.kit.database.session import make_engine, report_pool_metrics
from contravento.kit.mail import AllowedOnly, FolderMailer, Mail
from contravento.kit.resources import Resources
from contravento.kit.telemetry import metrics
from contravento.tracks.errors import UnreadableTrack
from tests.conftest import make_settings
from tests.support.factories import PASSWORD


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.parametrize(
    ("password", "confirmed", "outcome"),
    [
        (PASSWORD, True, "succeeded"),
        ("not the right one", True, "refused"),
        (PASSWORD, False, "unconfirmed"),
    ],
)
async def test_tries_at_signing_in_are_counted_by_outcome(
    client: AsyncClient,
    resources: Resources,
    rider: Rider,
    password: str,
    confirmed: bool,
    outcome: str,
) -> None:
    if not confirmed:
        async with resources.transaction() as session:
            (await session.get_one(Rider, rider.id)).confirmed_at = None
    before = value("contravento_sign_ins_total", outcome=outcome)
    await client.post("/api/v1/sessions", json={"login": rider.username, "password": password})
    assert value("contravento_sign_ins_total", outcome=outcome) == before + 1


async def test_too_many_tries_are_counted(client: AsyncClient, rider: Rider) -> None:
    wrong = {"login": rider.username, "password": "not the right one"}
    for _ in range(40):
        if (await client.post("/api/v1/sessions", json=wrong)).status_code == 429:
            break
    before = value("contravento_sign_ins_total", outcome="limited")
    await client.post("/api/v1/sessions", json=wrong)
    assert value("contravento_sign_ins_total", outcome="limited") == before + 1


async def test_mails_are_counted_by_what_became_of_them(tmp_path: Path) -> None:
    outcomes = ("sent", "failed", "held")
    before = [value("contravento_mails_total", outcome=outcome) for outcome in outcomes]
    folder = tmp_path / "mail"
    mailer = AllowedOnly(FolderMailer(folder, "Diary"), ("@example.org",))
    await mailer.send(Mail("maite@example.org", "Hello", "…"))
    await mailer.send(Mail("maite@elsewhere.example", "Hello", "…"))
    folder.rename(tmp_path / "away")
    folder.write_text("no folder")
    with pytest.raises(FileExistsError):
        await mailer.send(Mail("maite@example.org", "Hello", "…"))
    after = [value("contravento_mails_total", outcome=outcome) for outcome in outcomes]
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1, 1]


def test_work_is_counted_by_how_it_ends() -> None:
    def work(error: Exception | None) -> None:
        seconds = metrics.TRACK_SECONDS
        with metrics.processing(metrics.TRACKS_PROCESSED, seconds, UnreadableTrack):
            if error:
                raise error

    outcomes = ("ready", "refused", "failed")
    before = [value("contravento_tracks_processed_total", outcome=outcome) for outcome in outcomes]
    work(None)
    with pytest.raises(UnreadableTrack):
        work(UnreadableTrack())
    with pytest.raises(OSError, match="gone"):
        work(OSError("gone"))
    after = [value("contravento_tracks_processed_total", outcome=outcome) for outcome in outcomes]
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1, 1]


async def test_the_pool_tells_who_is_in_it_and_when_nobody_gets_in(
    own_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contravento.kit.database.session.POOL_OVERFLOW", 0)
    monkeypatch.setattr("contravento.kit.database.session.POOL_TIMEOUT_SECONDS", 0.1)
    engine = make_engine(make_settings(own_database, tmp_path, database_pool_size=1))
    before = value("contravento_database_pool_timeouts_total")
    async with engine.connect():
        report_pool_metrics(engine)
        assert value("contravento_database_pool_connections", state="in_use") == 1
        with pytest.raises(PoolTimeout):
            async with engine.connect():
                pass
    report_pool_metrics(engine)
    assert value("contravento_database_pool_timeouts_total") == before + 1
    assert value("contravento_database_pool_connections", state="in_use") == 0
    assert value("contravento_database_pool_connections", state="idle") == 1
    assert value("contravento_database_pool_limit") == 1
    await engine.dispose()


async def test_what_is_kept_counts_hits_and_misses(
    client: AsyncClient, resources: Resources
) -> None:
    before = [_lookups(outcome) for outcome in ("hit", "miss")]
    await client.get("/")
    await client.get("/")
    hits, misses = (_lookups(each) for each in ("hit", "miss"))
    assert (hits - before[0], misses - before[1]) == (1, 1)


def _lookups(outcome: str) -> float:
    return value("contravento_cache_lookups_total", cache="topics", outcome=outcome)
