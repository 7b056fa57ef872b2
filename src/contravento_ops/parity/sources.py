"""Staging and production, looked at on this host, or one of them as another host wrote it down."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from contravento_ops.environment import file as env_files
from contravento_ops.kit.compose import Project
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.kit.paths import EnvironmentPaths
from contravento_ops.parity.diff import Difference, compare, read_allowed
from contravento_ops.parity.snapshot import Found, Inspector, Snapshot, id_of

ALLOWED = Path("deploy") / "parity.toml"
CARRIED = Path("parity") / "prod.json"  # under var/ops


def look_at(paths: EnvironmentPaths, image: str = "") -> Snapshot:
    """Raises CommandError where there is no environment file."""
    file = env_files.read(paths.env_file)
    if file is None:
        raise CommandError(f"There is no {paths.env_file.name}.", status=Exit.ENVIRONMENT)
    return Inspector(Project(paths), file, image or image_of(file.values)).look()


def differences(staging: EnvironmentPaths, with_file: str = "") -> list[Difference] | None:
    """By files, and by what runs where both do; none where no production is known."""
    file = env_files.read(staging.env_file)
    image = image_of(file.values) if file else ""
    production = _production(staging, with_file, image)
    if production is None:
        return None
    here = look_at(staging, image)
    pairs = {"files": (here.files, production.files)}
    if here.running and production.running:
        pairs["running"] = (here.running, production.running)
    allowed = read_allowed(staging.root / ALLOWED)
    return [
        each
        for under, (one, other) in pairs.items()
        for each in compare(_under(under, one), _under(under, other), allowed)
    ]


def _production(staging: EnvironmentPaths, with_file: str, image: str) -> Snapshot | None:
    carried = Path(with_file) if with_file else staging.shared / CARRIED
    if with_file or carried.exists():
        return Snapshot.read(carried)
    here = replace(staging, environment="prod")
    return look_at(here, image) if here.env_file.exists() else None


def image_of(values: Mapping[str, str]) -> str:
    """The release's, where it is on this host: it says what follows from the files."""
    image = f"contravento:{values.get('TAG', 'local')}"
    return image if id_of(image) else ""


def _under(name: str, found: Found) -> Found:
    return {f"{name}/{key}": value for key, value in found.items()}
