"""What this program makes of its environment, told without any secret."""

import json
import re
from typing import Any

import typer
from pydantic import SecretStr

from contravento.kit.settings import Settings, load_settings

PASSWORD = re.compile(r"(?<=://)([^@/]*)(?=@)")


def settings() -> None:
    """Print every setting as JSON; of a secret its length, of an address all but its password."""
    typer.echo(json.dumps(told(load_settings()), default=str))


def told(settings: Settings) -> dict[str, Any]:
    return {name.upper(): _told(getattr(settings, name)) for name in type(settings).model_fields}


def _told(value: object) -> object:
    if not isinstance(value, SecretStr):
        return value
    secret = value.get_secret_value()
    if "://" in secret:
        return PASSWORD.sub(_who, secret)
    return f"{len(secret)} characters"


def _who(match: re.Match[str]) -> str:
    """The user's name; one without a password is a secret itself."""
    name, separator, _ = match[1].partition(":")
    return f"{name}:…" if separator else "…"
