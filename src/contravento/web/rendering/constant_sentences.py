"""Sentences without places are translated when a template is compiled, not whenever it is shown."""

from gettext import NullTranslations
from typing import override

from jinja2 import Environment, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

NAMES = ("_", "gettext")


class TranslatedEnvironment(Environment):
    """The environment of one language. What it compiles holds that language's sentences."""

    sentences = NullTranslations()

    @override
    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        template = super()._parse(source, name, filename)
        return _Translator(self.sentences).visit(template)  # type: ignore[no-any-return]


class _Translator(NodeTransformer):
    def __init__(self, sentences: NullTranslations) -> None:
        self._sentences = sentences

    def visit_Call(self, call: nodes.Call) -> nodes.Node:  # noqa: N802  (the visitor looks for it)
        self.generic_visit(call)
        if not (isinstance(call.node, nodes.Name) and call.node.name in NAMES):
            return call
        if call.kwargs or call.dyn_args or call.dyn_kwargs or len(call.args) != 1:
            return call
        sentence = call.args[0]
        if not isinstance(sentence, nodes.Const):
            return call
        # As jinja2.ext does: a sentence is trusted HTML, and %% in it stands for a per cent sign.
        translated = Markup(self._sentences.gettext(sentence.value)) % {}  # noqa: S704
        return nodes.Const(translated, lineno=call.lineno)
