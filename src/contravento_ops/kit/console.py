"""The one file that prints: for people in colour, for machines as JSON."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from rich.console import Console as RichConsole
from rich.live import Live
from rich.markup import escape
from rich.table import Table

type Mark = Literal["ok", "warning", "failed", "skipped"]

WIDTH_OF_NO_TERMINAL = 160  # a pipe, a file or a log shall find a name in one line

MARKS: dict[str, str] = {
    "ok": "[green]✓[/]",
    "warning": "[yellow]![/]",
    "failed": "[red]✗[/]",
    "skipped": "[dim]–[/]",
}


class Board:
    """A table whose rows change while somebody looks."""

    def __init__(
        self, title: str, columns: Sequence[str], rows: Mapping[str, Sequence[str]]
    ) -> None:
        self.title, self.columns, self.rows = title, columns, dict(rows)
        self.live: Live | None = None
        self.hear: Callable[[Sequence[str]], None] = lambda row: None

    def put(self, name: str, row: Sequence[str]) -> None:
        self.rows[name] = row
        self.hear(row)
        if self.live:
            self.live.update(self.drawn())

    def drawn(self) -> Table:
        return _table(self.title, self.columns, self.rows.values())


class Console:
    """With `as_json` only `answer` reaches standard output; everything else stays silent."""

    def __init__(self, *, as_json: bool = False, answers_plan: bool = False) -> None:
        self.as_json = as_json
        self.answers_plan = answers_plan
        width = None if sys.stdout.isatty() else WIDTH_OF_NO_TERMINAL
        self._out = RichConsole(quiet=as_json, highlight=False, soft_wrap=True, width=width)
        self._err = RichConsole(stderr=True, highlight=False, soft_wrap=True)

    def say(self, sentence: str = "") -> None:
        self._out.print(escape(sentence))

    def note(self, mark: Mark, sentence: str) -> None:
        self._out.print(f"{MARKS[mark]} {escape(sentence)}")

    def raw(self, text: str) -> None:
        """What another program said, as it said it."""
        if not self.as_json:
            sys.stdout.write(text)
            sys.stdout.flush()

    def complain(self, sentences: Iterable[str]) -> None:
        for sentence in sentences:
            self._err.print(escape(sentence), style="red")

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        self._out.print(_table(title, columns, rows))

    @contextmanager
    def board(
        self, title: str, columns: Sequence[str], rows: Mapping[str, Sequence[str]]
    ) -> Iterator[Board]:
        """Live on a terminal; elsewhere it is printed at the end, and each row as it comes."""
        board = Board(title, columns, rows)
        if not self._out.is_terminal:
            board.hear = self._say_row
            yield board
            self._out.print(board.drawn())
            return
        with Live(board.drawn(), console=self._out, refresh_per_second=4) as live:
            board.live = live
            yield board

    def _say_row(self, row: Sequence[str]) -> None:
        """Once it is settled."""
        if row[0] in MARKS:
            self._out.print(" ".join([MARKS[row[0]], *map(escape, row[1:])]))

    def answer(self, answer: Any) -> None:
        """What `--json` prints: one document, and nothing besides."""
        if self.as_json:
            sys.stdout.write(json.dumps(answer, indent=2, default=str, ensure_ascii=False) + "\n")

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Say what is being done while it is, and how it ended."""
        with self._out.status(escape(title)):
            try:
                yield
            except BaseException:
                self.note("failed", title)
                raise
        self.note("ok", title)


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(title=escape(title), title_justify="left", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(MARKS.get(cell, escape(cell)) for cell in row))
    return table
