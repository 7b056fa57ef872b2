"""Which migrations are pending, and which earlier builds go on working after them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from httpx import ASGITransport, AsyncClient
from typer.testing import CliRunner

from contravento import migrations
from contravento.cli.main import app
from contravento.http import health
from contravento.kit.database.session import libpq_url
from contravento.kit.resources import Resources
from contravento.main import create_app

VERSIONS = Path(migrations.__file__).parent / "versions"
HEAD = migrations.newest_revision()


@contextmanager
def a_later_migration(
    monkeypatch: pytest.MonkeyPatch, folder: Path, *, marker: str, does: str = "pass"
) -> Iterator[None]:
    """The program as a build after this one would have it."""
    versions = folder / "versions"
    versions.mkdir()
    for file in VERSIONS.parent.glob("*.*"):
        (folder / file.name).write_text(file.read_text())
    for file in VERSIONS.glob("*.*"):
        (versions / file.name).write_text(file.read_text())
    (versions / "later.py").write_text(
        f'"""Something new."""\n\nfrom alembic import op\n\nrevision = "later"\n'
        f'down_revision = "{HEAD}"\n{marker}\n\n\ndef upgrade() -> None:\n    {does}\n'
    )
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "_FOLDER", folder)
        yield


@pytest.fixture
def later(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    return folder


def test_nothing_is_pending_at_the_head(own_database: str) -> None:
    found = migrations.plan(own_database)

    assert (found.current, found.head, found.is_known) == (HEAD, HEAD, True)
    assert found.pending == ()
    assert HEAD in found.works_with


def test_a_later_build_says_what_it_would_run_and_whether_this_one_goes_on(
    own_database: str, later: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_later_migration(monkeypatch, later, marker="compatible = True"):
        found = migrations.plan(own_database)

    assert found.pending == (migrations.Pending("later", "Something new", True),)


def test_a_migration_without_the_mark_is_not_taken_for_compatible(
    own_database: str, later: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_later_migration(monkeypatch, later, marker=""):
        assert not migrations.plan(own_database).pending[0].is_compatible
        migrations.upgrade(own_database)
        assert migrations.plan(own_database).works_with == ("later",)


def test_the_database_tells_this_build_that_it_still_works_after_a_compatible_one(
    own_database: str, later: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_later_migration(monkeypatch, later, marker="compatible = True"):
        migrations.upgrade(own_database)

    found = migrations.plan(own_database)

    assert not found.is_known
    assert found.works_with[:2] == ("later", HEAD)


@pytest.mark.parametrize(
    ("marker", "said"),
    [("compatible = True", "ok"), ("compatible = False", f"at later, expected {HEAD}")],
)
async def test_readiness_outlives_a_compatible_migration_only(
    live_resources: Resources, later: Path, monkeypatch: pytest.MonkeyPatch, marker: str, said: str
) -> None:
    with a_later_migration(monkeypatch, later, marker=marker):
        migrations.upgrade(live_resources.settings.database)
    health._revision_of_this_build.cache_clear()

    async def with_state(scope, receive, send):  # type: ignore[no-untyped-def]
        scope["state"] = {"resources": live_resources}
        await create_app(live_resources.settings, live_resources)(scope, receive, send)

    async with AsyncClient(
        transport=ASGITransport(app=with_state), base_url="http://test"
    ) as client:
        answer = await client.get("/health/ready")

    assert answer.json()["checks"]["migrations"] == said


def test_a_migration_that_would_lock_gives_up_and_changes_nothing(
    own_database: str, later: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurting = "op.execute('ALTER TABLE riders ADD COLUMN nickname text')"
    in_the_way = psycopg.connect(libpq_url(own_database))
    in_the_way.execute("SELECT count(*) FROM riders")
    with a_later_migration(monkeypatch, later, marker="", does=hurting):
        done = run(monkeypatch, own_database, "migrate", "--lock-timeout", "1")
    in_the_way.close()

    assert done.exit_code == 3
    assert done.stderr.splitlines()[-1] == (
        "The migration waited 1 seconds for a lock that other work holds. Nothing was changed."
    )
    assert migrations.plan(own_database).current == HEAD


def test_a_migration_that_fails_is_named_with_the_words_of_the_database(
    own_database: str, later: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = "op.execute('ALTER TABLE riders ADD COLUMN username text')"
    with a_later_migration(monkeypatch, later, marker="", does=failing):
        done = run(monkeypatch, own_database, "migrate")

    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1] == (
        f"The migration {HEAD} -> later: Something new. failed:"
        ' column "username" of relation "riders" already exists. Nothing was changed.'
    )


def test_a_migration_that_takes_too_long_is_cancelled(
    own_database: str, later: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_later_migration(monkeypatch, later, marker="", does="op.execute('SELECT pg_sleep(9)')"):
        done = run(monkeypatch, own_database, "migrate", "--statement-timeout", "1")

    assert done.exit_code == 4
    assert migrations.plan(own_database).current == HEAD


@pytest.mark.parametrize(("marker", "status"), [("compatible = True", 0), ("", 5)])
def test_an_earlier_build_has_nothing_to_run_if_it_works_with_what_is_there(
    own_database: str, later: Path, monkeypatch: pytest.MonkeyPatch, marker: str, status: int
) -> None:
    with a_later_migration(monkeypatch, later, marker=marker):
        migrations.upgrade(own_database)

    done = run(monkeypatch, own_database, "migrate")

    assert done.exit_code == status
    assert migrations.plan(own_database).current == "later"


def test_who_waits_goes_on_once_somebody_else_has_migrated(
    own_database: str, later: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_later_migration(monkeypatch, later, marker=""):
        monkeypatch.setattr(time, "sleep", lambda seconds: migrations.upgrade(own_database))
        done = run(monkeypatch, own_database, "migrate", "--wait", "60")

    assert (done.exit_code, done.stdout) == (0, "The database is at later.\n")


def test_who_waits_in_vain_runs_nothing_and_says_so(
    own_database: str, later: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_later_migration(monkeypatch, later, marker=""):
        done = run(monkeypatch, own_database, "migrate", "--wait", "1")

    assert done.exit_code == 6
    assert "within 1 seconds" in done.stderr
    assert migrations.plan(own_database).current == HEAD


@pytest.mark.parametrize(("marker", "status"), [("compatible = True", 0), ("", 5)])
def test_an_earlier_build_does_not_wait_for_what_is_long_there(
    own_database: str, later: Path, monkeypatch: pytest.MonkeyPatch, marker: str, status: int
) -> None:
    with a_later_migration(monkeypatch, later, marker=marker):
        migrations.upgrade(own_database)

    assert run(monkeypatch, own_database, "migrate", "--wait", "60").exit_code == status


def test_who_waits_waits_for_a_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = "postgresql://nobody@127.0.0.1:1/nothing"

    assert run(monkeypatch, nobody, "migrate", "--wait", "1").exit_code == 6


def test_the_plan_is_told_to_machines(own_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run(monkeypatch, own_database, "migrate", "--plan", "--json")

    assert done.exit_code == 0
    assert f'"head": "{HEAD}"' in done.stdout


def run(monkeypatch: pytest.MonkeyPatch, url: str, *arguments: str):  # type: ignore[no-untyped-def]
    for name, value in {
        "APP_ENV": "local",
        "DATABASE_URL": url,
        "SECRET_KEY": "x",
        "MAIL_FOLDER": "unused",
    }.items():
        monkeypatch.setenv(name, value)
    return CliRunner().invoke(app, arguments)
