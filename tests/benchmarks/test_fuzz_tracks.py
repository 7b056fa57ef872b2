"""The fuzzing target itself, for a moment, and what it calls a fault."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks import fuzz_tracks

from contravento.tracks.pipeline import digest
from tests.tracks.making import ride


def test_a_moment_of_fuzzing_finds_nothing(tmp_path: Path) -> None:
    assert fuzz_tracks.fuzz(3, seed=7, keep=tmp_path) > 10
    assert list(tmp_path.iterdir()) == []


def test_the_same_seed_makes_the_same_files() -> None:
    seeds = fuzz_tracks.load_seeds()
    one, other = ([fuzz_tracks.change(random.Random(5), seeds)] for _ in range(2))  # noqa: S311
    assert one == other


def test_what_breaks_the_reader_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(content: bytes) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(fuzz_tracks, "check", break_down)
    with pytest.raises(SystemExit):
        fuzz_tracks.fuzz(3, seed=7, keep=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["seed-7-0"]


def test_figures_that_cannot_be_are_faults() -> None:
    read = digest(ride(200), "")
    assert list(fuzz_tracks.faults_of(read)) == []
    odd = replace(read.measures, moving_seconds=9e9, top_speed=90.0, distance_metres=-1.0)
    assert len(list(fuzz_tracks.faults_of(replace(read, measures=odd)))) == 3
