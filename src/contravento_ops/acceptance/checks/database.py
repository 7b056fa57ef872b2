"""Whether the data are in good hands."""

import json
from datetime import UTC, datetime

from contravento_ops.acceptance.context import CheckContext
from contravento_ops.kit import compose
from contravento_ops.kit.check_result import CheckFailed, Evidence, Inconclusive
from contravento_ops.load import target
from contravento_ops.load.sizing import KEPT_FOR_OTHERS
from contravento_ops.release import facts

PROGRAM = ("exec", "-T", "backup", "contravento-backup", "list", "--json")
DEFAULT_EVERY_HOURS = 6
A_DAY_SECONDS = 86_400
SCRAPED_EVERY_SECONDS = 15
LATE = 1.5  # times as long as it may take until the next one


def migrations(context: CheckContext) -> Evidence:
    """The database is where the release expects it"""
    call = context.project.call(
        "run", "--rm", "--no-deps", "-T", "migrate", "contravento", "migrate", "--plan", "--json"
    )
    done = compose.run(call, timeout=90)
    try:
        found = json.loads(done.out.splitlines()[-1] if done.out else "")
    except ValueError:
        raise Inconclusive(
            f"the release does not say which migrations it has: {done.said}"
        ) from None
    told = {"at": found.get("current"), "pending": ", ".join(map(str, found["pending"]))}
    if found["pending"]:
        raise CheckFailed(f"{len(found['pending'])} migrations are missing", told)
    return Evidence(f"at {found.get('current')}, none is pending")


def administrator(context: CheckContext) -> Evidence:
    """There is an administrator, with a confirmed address"""
    query = "SELECT count(*) FROM riders WHERE is_admin AND confirmed_at IS NOT NULL"
    count = int(context.psql(query))
    if not count:
        raise CheckFailed("nobody administers this server: contravento riders make-admin NAME")
    return Evidence(f"there are {count}" if count > 1 else "there is one")


def backup(context: CheckContext) -> Evidence:
    """A backup was taken in time by itself, and proven by restoring it"""
    if not context.project.paths.has_own_database:
        raise Inconclusive("the database is elsewhere, and so are its backups: ask its keeper")
    containers = context.project.containers("backup")
    if not any(container.is_well for container in containers):
        state = containers[0].status if containers else "does not exist"
        raise CheckFailed("the service that takes backups is not well", {"backup": state})
    done = compose.run(context.project.call(*PROGRAM))
    if not done.ok:
        raise Inconclusive(f"the backup service does not answer: {done.said}")
    proven = [row for row in json.loads(done.out) if row["state"] == "proven"]
    if not proven:
        raise CheckFailed("there is no backup that was proven")
    newest = max(proven, key=lambda each: str(each["snapshot_at"]))
    hours = (
        datetime.now(UTC) - datetime.fromisoformat(newest["snapshot_at"])
    ).total_seconds() / 3600
    told = {"newest": newest["name"], "hours ago": round(hours, 1), "proven ones": len(proven)}
    every = float(context.values.get("BACKUP_EVERY_HOURS") or DEFAULT_EVERY_HOURS)
    if hours > every * LATE:
        raise CheckFailed(f"the newest proven one is {hours:.0f} hours old", told)
    return Evidence(f"{newest['name']} was proven", told)


def connections(context: CheckContext) -> Evidence:
    """Connections to the database stay under its limit"""
    seconds = _serving_seconds(context)
    most = context.prometheus.instant(most_connections(seconds))
    query = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    used = max(int(context.psql(query)), *(int(each.value) for each in most))
    now = target.now(context.project, context.values)
    room = int(context.psql("SHOW max_connections")) - KEPT_FOR_OTHERS  # behind a pooler, too
    told = {
        "most at once": used,
        "looked back": f"{seconds / 3600:.1f} h",
        "at most, by the settings": now.needed,
        "usable": now.usable,
    }
    if used > room:
        raise CheckFailed(f"{used} connections were open, where {room} can be used", told)
    if now.needed > now.usable:
        raise CheckFailed("the settings allow more connections than there are", told)
    return Evidence(f"{used} of {room} at most", told)


def most_connections(seconds: int) -> str:
    """To all databases together, at any moment of this time; 0 where nobody has looked yet."""
    at_once = "sum by (instance) (pg_stat_database_numbackends)"
    return f"max(max_over_time({at_once}[{seconds}s:{SCRAPED_EVERY_SECONDS}s])) or vector(0)"


def _serving_seconds(context: CheckContext) -> int:
    """How long the backends serve that serve now, at most a day: what was before them, another
    release or an experiment, is not judged."""
    names = facts.gather(context.project).backends
    if not names:
        raise Inconclusive("no backend runs whose connections could be judged")
    started = min(
        datetime.fromisoformat(compose.inspect(name)["State"]["StartedAt"]) for name in names
    )
    return serving_seconds(started, datetime.now(UTC))


def serving_seconds(started: datetime, now: datetime) -> int:
    return max(1, min(A_DAY_SECONDS, int((now - started).total_seconds())))
