"""The state of the server: one dataclass for each part."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from contravento.kit.storage.storage import Room
from contravento.migrations import Pending
from contravento.operations.queries import (
    Connections,
    Content,
    Mishaps,
    Queue,
    Report,
    Stored,
    Worker,
)


@dataclass(frozen=True, slots=True)
class Build:
    """The program that answers."""

    version: str
    commit: str
    python: str


@dataclass(frozen=True, slots=True)
class Redis:
    version: str


@dataclass(frozen=True, slots=True)
class Schema:
    """Where the database is, and where this build expects it.

    A database that is ahead serves this build if it says so: `works` (see compatible-migrations).
    """

    current: str | None
    expected: str
    works: bool
    pending: list[Pending]


@dataclass(frozen=True, slots=True)
class ServedCertificate:
    """`lifetime_left` is a share of the whole, 0 to 1. An empty `refusal` means trusted."""

    host: str
    issuer: str
    not_before: datetime
    not_after: datetime
    days_left: float
    lifetime_left: float
    refusal: str
    is_from_inside: bool  # asked for within the server, the public address being out of reach


@dataclass(frozen=True, slots=True)
class Chosen:
    """Settings that matter, without a secret among them."""

    address: str
    app_env: str
    debug: bool
    log_level: str
    sentry: bool
    metrics: bool
    redis: bool
    storage: str
    mail: str
    mail_allow_list: list[str]
    web_processes: int
    pool_size: int
    bcrypt_rounds: int
    rider_quota_megabytes: int


@dataclass(frozen=True, slots=True)
class ProbeError:
    """Why a part is not known."""

    sentence: str
    params: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """A part that is None is not there, or could not be looked at: then `troubles` says why."""

    taken_at: datetime
    build: Build
    settings: Chosen
    postgres: str | None = None
    redis: Redis | None = None
    migrations: Schema | None = None
    queue: Queue | None = None
    workers: list[Worker] | None = None
    reports: list[Report] | None = None
    certificate: ServedCertificate | None = None
    stored: Stored | None = None
    room: Room | None = None
    connections: Connections | None = None
    content: Content | None = None
    mishaps: Mishaps | None = None
    troubles: dict[str, ProbeError] = field(default_factory=dict)

    def report(self, kind: str) -> Report | None:
        return next((report for report in self.reports or [] if report.kind == kind), None)
