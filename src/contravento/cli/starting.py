"""How every command that works on a server begins."""

from contravento.kit.logs import start_logs
from contravento.kit.settings import Settings, load_settings


def begin() -> Settings:
    """The settings, and whatever is logged or goes wrong from here on told as they say."""
    settings = load_settings()
    start_logs(settings)
    return settings
