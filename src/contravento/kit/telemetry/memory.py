"""Keeps the memory of a process small."""

import ctypes
import sys

_M_ARENA_MAX = -8  # malloc.h
_ARENAS = 2


def limit_malloc_arenas() -> None:
    """Let all threads share two of glibc's arenas. By default each thread that handles an upload
    keeps one of its own, and with it the memory of the largest file it ever saw."""
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        mallopt(_M_ARENA_MAX, _ARENAS)
