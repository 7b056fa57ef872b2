"""Telling Sentry of unforeseen errors, where a host has set it, without anything personal."""

from typing import Any

import sentry_sdk

from contravento.kit.logs import hide_in
from contravento.kit.settings import Settings


def configure_reports(settings: Settings, release: str) -> None:
    if settings.sentry_dsn is None:
        return
    sentry_sdk.init(
        dsn=settings.sentry_dsn.get_secret_value(),
        environment=settings.sentry_environment or settings.app_env,
        release=release,
        include_local_variables=False,
        max_request_body_size="never",
        before_send=_scrub,
    )


def _scrub(event: Any, hint: Any) -> Any:
    """Headers, cookies and query strings stay here; the rest is hidden as in logs."""
    request = event.get("request")
    if request:
        event["request"] = {name: request[name] for name in ("method", "url") if name in request}
    event.pop("user", None)
    return hide_in(event)
