"""Images of the programs that a host may take from there: the real ones, or stand-ins for them."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.stack.docker import ROOT, docker

RECIPES = ROOT / "tests" / "stack"
PULL_SECONDS = 300


@contextmanager
def at_hand(name: str, stand_in: str, folder: Path) -> Iterator[str]:
    """As a registry has it; else made from `stand_in`, and called so for as long as it is used."""
    if any(_works(*words, name) for words in (("image", "inspect"), ("pull", "--quiet"))):
        yield name
        return
    shutil.copytree(RECIPES / stand_in, folder / stand_in)
    if stand_in == "k6":
        shutil.copy(Path(sys.executable).parent / "k6", folder / stand_in)
    kept = f"contravento-test-{stand_in}:1"
    docker("build", "--quiet", "--tag", kept, str(folder / stand_in), timeout=600)
    docker("tag", kept, name)
    try:
        yield name
    finally:
        docker("image", "rm", name)


def _works(*words: str) -> bool:
    done = subprocess.run(
        ["docker", *words], capture_output=True, check=False, timeout=PULL_SECONDS
    )
    return done.returncode == 0
