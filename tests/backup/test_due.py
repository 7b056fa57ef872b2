"""When a set is due: every six hours, after a restore, and not while one is under way."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contravento_backup.kit import settings
from contravento_backup.service import RESTORE_SECONDS, Service
from contravento_backup.sets import backup_set

NEWEST = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
SOON = NEWEST + timedelta(minutes=10)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """With one set."""
    given = {"BACKUP_PATH": str(tmp_path / "backups"), "BACKUP_ENCRYPTION_KEY": "k" * 48}
    service = Service(settings.read(given), lambda words: None)
    service.store.make()
    (service.store.sets / backup_set.name_of(NEWEST)).mkdir()
    return service


def test_a_set_is_due_six_hours_after_the_last_was_begun(service: Service) -> None:
    assert not service.is_due(NEWEST + timedelta(hours=5, minutes=59))
    assert service.is_due(NEWEST + timedelta(hours=6))


def test_a_set_is_due_after_a_restore(service: Service) -> None:
    service.store.remember(restore_last_timestamp_seconds=SOON.timestamp())
    assert service.is_due(SOON)

    (service.store.sets / backup_set.name_of(SOON)).mkdir()
    assert not service.is_due(SOON + timedelta(seconds=5))


def test_none_is_due_while_a_restore_is_under_way(service: Service) -> None:
    now = datetime.fromtimestamp(time.time(), UTC) + timedelta(seconds=1)
    service.store.restore.mkdir()
    plan = service.store.restore / "plan.json"
    plan.touch()
    assert not service.is_due(now + timedelta(seconds=RESTORE_SECONDS / 2))

    long_ago = now.timestamp() - RESTORE_SECONDS
    os.utime(plan, (long_ago, long_ago))
    assert service.is_due(now + timedelta(days=1))
