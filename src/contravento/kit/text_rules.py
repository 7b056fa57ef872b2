"""What lines and file names that others read may hold: nothing unseen or turned around."""

import re
import unicodedata
from pathlib import PurePosixPath

from contravento.kit.i18n.marks import N_

MAX_FILE_NAME_CHARACTERS = 200
MOST_MARKS_ON_ONE_LETTER = 4  # no script piles up more: pointed Hebrew has three

# Blank letters and fillers that are not in the category of format characters.
_BLANKS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
_KEPT_FORMATS = "\u200c\u200d"  # joiners: Persian, Indian scripts and families of emoji need them
_JOINER_AMONG_LATIN = re.compile(r"(^|[\x00-\u024f])[\u200c\u200d]|[\u200c\u200d]($|[\x00-\u024f])")
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,16}\U000e007f")  # of Scotland, for one


def check_line(text: str) -> str:
    """The text as it was given. Raises ValueError with a sentence, for input models."""
    plain = _FLAG.sub("", text)
    if any(_is_unseen(character) for character in plain) or _JOINER_AMONG_LATIN.search(plain):
        raise ValueError(N_("There is a character in it that nobody can see. Type it anew."))
    if most_marks(plain) > MOST_MARKS_ON_ONE_LETTER:
        raise ValueError(N_("There are too many accents on one letter."))
    return text


def most_marks(text: str) -> int:
    """How many marks at most stand on one letter."""
    most = count = 0
    for character in unicodedata.normalize("NFC", text):
        count = count + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        most = max(most, count)
    return most


def clean_line(text: str) -> str:
    """What `check_line` would refuse, left out: for names that come out of files."""
    seen = "".join(c for c in text if not _is_unseen(c) and c not in _KEPT_FORMATS)
    kept, count = [], 0
    for character in seen:
        count = count + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if count <= MOST_MARKS_ON_ONE_LETTER:
            kept.append(character)
    return "".join(kept)


def _is_unseen(character: str) -> bool:
    if character in _BLANKS:
        return True
    return unicodedata.category(character) == "Cf" and character not in _KEPT_FORMATS


def safe_file_name(name: str | None) -> str:
    """A file's name without any folder and without what cannot be shown."""
    last = PurePosixPath((name or "").replace("\\", "/")).name
    printable = "".join(character for character in last if character.isprintable())
    return printable.encode("utf-8", "replace").decode()[-MAX_FILE_NAME_CHARACTERS:] or "file"
