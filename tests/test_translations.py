"""The Spanish catalogue: complete, and sound."""

import re
import tomllib
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir

from contravento.kit.i18n.catalogue import translate
from contravento.kit.i18n.marks import Listed
from tests.support.spanish import PLACE, catalogue, entries, forms

SOURCE = Path(__file__).parent.parent / "src"
TAG = re.compile(r"<[^>]+>")


@pytest.fixture(scope="module")
def spanish() -> Catalog:
    return catalogue()


def extracted() -> set[str | tuple[str, ...]]:
    """Every sentence in the code, found as `make translations` finds it."""
    mappings = tomllib.loads((SOURCE.parent / "babel.toml").read_text())["mappings"]
    found = extract_from_dir(
        SOURCE,
        [(mapping["pattern"], mapping["method"]) for mapping in mappings],
        {
            mapping["pattern"]: {
                name: value for name, value in mapping.items() if name not in ("method", "pattern")
            }
            for mapping in mappings
        },
        {**DEFAULT_KEYWORDS, "N_": None},
    )
    return {message for _file, _line, message, _comments, _context in found}


# The catalogue.


def test_the_catalogue_has_every_sentence_of_the_code_and_no_other(spanish: Catalog) -> None:
    of_code, of_catalogue = extracted(), {entry.id for entry in entries(spanish)}
    singulars = {forms(message)[0] for message in of_code}
    one_and_many = {forms(message)[0] for message in of_code if not isinstance(message, str)}

    assert {forms(words)[0] for words in of_catalogue} == singulars, "run `make translations`"
    assert {forms(w)[0] for w in of_catalogue if not isinstance(w, str)} == one_and_many
    assert spanish.obsolete == {}


def test_every_sentence_is_written_in_spanish(spanish: Catalog) -> None:
    wanting = [
        entry.id
        for entry in entries(spanish)
        if entry.fuzzy
        or not all(forms(entry.string))
        or len(forms(entry.string)) != len(forms(entry.id))
    ]

    assert wanting == []
    assert spanish.plural_expr == "(n != 1)"


def test_places_and_tags_are_the_same_in_both(spanish: Catalog) -> None:
    for entry in entries(spanish):
        for english, words in zip(forms(entry.id), forms(entry.string), strict=True):
            assert sorted(PLACE.findall(words)) == sorted(PLACE.findall(english)), english
            assert sorted(TAG.findall(words)) == sorted(TAG.findall(english)), english
            assert words.count("%%") == english.count("%%"), english


def test_the_spanish_is_set_as_the_house_sets_it(spanish: Catalog) -> None:
    for entry in entries(spanish):
        for words in forms(entry.string):
            assert not re.search(r"[!¡“”]| …|\.\.\.|por favor", words), words
            assert not re.search(r"\)s (?:k?m|MB|%%)\b|\d (?:MB|%%)", words), words
            assert words.count("?") == words.count("¿"), words


def test_what_fills_a_sentence_is_in_its_language_too() -> None:
    missing = Listed((("a title", {}), ("%(count)s more characters of story", {"count": 12_345})))
    sentence = "Before it can be published it needs: %(missing)s."

    assert translate("es", sentence, {"missing": missing}) == (
        "Para publicarlo, aún le falta: un título, 12\u202f345 caracteres más de relato."
    )
    assert sentence % {"missing": missing} == (
        "Before it can be published it needs: a title, 12345 more characters of story."
    )
