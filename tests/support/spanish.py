"""The Spanish catalogue, as tests read it."""

import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

SPANISH = Path(__file__).parents[2] / "src" / "contravento" / "translations" / "es.po"
PLACE = re.compile(r"%\((\w+)\)[sd]|(?<!%)\{(\w+)\}")


def catalogue() -> Catalog:
    with SPANISH.open("rb") as file:
        return read_po(file, locale="es", abort_invalid=True)


def entries(catalogue: Catalog) -> Iterator[Message]:
    return (entry for entry in catalogue if entry.id)


def forms(words: object) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words)  # type: ignore[arg-type]
