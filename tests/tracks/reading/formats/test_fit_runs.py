"""Records read many at once are those that are read one by one."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from contravento.tracks import errors
from contravento.tracks.reading.formats import fit as reader, fit_runs
from contravento.tracks.reading.parsed_file import Findings
from tests.support.corpus import FILES
from tests.tracks.reading.formats.test_fit import NOON, fit, record, record_fields

CASES = FILES.parent / "cases"


def read_both(content: bytes) -> tuple[Findings | type[Exception], Findings | type[Exception]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit_runs, "find_run", lambda *_: None)
        slow = attempt(content)
    return attempt(content), slow


def attempt(content: bytes) -> Findings | type[Exception]:
    try:
        return reader.read(content)
    except errors.UnreadableTrack as refusal:
        return type(refusal)


def check(content: bytes) -> None:
    fast, slow = read_both(content)
    if not isinstance(fast, Findings) or not isinstance(slow, Findings):
        assert fast == slow
        return
    for name in ("lon", "lat", "elevation", "seconds"):
        np.testing.assert_array_equal(getattr(fast.line, name), getattr(slow.line, name))
    assert fast.line.segment_starts == slow.line.segment_starts
    assert fast.remarks == slow.remarks


odd_records = st.sampled_from(
    [
        record(NOON, None, None, 5),
        record(NOON, 1, None, 5),
        record(NOON, None, 43, None),
        record(NOON, 1, 43, None),
        b"\0" + struct.pack("<IiiHB", 0xFFFF_FFFF, 5, 6, 7, 8),
        b"\0" + struct.pack("<IiiHB", 77, 5, 6, 7, 8),
    ]
)
pieces = st.lists(
    st.integers(1, 20).map(
        lambda count: b"".join(
            record(NOON + at, 1 + at / 1e4, 43, at or None) for at in range(count)
        )
    )
    | odd_records,
    max_size=6,
)


@given(parts=pieces, cut=st.integers(0, 40))
def test_runs_are_what_single_records_are(parts: list[bytes], cut: int) -> None:
    content = fit(record_fields(), *parts)
    check(content[: len(content) - cut])


@pytest.mark.parametrize("order", ["<", ">"])
def test_either_byte_order_is_read_at_once(order: str) -> None:
    rows = [record(NOON + at, 1 + at / 1e4, 43, at, order) for at in range(5_000)]
    check(fit(record_fields(order), *rows))


@pytest.mark.parametrize(
    "path", sorted([*FILES.glob("*.fit"), *CASES.glob("*.fit")]), ids=lambda path: path.name
)
def test_real_files_are_the_same(path: Path) -> None:
    check(path.read_bytes())
