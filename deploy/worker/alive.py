"""Exit status 0 while workers give signs of life in the database, else 1 and one sentence."""

import os
import sys

import psycopg

try:
    from contravento.kit.database_url import read_address

    def libpq_url(url: str) -> str:
        return read_address(url).libpq()

except ImportError:  # a release from before, gone back to

    def libpq_url(url: str) -> str:
        return url.replace("postgresql+asyncpg://", "postgresql://", 1)


SILENT_SECONDS = 30
QUESTION = "SELECT extract(epoch FROM now() - max(last_heartbeat)) FROM procrastinate_workers"


def silent_seconds() -> float | None:
    with psycopg.connect(libpq_url(os.environ["DATABASE_URL"]), connect_timeout=4) as connection:
        row = connection.execute(QUESTION).fetchone()
    return None if row is None or row[0] is None else float(row[0])


if __name__ == "__main__":
    silent = silent_seconds()
    if silent is None or silent > SILENT_SECONDS:
        sys.exit("no worker has given a sign of life lately")
