"""promtool, as the tests of monitoring find it."""

from tests.monitoring.conftest import promtool

__all__ = ["promtool"]
