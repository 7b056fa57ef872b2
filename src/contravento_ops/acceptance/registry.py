"""All boxes, in the order of the checklist: what each is called, and who judges it."""

from collections.abc import Callable
from dataclasses import dataclass

from contravento_ops.acceptance.checks import (
    configuration,
    database,
    functional,
    maps,
    monitoring,
    performance,
    security,
)
from contravento_ops.acceptance.context import CheckContext
from contravento_ops.kit.check_result import Evidence

type CheckFunction = Callable[[CheckContext], Evidence]


@dataclass(frozen=True, slots=True)
class Box:
    name: str
    group: str
    judge: CheckFunction

    @property
    def title(self) -> str:
        return str(self.judge.__doc__)


FUNCTIONAL: tuple[CheckFunction, ...] = (
    functional.health,
    functional.sign_up,
    functional.confirmation_mail,
    functional.sign_in,
    functional.publish_trip,
    functional.photos,
    maps.gpx_on_map,
    functional.feed,
    functional.statistics,
)
SECURITY: tuple[CheckFunction, ...] = (
    security.https,
    security.certificate,
    security.cors,
    security.headers,
    security.api_docs,
    security.logs,
)
PERFORMANCE: tuple[CheckFunction, ...] = (
    performance.latency,
    performance.pages,
    performance.statements,
    performance.photo_upload,
    performance.memory,
    performance.cpu,
)
MONITORING: tuple[CheckFunction, ...] = (
    monitoring.targets,
    monitoring.panels,
    monitoring.uptime,
    monitoring.sentry,
)
DATABASE: tuple[CheckFunction, ...] = (
    database.migrations,
    database.administrator,
    database.backup,
    database.connections,
)
CONFIGURATION: tuple[CheckFunction, ...] = (configuration.parity,)
GROUPS = {
    "functional": FUNCTIONAL,
    "security": SECURITY,
    "performance": PERFORMANCE,
    "monitoring": MONITORING,
    "database": DATABASE,
    "configuration": CONFIGURATION,
}
BOXES = tuple(
    Box(judge.__name__.replace("_", "-"), group, judge)
    for group, judges in GROUPS.items()
    for judge in judges
)
BY_NAME = {box.name: box for box in BOXES}
