"""Telling Sentry of unforeseen errors, where a host has set it, without anything personal."""

import importlib

from contravento.kit.settings import Settings


def configure_reports(settings: Settings) -> None:
    """From here on whatever is logged as an error is reported. Sentry's library takes memory, so it
    is loaded only where somebody listens."""
    if settings.sentry_dsn is not None:
        importlib.import_module("contravento.kit.sentry").start(settings)
