"""How the database came to its shape, and how to bring one there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

ADVISORY_LOCK = 7_203_114_905  # any number, as long as it is always the same one

_FOLDER = Path(__file__).parent


def configuration(database_url: str | None = None) -> Config:
    """Alembic's configuration, wherever the program is installed."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s")
    if database_url:
        config.set_main_option("sqlalchemy.url", database_url.replace("%", "%%"))
    return config


def upgrade(database_url: str, revision: str = "head") -> None:
    command.upgrade(configuration(database_url), revision)


def newest_revision() -> str:
    found = ScriptDirectory.from_config(configuration()).get_current_head()
    if found is None:
        raise RuntimeError("there are no migrations")
    return found


def tables_of_the_queue(name: str | None) -> bool:
    """The job queue brings its own tables; its library says how they look."""
    return bool(name) and str(name).startswith("procrastinate_")
