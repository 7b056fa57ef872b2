"""Telling Sentry of unforeseen errors, where a host has set it, without anything personal."""

import importlib
from dataclasses import dataclass

from contravento.kit.settings import Settings


@dataclass(frozen=True, slots=True)
class Tried:
    """A report that was sent to see whether it is taken, and how each request was answered."""

    event: str | None
    environment: str | None
    release: str | None
    answers: tuple[int, ...]

    @property
    def is_taken(self) -> bool:
        return bool(self.answers) and all(200 <= status < 300 for status in self.answers)


def configure_reports(settings: Settings) -> None:
    """From here on whatever is logged as an error is reported. Sentry's library takes memory, so it
    is loaded only where somebody listens."""
    if settings.sentry_dsn is not None:
        importlib.import_module("contravento.kit.telemetry.sentry").start(settings)


def try_reports(settings: Settings) -> Tried:
    """Report an error that is none, in the same way as any."""
    tried: Tried = importlib.import_module("contravento.kit.telemetry.sentry").try_out(settings)
    return tried
