"""Sentences that are translated when a template is compiled say what they said at run time."""

import pytest
from jinja2 import Environment

from contravento.kit.i18n.catalogue import LANGUAGES, catalogue
from contravento.web.rendering.constant_sentences import TranslatedEnvironment
from contravento.web.rendering.page import environment

TEMPLATES = (
    "{{ _('Sign in') }}",
    "{% trans %}Sign in{% endtrans %}",
    "{{ _('100 %% <b>uphill</b>') }}",
    "{{ _('%(number)s km', number=number) }}",
    "{{ ngettext('%(num)s day', '%(num)s days', number) }}",
    "{{ _(sentence) }}",
    "<p title=\"{{ _('Sign in') }}\">{{ '<i>' }}</p>",
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_the_same_sentence(template: str, language: str) -> None:
    context = {"number": 3, "sentence": "Sign in"}
    environments = [
        kind(autoescape=True, extensions=["jinja2.ext.i18n"])
        for kind in (Environment, TranslatedEnvironment)
    ]
    for one in environments:
        one.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]
    environments[1].sentences = catalogue(language)  # type: ignore[attr-defined]
    plain, translated = (one.from_string(template).render(context) for one in environments)

    assert translated == plain


def test_a_constant_sentence_is_not_looked_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    page = environment("es").from_string("{{ _('Sign in') }}")
    monkeypatch.setitem(environment("es").globals, "gettext", None)
    monkeypatch.setitem(environment("es").globals, "_", None)

    assert page.render() == catalogue("es").gettext("Sign in") != "Sign in"
