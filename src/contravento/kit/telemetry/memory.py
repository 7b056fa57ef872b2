"""Keeps the memory of a process small."""

import ctypes
import sys
import time
from typing import Any

_M_ARENA_MAX = -8  # malloc.h
_ARENAS = 2
_TRIM_AFTER_BYTES = 16 * 1024 * 1024
_TRIM_EVERY_SECONDS = 5


def limit_malloc_arenas() -> None:
    """Let all threads share two of glibc's arenas. By default each thread that handles an upload
    keeps one of its own, and with it the memory of the largest file it ever saw."""
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        mallopt(_M_ARENA_MAX, _ARENAS)


class MemoryTrimmer:
    """Gives memory back after large answers: glibc keeps what lies below a small piece that is
    still in use, for good. Looking takes milliseconds, so small answers only add up to a large
    one, and it is done now and then."""

    def __init__(self) -> None:
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
        self._trim: Any = trim
        self._answered_bytes = 0
        self._not_before = 0.0

    def note_answer(self, size_bytes: int) -> bool:
        """Whether memory was given back."""
        self._answered_bytes += size_bytes
        is_due = self._answered_bytes >= _TRIM_AFTER_BYTES and time.monotonic() >= self._not_before
        if not self._trim or not is_due:
            return False
        self._trim(0)
        self._answered_bytes = 0
        self._not_before = time.monotonic() + _TRIM_EVERY_SECONDS
        return True
