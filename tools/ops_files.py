"""Writes what follows from others: env examples, the page of variables, x-settings, requirements.

    python tools/ops_files.py

A test says when they are out of date.
"""

import subprocess
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from contravento.kit.settings import Settings
from contravento_ops.environment import examples
from contravento_ops.kit.paths import ENVIRONMENTS

ROOT = Path(__file__).parent.parent
COMPOSE = ROOT / "docker-compose.yml"
ROOTS = ("typer", "rich", "cryptography")
HEAD = (
    "# What deploy.sh installs for itself: Typer, rich, cryptography and what they need, as uv.lock"
    " has them."
)


def files() -> dict[Path, str]:
    """Every such file with what it should hold."""
    example_files = {
        ROOT / f".env.{environment}.example": examples.example(environment)
        for environment in ENVIRONMENTS
    }
    return {
        **example_files,
        ROOT / examples.PAGE: examples.page(),
        COMPOSE: examples.compose_file(COMPOSE.read_text(), settings_of_the_application()),
        ROOT / "src" / "contravento_ops" / "requirements.txt": requirements(),
    }


def settings_of_the_application() -> list[str]:
    """Those that Compose hands on, in the application's order."""
    names = [name.upper() for name in Settings.model_fields]
    return [name for name in names if name not in ("MAIL_FOLDER", "X_ROBOTS_TAG")]


def requirements() -> str:
    """Pinned and with checksums, for pip's --require-hashes."""
    needed = set(_closure(ROOTS))
    words = (
        ROOT / ".venv" / "bin" / "uv",
        "export",
        "--quiet",
        "--locked",
        "--no-dev",
        "--group",
        "ops",
        "--no-emit-project",
        "--no-annotate",
        "--no-header",
    )
    said = subprocess.run(  # noqa: S603
        words, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    blocks = said.replace("\\\n", "\\\0").splitlines()
    kept = [block for block in blocks if block.partition("==")[0] in needed]
    return "\n".join([HEAD, *kept]).replace("\\\0", "\\\n") + "\n"


def _closure(names: tuple[str, ...], seen: frozenset[str] = frozenset()) -> Iterator[str]:
    for name in names:
        plain = canonicalize_name(name)
        if plain in seen:
            continue
        yield plain
        needs = [Requirement(written) for written in requires(name) or ()]
        here = tuple(
            need.name
            for need in needs
            if need.marker is None or need.marker.evaluate({"extra": ""})
        )
        yield from _closure(here, seen | {plain})


if __name__ == "__main__":
    for path, content in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
