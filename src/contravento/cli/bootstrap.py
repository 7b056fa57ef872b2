"""How every command that works on a server begins."""

import logging

from contravento.kit.database.tls_check import find_mistakes
from contravento.kit.database_url import WrongAddress, read_address
from contravento.kit.settings import Settings, SettingsError, load_settings
from contravento.kit.telemetry.logs import start_logs

log = logging.getLogger(__name__)


def begin() -> Settings:
    """The settings, and whatever is logged or goes wrong from here on told as they say."""
    settings = load_settings()
    start_logs(settings)
    return settings


def begin_with_database() -> Settings:
    """Besides, the database's servers are who they say. Raises SettingsError when none of them is;
    of several, one that is not is warned of: the others may serve."""
    settings = begin()
    _look_at("DATABASE_URL", settings.database)
    if settings.is_pooled:
        _look_at("DATABASE_DIRECT_URL", settings.database_direct)
    if settings.database_replica_url:
        _look_at_replica(settings.database_replica_url.get_secret_value())
    return settings


def _look_at_replica(url: str) -> None:
    """One that cannot be believed is not read, and no reason to end. Raises SettingsError where it
    is the setting itself that is wrong."""
    address = read_address(url)
    try:
        if address.verifies:
            address.context()
    except WrongAddress as wrong:
        raise SettingsError([f"DATABASE_REPLICA_URL: {wrong}."]) from None
    for mistake in find_mistakes(address):
        log.warning("DATABASE_REPLICA_URL %s", mistake)


def _look_at(name: str, url: str) -> None:
    address = read_address(url)
    mistakes = find_mistakes(address)
    if len(mistakes) >= len(address.servers):
        raise SettingsError([f"{name}: {mistake}." for mistake in dict.fromkeys(mistakes)])
    for mistake in mistakes:
        log.warning("%s %s", name, mistake)
