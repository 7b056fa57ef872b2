"""Marks sentences for translation where they are written."""

from collections.abc import Mapping
from dataclasses import dataclass


def N_(sentence: str) -> str:  # noqa: N802  (gettext's own name, which the extractor looks for)
    """Return the sentence as it is; the message extractor finds it by this call."""
    return sentence


@dataclass(frozen=True, slots=True)
class Listed:
    """Sentences in a place of another one, to be translated each by itself."""

    sentences: tuple[tuple[str, Mapping[str, object]], ...]

    def __str__(self) -> str:
        return ", ".join(sentence % params for sentence, params in self.sentences)
