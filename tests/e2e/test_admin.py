"""The first administrator is made on the command line, never by a default password."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from contravento.kit.database.session import libpq_url
from tests.conftest import SECRET

pytestmark = pytest.mark.servers

_RIDER = """
    INSERT INTO riders (username, email, password_hash, confirmed_at)
    VALUES ('maite', 'maite@example.org', '-', now()), ('ane', 'ane@example.org', '-', NULL)
"""


@pytest.mark.parametrize(
    ("name", "status", "admins"), [("Maite", 0, ["maite"]), ("ane", 1, []), ("nobody", 1, [])]
)
def test_a_confirmed_rider_is_made_administrator(
    own_database: str, tmp_path: Path, name: str, status: int, admins: list[str]
) -> None:
    with psycopg.connect(libpq_url(own_database), autocommit=True) as connection:
        connection.execute(_RIDER)
        settings = {
            "APP_ENV": "local",
            "DATABASE_URL": own_database,
            "SECRET_KEY": SECRET,
            "STORAGE_URL": tmp_path.as_uri(),
            "MAIL_FOLDER": str(tmp_path),
        }
        done = subprocess.run(
            [sys.executable, "-m", "contravento", "riders", "make-admin", name],
            env=os.environ | settings,
            capture_output=True,
            text=True,
            check=False,
        )
        found = connection.execute("SELECT username FROM riders WHERE is_admin").fetchall()

    assert done.returncode == status, done.stderr
    assert [row[0] for row in found] == admins
    assert name.lower() in (done.stdout + done.stderr).lower()
