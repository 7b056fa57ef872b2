"""Where tests find real tracks: the shared corpus, and the few files kept beside the tests."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FILES = Path(__file__).parents[1] / "tracks" / "files"


def corpus_folder() -> Path:
    """CONTRAVENTO_CORPUS, or shared/corpus beside the repository; it need not be there."""
    return Path(os.environ.get("CONTRAVENTO_CORPUS") or REPOSITORY.parent / "shared" / "corpus")


def corpus_file(name: str) -> bytes:
    """The content of a corpus file such as `gpx/bom.gpx`; skips the test where there is none."""
    kept = FILES / Path(name).name
    if kept.is_file():
        return kept.read_bytes()
    path = corpus_folder() / name
    if not path.is_file():
        pytest.skip(f"{path} is not here; set CONTRAVENTO_CORPUS to the folder of real tracks")
    return path.read_bytes()
