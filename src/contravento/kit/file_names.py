"""What is kept of an uploaded file's name."""

from pathlib import PurePosixPath

MAX_NAME_CHARACTERS = 200


def safe_file_name(name: str | None) -> str:
    """A file's name without any folder and without what cannot be shown."""
    last = PurePosixPath((name or "").replace("\\", "/")).name
    printable = "".join(character for character in last if character.isprintable())
    return printable.encode("utf-8", "replace").decode()[-MAX_NAME_CHARACTERS:] or "file"
