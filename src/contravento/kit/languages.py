"""English and Spanish: catalogues read from gettext's .po files, and the choice between them."""

from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("en", "es")
DEFAULT_LANGUAGE = "en"

_FOLDER = Path(__file__).parent.parent / "translations"


@cache
def catalogue(language: str) -> NullTranslations:
    """The sentences of a language. English is written in the code, so it needs no file."""
    if language == DEFAULT_LANGUAGE:
        return NullTranslations()
    with (_FOLDER / f"{language}.po").open("rb") as file:
        sentences = read_po(file, locale=language, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, sentences)
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def locale(language: str) -> Locale:
    return Locale.parse(language)


def translate(language: str, sentence: str, params: Mapping[str, object] | None = None) -> str:
    words = catalogue(language).gettext(sentence) if sentence else ""
    return words % params if params else words


def choose_language(*wishes: str | None, accept: str = "") -> str:
    """The first wish that we speak, else what the browser asks for, else English."""
    for wish in wishes:
        if wish in LANGUAGES:
            return wish
    asked = [part.partition(";")[0].strip() for part in accept.split(",")]
    found = negotiate_locale([tag.replace("-", "_") for tag in asked if tag], LANGUAGES)
    return found or DEFAULT_LANGUAGE
