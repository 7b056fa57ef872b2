"""Writes a migration for what the models ask for and the migrations do not make yet.

    python tools/migration.py "add likes to trips"

Works on an embedded PostgreSQL that is made for it and thrown away.
"""

import sys
import tempfile
from pathlib import Path

from alembic import command

from contravento import migrations
from contravento.kit.database.embedded import embedded_postgres


def main() -> int:
    if len(sys.argv) != 2 or not sys.argv[1].strip():
        sys.stderr.write('Say what it does: make migration MESSAGE="add likes to trips"\n')
        return 2
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with embedded_postgres(Path(folder) / "postgres", "contravento") as url:
            migrations.upgrade(url)
            command.revision(migrations.configuration(url), sys.argv[1], autogenerate=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
