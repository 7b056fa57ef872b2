"""A light, steady stream of requests, and what became of each."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

PAUSE_SECONDS = 0.1


@dataclass
class Stream:
    answers: list[httpx.Response] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def unwell(self) -> list[str]:
        """Everything that a visitor would call an outage."""
        bad = [
            f"{answer.status_code} {answer.url.path}"
            for answer in self.answers
            if answer.is_server_error
        ]
        return bad + self.errors

    @property
    def unavailable(self) -> list[httpx.Response]:
        return [answer for answer in self.answers if answer.status_code == 503]


@contextmanager
def steady(
    client: httpx.Client, ask: Callable[[httpx.Client], httpx.Response], *, visitors: int = 2
) -> Iterator[Stream]:
    """Each visitor asks, waits a moment and asks again, until the block ends."""
    stream, over = Stream(), threading.Event()

    def visit() -> None:
        while not over.is_set():
            try:
                stream.answers.append(ask(client))
            except httpx.HTTPError as error:
                stream.errors.append(f"{type(error).__name__}: {error}")
            time.sleep(PAUSE_SECONDS)

    threads = [threading.Thread(target=visit) for _ in range(visitors)]
    for thread in threads:
        thread.start()
    try:
        yield stream
    finally:
        over.set()
        for thread in threads:
            thread.join()
