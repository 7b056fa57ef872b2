"""What a restore says while it is at work: an event a line, for the program on the host."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def event(**facts: Any) -> None:
    print(json.dumps(facts, default=str), flush=True)  # noqa: T201  (the host reads it)


@contextmanager
def step(name: str, title: str, seconds: float = 1.0) -> Iterator[None]:
    """`seconds` is how long it will take, as far as that can be known."""
    event(begins=name, title=title, seconds=round(max(seconds, 0.5), 1))
    started = time.monotonic()
    yield
    event(ended=name, seconds=round(time.monotonic() - started, 1))


def warn(words: str) -> None:
    event(warns=words)


def result(**facts: Any) -> None:
    event(result=facts)
