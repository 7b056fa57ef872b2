"""Translations from gettext's .po files, and the choice of language."""

from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from contravento.kit.i18n.marks import Listed

LANGUAGES = ("en", "es")
DEFAULT_LANGUAGE = "en"

THIN = "\u202f"
MINUS = "\u2212"

_FOLDER = Path(__file__).parents[2] / "translations"


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
    """The sentence in that language, and so whatever numbers and sentences fill its places."""
    translated = catalogue(language).gettext(sentence) if sentence else ""
    if not params:
        return translated
    return translated % {name: _translate_value(language, value) for name, value in params.items()}


def number(value: float, language: str, digits: int = 0) -> str:
    """English 18,360 and 1,014; Spanish 18 360 with a thin space, and 1014 without one."""
    plain = f"{round(value, digits) + 0.0:,.{digits}f}"  # + 0.0: nothing reads as minus zero
    if language == "es":
        whole, point, rest = plain.partition(".")
        separator = "" if abs(value) < 9999.5 else THIN
        plain = whole.replace(",", separator) + ("," + rest if point else "")
    return plain.replace("-", MINUS)


def choose_language(*wishes: str | None, accept: str = "") -> str:
    """The first wish that we speak, else what the browser asks for, else English."""
    for wish in wishes:
        if wish in LANGUAGES:
            return wish
    tags = [part.partition(";")[0].strip() for part in accept.split(",")]
    language = negotiate_locale([tag.replace("-", "_") for tag in tags if tag], LANGUAGES)
    return language.lower() if language else DEFAULT_LANGUAGE


def _translate_value(language: str, value: object) -> object:
    if isinstance(value, Listed):
        return ", ".join(translate(language, *sentence) for sentence in value.sentences)
    return number(value, language) if type(value) is int else value
