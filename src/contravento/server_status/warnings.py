"""Warnings drawn from the server's state, with what to do about each."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from contravento.kit.i18n.marks import N_, Listed
from contravento.operations.models import Outcome
from contravento.operations.rules import (
    LATE_JOB_SECONDS,
    LITTLE_LIFETIME,
    LITTLE_ROOM,
    LONG_SINCE_BACKUP,
    MANY_CONNECTIONS,
    WORKER_SILENT_SECONDS,
)
from contravento.server_status.report import ServerStatus

BACKUP, DRILL = "backup", "drill"

NAMES = {
    "postgres": N_("PostgreSQL"),
    "redis": N_("Redis"),
    "migrations": N_("Migrations"),
    "queue": N_("Jobs"),
    "workers": N_("Workers"),
    "reports": N_("Backups"),
    "certificate": N_("Certificate"),
    "stored": N_("Stored"),
    "room": N_("Free disk"),
    "connections": N_("Database connections"),
    "content": N_("Riders and trips"),
    "mishaps": N_("Errors"),
}


@dataclass(frozen=True, slots=True)
class StatusWarning:
    """`part` is the section of the page that it is about."""

    part: str
    level: Literal["warning", "error"]
    sentence: str
    params: dict[str, object] = field(default_factory=dict)


def list_warnings(status: ServerStatus) -> list[StatusWarning]:
    """The grave ones first."""
    raised = [warning for look in _LOOKS for warning in look(status)]
    return sorted(raised, key=lambda warning: warning.level != "error")


def _schema(status: ServerStatus) -> Iterator[StatusWarning]:
    if status.migrations is None or status.migrations.works:
        return
    if status.migrations.pending:
        sentence = N_("Migrations are missing: %(count)s. Run contravento migrate.")
        yield StatusWarning(
            "versions", "error", sentence, {"count": len(status.migrations.pending)}
        )
    else:
        sentence = N_("The database is at %(revision)s, which this build does not work with.")
        yield StatusWarning("versions", "error", sentence, {"revision": status.migrations.current})


def _workers(status: ServerStatus) -> Iterator[StatusWarning]:
    if status.workers is None:
        return
    if not any(worker.silent_seconds < WORKER_SILENT_SECONDS for worker in status.workers):
        yield StatusWarning(
            "queue", "error", N_("No worker gives a sign of life: no file is read, no mail sent.")
        )


def _queue(status: ServerStatus) -> Iterator[StatusWarning]:
    if status.queue is None:
        return
    if status.queue.failed:
        yield StatusWarning(
            "queue",
            "warning",
            N_("Jobs that failed: %(count)s. Try them again, or discard them."),
            {"count": status.queue.failed},
        )
    if status.queue.oldest_waiting_seconds > LATE_JOB_SECONDS:
        minutes = round(status.queue.oldest_waiting_seconds / 60)
        sentence = N_("A job has been waiting for %(minutes)s minutes.")
        yield StatusWarning("queue", "warning", sentence, {"minutes": minutes})


def _certificate(status: ServerStatus) -> Iterator[StatusWarning]:
    if status.certificate is None:
        return
    if status.certificate.refusal:
        sentence = N_("Browsers do not trust the certificate (%(reason)s).")
        yield StatusWarning(
            "certificate", "error", sentence, {"reason": status.certificate.refusal}
        )
    elif status.certificate.lifetime_left < LITTLE_LIFETIME:
        sentence = N_("The certificate should have been renewed; days left: %(days)s.")
        days = int(status.certificate.days_left)
        yield StatusWarning("certificate", "warning", sentence, {"days": days})


def _backups(status: ServerStatus) -> Iterator[StatusWarning]:
    if status.reports is None:
        return
    backup, drill = status.report(BACKUP), status.report(DRILL)
    if backup is None:
        yield StatusWarning("reports", "warning", N_("No backup service has reported yet."))
        return
    if backup.outcome is Outcome.FAILED:
        yield StatusWarning("reports", "error", N_("The last backup failed."))
    if backup.succeeded_at and status.taken_at - backup.succeeded_at > LONG_SINCE_BACKUP:
        sentence = N_("The last good backup is %(hours)s hours old.")
        hours = (status.taken_at - backup.succeeded_at) // timedelta(hours=1)
        yield StatusWarning("reports", "warning", sentence, {"hours": hours})
    if drill is None:
        yield StatusWarning("reports", "warning", N_("No drill has proven a backup yet."))
    elif drill.outcome is Outcome.FAILED:
        yield StatusWarning(
            "reports", "error", N_("The last drill failed: do not rely on that backup.")
        )


def _room(status: ServerStatus) -> Iterator[StatusWarning]:
    if status.room and status.room.free_bytes < LITTLE_ROOM * status.room.total_bytes:
        yield StatusWarning("storage", "warning", N_("The disk for files is nearly full."))


def _connections(status: ServerStatus) -> Iterator[StatusWarning]:
    if status.connections and status.connections.used >= MANY_CONNECTIONS * status.connections.most:
        sentence = N_("The database has %(used)s of %(most)s connections in use.")
        params: dict[str, object] = {
            "used": status.connections.used,
            "most": status.connections.most,
        }
        yield StatusWarning("storage", "warning", sentence, params)


def _mishaps(status: ServerStatus) -> Iterator[StatusWarning]:
    if status.mishaps and status.mishaps.last_hour:
        sentence = N_("Errors in the last hour that nobody foresaw: %(count)s.")
        yield StatusWarning("mishaps", "warning", sentence, {"count": status.mishaps.last_hour})


def _settings(status: ServerStatus) -> Iterator[StatusWarning]:
    if status.settings.debug and status.settings.app_env == "production":
        yield StatusWarning("settings", "warning", N_("DEBUG is on. Riders need not see /docs."))


def _troubles(status: ServerStatus) -> Iterator[StatusWarning]:
    for name in status.troubles:
        section = SECTIONS.get(name, name)
        if name == "redis":
            sentence = N_("Redis does not answer; each process counts tries for itself.")
            yield StatusWarning(section, "warning", sentence)
            continue
        sentence = N_("This could not be looked at: %(part)s.")
        part = Listed(((NAMES[name], {}),))
        yield StatusWarning(section, "warning", sentence, {"part": part})


# Where on the page a part is shown that has no section of its own.
SECTIONS = {
    "postgres": "versions",
    "migrations": "versions",
    "redis": "versions",
    "workers": "queue",
    "stored": "storage",
    "room": "storage",
    "connections": "storage",
    "content": "storage",
}
_LOOKS = (
    _schema,
    _workers,
    _queue,
    _certificate,
    _backups,
    _room,
    _connections,
    _mishaps,
    _settings,
    _troubles,
)
