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
from contravento.server_status.report import Survey

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


def concerns(survey: Survey) -> list[StatusWarning]:
    """The grave ones first."""
    raised = [warning for look in _LOOKS for warning in look(survey)]
    return sorted(raised, key=lambda warning: warning.level != "error")


def _schema(survey: Survey) -> Iterator[StatusWarning]:
    if survey.migrations is None or survey.migrations.works:
        return
    if survey.migrations.pending:
        sentence = N_("Migrations are missing: %(count)s. Run contravento migrate.")
        yield StatusWarning(
            "versions", "error", sentence, {"count": len(survey.migrations.pending)}
        )
    else:
        sentence = N_("The database is at %(revision)s, which this build does not work with.")
        yield StatusWarning("versions", "error", sentence, {"revision": survey.migrations.current})


def _workers(survey: Survey) -> Iterator[StatusWarning]:
    if survey.workers is None:
        return
    if not any(worker.silent_seconds < WORKER_SILENT_SECONDS for worker in survey.workers):
        yield StatusWarning(
            "queue", "error", N_("No worker gives a sign of life: no file is read, no mail sent.")
        )


def _queue(survey: Survey) -> Iterator[StatusWarning]:
    if survey.queue is None:
        return
    if survey.queue.failed:
        yield StatusWarning(
            "queue",
            "warning",
            N_("Jobs that failed: %(count)s. Try them again, or discard them."),
            {"count": survey.queue.failed},
        )
    if survey.queue.oldest_waiting_seconds > LATE_JOB_SECONDS:
        minutes = round(survey.queue.oldest_waiting_seconds / 60)
        sentence = N_("A job has been waiting for %(minutes)s minutes.")
        yield StatusWarning("queue", "warning", sentence, {"minutes": minutes})


def _certificate(survey: Survey) -> Iterator[StatusWarning]:
    if survey.certificate is None:
        return
    if survey.certificate.refusal:
        sentence = N_("Browsers do not trust the certificate (%(reason)s).")
        yield StatusWarning(
            "certificate", "error", sentence, {"reason": survey.certificate.refusal}
        )
    elif survey.certificate.lifetime_left < LITTLE_LIFETIME:
        sentence = N_("The certificate should have been renewed; days left: %(days)s.")
        days = int(survey.certificate.days_left)
        yield StatusWarning("certificate", "warning", sentence, {"days": days})


def _backups(survey: Survey) -> Iterator[StatusWarning]:
    if survey.reports is None:
        return
    backup, drill = survey.report(BACKUP), survey.report(DRILL)
    if backup is None:
        yield StatusWarning("reports", "warning", N_("No backup service has reported yet."))
        return
    if backup.outcome is Outcome.FAILED:
        yield StatusWarning("reports", "error", N_("The last backup failed."))
    if backup.succeeded_at and survey.taken_at - backup.succeeded_at > LONG_SINCE_BACKUP:
        sentence = N_("The last good backup is %(hours)s hours old.")
        hours = (survey.taken_at - backup.succeeded_at) // timedelta(hours=1)
        yield StatusWarning("reports", "warning", sentence, {"hours": hours})
    if drill is None:
        yield StatusWarning("reports", "warning", N_("No drill has proven a backup yet."))
    elif drill.outcome is Outcome.FAILED:
        yield StatusWarning(
            "reports", "error", N_("The last drill failed: do not rely on that backup.")
        )


def _room(survey: Survey) -> Iterator[StatusWarning]:
    if survey.room and survey.room.free_bytes < LITTLE_ROOM * survey.room.total_bytes:
        yield StatusWarning("storage", "warning", N_("The disk for files is nearly full."))


def _connections(survey: Survey) -> Iterator[StatusWarning]:
    if survey.connections and survey.connections.used >= MANY_CONNECTIONS * survey.connections.most:
        sentence = N_("The database has %(used)s of %(most)s connections in use.")
        params: dict[str, object] = {
            "used": survey.connections.used,
            "most": survey.connections.most,
        }
        yield StatusWarning("storage", "warning", sentence, params)


def _mishaps(survey: Survey) -> Iterator[StatusWarning]:
    if survey.mishaps and survey.mishaps.last_hour:
        sentence = N_("Errors in the last hour that nobody foresaw: %(count)s.")
        yield StatusWarning("mishaps", "warning", sentence, {"count": survey.mishaps.last_hour})


def _settings(survey: Survey) -> Iterator[StatusWarning]:
    if survey.settings.debug and survey.settings.app_env == "production":
        yield StatusWarning("settings", "warning", N_("DEBUG is on. Riders need not see /docs."))


def _troubles(survey: Survey) -> Iterator[StatusWarning]:
    for name in survey.troubles:
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
