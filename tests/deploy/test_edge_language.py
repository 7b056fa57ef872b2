"""nginx chooses the language of what it keeps and of what it says as the application does."""

import re
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from contravento.kit.i18n.catalogue import choose_language

ANSWERS = Path(__file__).parent.parent.parent / "deploy" / "nginx" / "snippets" / "answers.conf"
TAGS = ("en", "es", "EN", "es-MX", "en-GB", "es-419", "fr", "de-AT", "est", "eng", "e", "*", "")
QUALITIES = ("", ";q=0.5", "; q=0.9", " ;q=1")


def chosen_by_nginx(cookie: str, accept: str) -> str:
    """The map of answers.conf, read as nginx does: the first expression that fits."""
    block = re.search(r"\$answer_language \{(.*?)\n\}", ANSWERS.read_text(), re.DOTALL)
    assert block
    for sign, expression, language in re.findall(r'"~(\*?)(.*)" (\w\w);', block[1]):
        if re.search(expression, f"{cookie} {accept}", re.IGNORECASE if sign else 0):
            return str(language)
    return "en"


def asked() -> st.SearchStrategy[str]:
    one = st.builds("{}{}".format, st.sampled_from(TAGS), st.sampled_from(QUALITIES))
    return st.builds(
        lambda tags, comma: comma.join(tags), st.lists(one), st.sampled_from((",", ", "))
    )


@given(cookie=st.sampled_from(("", "en", "es", "fr", "ES")), accept=asked())
def test_both_choose_the_same(cookie: str, accept: str) -> None:
    assert chosen_by_nginx(cookie, accept) == choose_language(cookie or None, accept=accept)


@pytest.mark.parametrize(
    ("accept", "language"),
    [("es-MX,en", "es"), ("fr,es;q=0.5", "es"), ("en,es", "en"), ("est,de", "en"), ("ES", "es")],
)
def test_the_first_that_we_speak_is_taken(accept: str, language: str) -> None:
    assert chosen_by_nginx("", accept) == language
    assert choose_language(accept=accept) == language
