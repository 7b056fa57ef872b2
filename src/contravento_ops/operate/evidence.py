"""What speaks for an environment besides its services: last backup, drill and check, room, and
whether a command that changes it was killed."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contravento_ops.kit import audit, compose, lock, services
from contravento_ops.kit.certificate import Certificate
from contravento_ops.kit.compose import Container, Project
from contravento_ops.release import facts, mounted_files, ownership

REPORTS = (
    "SELECT kind || ' ' || outcome || ' ' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')"
    " FROM (SELECT DISTINCT ON (kind) * FROM operation_reports WHERE kind IN ('backup', 'drill')"
    " ORDER BY kind, at DESC) AS newest"
)
CHANGES = ("deploy", "rollback", "restore", "rotate", "refresh", "move-storage")
FEW_DAYS, LEAST_FREE_BYTES = 14, 5 * 10**9


@dataclass(frozen=True, slots=True)
class StatusLine:
    """One line of the status. What is not well is missing, failed, or about to run out."""

    name: str
    words: str
    is_well: bool


def gather(
    project: Project,
    containers: list[Container],
    shown: Certificate | None,
    verdict: Mapping[str, Any] | None,
) -> tuple[StatusLine, ...]:
    """`verdict` is that of the last check."""
    return tuple(_gather(project, containers, shown, verdict))


def _gather(
    project: Project,
    containers: list[Container],
    shown: Certificate | None,
    verdict: Mapping[str, Any] | None,
) -> Iterator[StatusLine]:
    if folder := ownership.other_folder(project, containers):
        words = f"what runs was started from {folder}, not from {project.paths.root}"
        yield StatusLine("Folder", words, is_well=False)
    yield from _unfinished(project)
    yield from _mixed(project, containers)
    for name in mounted_files.stale(project, project.config(), containers):
        words = "runs on older files than lie here; the next deploy takes them over"
        yield StatusLine(name, words, is_well=False)
    if shown:
        yield _certificate(shown)
    if any(name in services.of(services.Role.BACKUP) for name in project.services()):
        reports = _reports(project)
        yield _report("Last backup", reports.get("backup"), "./deploy.sh … backup now")
        yield _report("Last drill", reports.get("drill"), "./deploy.sh … backup drill")
    if project.paths.environment == "staging":
        yield _check(verdict)
    free = shutil.disk_usage(project.paths.root).free
    yield StatusLine("Disk", f"{free / 10**9:.1f} GB free", free > LEAST_FREE_BYTES)


def _unfinished(project: Project) -> Iterator[StatusLine]:
    entry = audit.never_ended(project.paths.audit, CHANGES)
    if entry is None or lock.is_held(project.paths.lock):
        return
    environment = project.paths.environment
    words = f"begun at {entry['at']} by {entry['who']}, and never ended; "
    yield StatusLine(
        str(entry["action"]).capitalize(),
        words + f"./deploy.sh {environment} puts it right",
        is_well=False,
    )


def _mixed(project: Project, containers: list[Container]) -> Iterator[StatusLine]:
    """Which release nginx asks, where more than one could be."""
    names = facts.asked_by_nginx(project)
    of_backends = (container for container in containers if container.service == "backend")
    backends = {backend.name: backend.image for backend in of_backends}
    if names or len(set(backends.values())) > 1:
        asked = ", ".join(f"{name} ({backends.get(name, 'gone')})" for name in names or backends)
        yield StatusLine(
            "nginx asks", asked, is_well=not names and len(set(backends.values())) == 1
        )


def _certificate(shown: Certificate) -> StatusLine:
    kind = "signed by itself" if shown.is_self_signed else f"by {shown.issuer}"
    days = shown.days_left()
    is_well = not shown.is_self_signed and days > FEW_DAYS
    return StatusLine("Certificate", f"{shown.subject}, {kind}, {days} days left", is_well)


def _reports(project: Project) -> Mapping[str, str]:
    """The newest of each kind: how it ended, and when."""
    done = compose.run(facts.psql(project, REPORTS))
    rows = (line.split(" ", 1) for line in done.out.splitlines() if " " in line)
    return dict(rows) if done.ok else {}


def _report(name: str, words: str | None, mend: str) -> StatusLine:
    if words is None:
        return StatusLine(name, f"none yet; {mend}", is_well=False)
    return StatusLine(name, f"{words} UTC", is_well=words.startswith("succeeded"))


def _check(verdict: Mapping[str, Any] | None) -> StatusLine:
    if verdict is None:
        return StatusLine("Last check", "none yet; ./deploy.sh staging check", is_well=False)
    words = f"{verdict['verdict']} at {verdict['at']}"
    return StatusLine("Last check", words, is_well=verdict["verdict"] == "GO")
