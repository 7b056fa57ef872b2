"""Memory that large answers took goes back to the system."""

import sys

import psutil
import pytest

from contravento.kit.telemetry.memory import MemoryTrimmer

MEGABYTE = 1024 * 1024
PIECES, PIECE_BYTES, ONE_IN = 60_000, 2000, 500


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's")
def test_what_was_freed_between_pieces_in_use_goes_back() -> None:
    process = psutil.Process()
    pieces = [bytes(PIECE_BYTES) for _ in range(PIECES)]
    kept = pieces[::ONE_IN] + pieces[-1:]
    del pieces
    freed = process.memory_info().rss
    assert MemoryTrimmer().note_answer(PIECES * PIECE_BYTES)
    assert freed - process.memory_info().rss > PIECES * PIECE_BYTES / 2
    assert kept


def test_small_answers_are_nothing_until_they_add_up() -> None:
    trimmer = MemoryTrimmer()
    assert not any(trimmer.note_answer(MEGABYTE) for _ in range(15))
    assert trimmer.note_answer(MEGABYTE)
    assert not trimmer.note_answer(100 * MEGABYTE)  # just done
