"""Counting the statements that a piece of a test sends to the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from contravento.kit.resources import Resources


@contextmanager
def statements(resources: Resources) -> Iterator[list[str]]:
    """Every statement sent inside the block; opening and closing transactions are none."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(resources.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(resources.engine.sync_engine, "before_cursor_execute", note)


def reads(sent: list[str]) -> list[str]:
    """Those that are not savepoints, which only tests have."""
    return [statement for statement in sent if "SAVEPOINT" not in statement]
