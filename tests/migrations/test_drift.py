"""The migrations make exactly the tables that the models describe."""

from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from contravento import migrations


def test_the_models_ask_for_nothing_that_no_migration_makes(own_database: str) -> None:
    command.check(migrations.configuration(own_database))  # raises with what differs


def test_every_migration_can_be_gone_back_and_done_again(own_database: str) -> None:
    chosen = migrations.configuration(own_database)
    command.downgrade(chosen, "base")
    command.upgrade(chosen, "head")
    command.check(chosen)


def test_there_is_one_newest_revision() -> None:
    script = ScriptDirectory.from_config(migrations.configuration())
    assert script.get_heads() == [migrations.newest_revision()]


def test_the_names_of_migrations_begin_with_their_dates() -> None:
    folder = Path(migrations.__file__).parent / "versions"
    names = [file.name for file in folder.glob("*.py")]
    assert names
    assert all(name[:10].replace("_", "").isdigit() for name in names)
