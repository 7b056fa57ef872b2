"""What a run did, told to the application's operator and remembered for the metrics."""

import json
from datetime import datetime
from typing import Any

from contravento_backup.kit.settings import Settings
from contravento_backup.postgres import fingerprint

KEPT_REPORTS = 50
INSERT = "INSERT INTO operation_reports (kind, outcome, details) VALUES (%s, %s, %s::jsonb)"
TRIM = """
    DELETE FROM operation_reports WHERE kind = %s AND id NOT IN
        (SELECT id FROM operation_reports WHERE kind = %s ORDER BY at DESC, id DESC LIMIT %s)
"""


def tell(settings: Settings, kind: str, outcome: str, **details: Any) -> None:
    """A row for the operator's page; a database that is away or older is told nothing."""
    where = {"dbname": settings.database, "user": settings.administrator}
    try:
        with fingerprint.connect(**where) as connection:
            row = connection.execute("SELECT to_regclass('public.operation_reports')").fetchone()
            if row is None or row[0] is None:
                return
            connection.execute("SET search_path = public")
            connection.execute(INSERT, (kind, outcome, json.dumps(details)))
            connection.execute(TRIM, (kind, kind, KEPT_REPORTS))
    except fingerprint.Broken:
        return


def timestamp(moment: str | None) -> float:
    """0 where there is none."""
    return datetime.fromisoformat(moment).timestamp() if moment else 0.0
