"""What the programs around the application write down."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select

from contravento.kit.clock import now
from contravento.kit.database.session import Session, libpq_url
from contravento.operations import service
from contravento.operations.errors import BadReport
from contravento.operations.models import OperationReport, Outcome
from contravento.operations.rules import KEPT_REPORTS_OF_A_KIND
from tests.conftest import SECRET


async def test_of_each_kind_the_newest_reports_are_kept(session: Session) -> None:
    began = now() - timedelta(days=400)
    await service.record_report(session, "drill", Outcome.SUCCEEDED, at=began)
    for day in range(KEPT_REPORTS_OF_A_KIND + 3):
        at = began + timedelta(days=day)
        await service.record_report(session, "backup", Outcome.SUCCEEDED, at=at)

    kept = list(await session.scalars(select(OperationReport).order_by(OperationReport.at)))
    backups = [report.at for report in kept if report.kind == "backup"]
    assert len(backups) == KEPT_REPORTS_OF_A_KIND
    assert backups[0] == began + timedelta(days=3)
    assert len(kept) == len(backups) + 1


@pytest.mark.parametrize("kind", ["", "Backup", "a b", "x" * 41, "9lives", "backup\n"])
async def test_a_kind_is_a_short_word(session: Session, kind: str) -> None:
    with pytest.raises(BadReport):
        await service.record_report(session, kind, Outcome.SUCCEEDED)


def record(url: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    settings = {
        "APP_ENV": "local",
        "DATABASE_URL": url,
        "SECRET_KEY": SECRET,
        "STORAGE_URL": folder.as_uri(),
        "MAIL_FOLDER": str(folder),
    }
    return subprocess.run(
        [sys.executable, "-m", "contravento", "operations", "record", *options],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.servers
def test_a_report_is_recorded_on_the_command_line(own_database: str, tmp_path: Path) -> None:
    told = '{"sentence": "12 MB in 3 s", "bytes": 12000000}'
    done = record(
        own_database,
        tmp_path,
        "backup",
        "--outcome",
        "failed",
        "--at",
        "2026-11-23T10:00:00Z",
        "--details",
        told,
    )

    assert done.returncode == 0, done.stderr
    with psycopg.connect(libpq_url(own_database)) as connection:
        rows = connection.execute(
            "SELECT kind, outcome, at AT TIME ZONE 'UTC', details->>'bytes' FROM operation_reports"
        ).fetchall()
    (row,) = rows
    assert (*row[:2], str(row[2]), row[3]) == (
        "backup",
        "failed",
        "2026-11-23 10:00:00",
        "12000000",
    )


@pytest.mark.servers
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["Backup!"], "small letters"),
        (["backup", "--details", "[1]"], "JSON object"),
        (["backup", "--outcome", "perhaps"], "succeeded"),
        (["backup", "--at", "yesterday"], "does not match"),
    ],
)
def test_a_wrong_report_is_refused_in_words(
    own_database: str, tmp_path: Path, options: list[str], words: str
) -> None:
    done = record(own_database, tmp_path, *options)
    assert done.returncode == 2
    assert words in done.stderr
