"""Environment files and containers for tests: good ones, of which each test spoils one thing."""

from pathlib import Path

from contravento_ops.environment import file, initialise
from contravento_ops.kit.paths import EnvironmentName, EnvironmentPaths

OWN = {
    "DOMAIN": "staging.velo.test",
    "SMTP_HOST": "smtp.velo.test",
    "SMTP_USER": "diary",
    "SMTP_PASSWORD": "Lq8-wPz4_tXv2Rk9",
    "SMTP_FROM": "diary@velo.test",
    "MAIL_ALLOW_LIST": "@velo.test",
    "ACME_EMAIL": "host@velo.test",
}


def make_file(folder: Path, environment: EnvironmentName = "staging", **changes: str) -> Path:
    """As `init` makes it. A change to nothing takes the line out."""
    own = {
        "dev": {},
        "staging": OWN,
        "prod": {**OWN, "DOMAIN": "velo.test", "MAIL_ALLOW_LIST": ""},
    }[environment]
    paths = EnvironmentPaths(folder, environment)
    initialise.initialise(paths, {**own, **changes}, lambda variable, suggestion: suggestion)
    return paths.env_file


def spoil(path: Path, name: str, line: str) -> None:
    """Put a line where that of the name stands, or at the end."""
    lines = path.read_text().splitlines()
    places = [number for number, each in enumerate(lines) if each.startswith(f"{name}=")]
    if places:
        lines[places[0]] = line
    else:
        lines.append(line)
    path.write_text("\n".join(lines) + "\n")


def value_in(path: Path, name: str) -> str:
    found = file.read(path)
    assert found
    return found.values[name]
