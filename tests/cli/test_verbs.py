"""The command line imports what a verb needs, and no more."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contravento.cli.main import VERBS, app

HEAVY = {"alembic", "asyncpg", "fastapi", "obstore", "procrastinate", "psycopg", "sqlalchemy"}
RUN = """\
import sys
from contravento.cli.main import app
app(sys.argv[1:], standalone_mode=False)
print(*{name.partition(".")[0] for name in sys.modules})
"""


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_says_what_it_is_for(verb: str) -> None:
    found = CliRunner().invoke(app, [verb, "--help"])

    assert found.exit_code == 0, found.output
    assert f"Usage: contravento {verb}" in found.output


def test_a_verb_that_there_is_not_is_a_wrong_use() -> None:
    assert CliRunner().invoke(app, ["nonsense"]).exit_code == 2


def test_reading_a_track_imports_no_database(tmp_path: Path) -> None:
    file = tmp_path / "day.gpx"
    file.write_text(
        '<gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>'
        '<trkpt lat="43.1" lon="-2.5"/><trkpt lat="43.2" lon="-2.5"/></trkseg></trk></gpx>'
    )

    shown = subprocess.run(
        [sys.executable, "-c", RUN, "tracks", "inspect", str(file)],
        capture_output=True,
        text=True,
        check=True,
    )

    *told, imported = shown.stdout.splitlines()
    assert any(line.startswith("distance") for line in told)
    assert HEAVY & set(imported.split()) == set()
