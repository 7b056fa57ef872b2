"""The one file that prints: for people in colour, for machines as JSON."""

import json
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from rich.console import Console as RichConsole
from rich.live import Live
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

type Mark = Literal["ok", "warning", "failed", "skipped"]

WIDTH_OF_NO_TERMINAL = 160  # a pipe, a file or a log shall find a name in one line

MOVE_EVERY_SECONDS, NEARLY = 0.2, 0.97

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
    def progress(self) -> Iterator["Steps"]:
        """A bar for each step where there is a terminal, else a line when it begins and ends."""
        steps = Bars(self) if self._out.is_terminal and not self.as_json else Steps(self)
        with steps:
            yield steps

    @property
    def terminal(self) -> RichConsole:
        return self._out

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


class Steps:
    """What is being done, in lines."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.title = ""

    def begin(self, title: str, seconds: float) -> None:
        self.title = title
        self.console.say(f"{title} (about {seconds:.0f} s) …")

    def end(self, seconds: float) -> None:
        self.console.note("ok", f"{self.title}: {seconds:.1f} s")
        self.title = ""

    def __enter__(self) -> "Steps":
        return self

    def __exit__(self, *error: object) -> None:
        if self.title:
            self.console.note("failed", self.title)


class Bars(Steps):
    """What is being done, in a bar that fills as the time goes by that it usually takes."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("of about {task.total:.0f} s"),
            console=console.terminal,
            transient=True,
        )
        self._over = threading.Event()
        self._moving = threading.Thread(target=self._move, daemon=True)
        self._task = TaskID(0)

    def begin(self, title: str, seconds: float) -> None:
        self.title = title
        self._task = self._bar.add_task(title, total=seconds)

    def end(self, seconds: float) -> None:
        self._bar.remove_task(self._task)
        super().end(seconds)

    def __enter__(self) -> "Bars":
        self._bar.start()
        self._moving.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._moving.join()
        self._bar.stop()
        super().__exit__(*error)

    def _move(self) -> None:
        """Never quite to the end: that is the step's own to say."""
        while not self._over.wait(MOVE_EVERY_SECONDS):
            for task in self._bar.tasks:
                usual = task.total or 1.0
                self._bar.update(task.id, completed=min(task.elapsed or 0.0, usual * NEARLY))
