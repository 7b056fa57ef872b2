"""Backups: what there is, whether it was proven, how far back and how fast one could go."""

from grafana_foundation_sdk.models import dashboard

from tools.dashboards import expressions as shared
from tools.dashboards.assembly import Line, Page, Section
from tools.dashboards.panels import BAD, CALM, ODD, WELL, Looks, Query, Words, lines, stat

HOUR_SECONDS = 3600
AGE = Looks(steps=((6.5 * HOUR_SECONDS, ODD), (7 * HOUR_SECONDS, BAD)), least=0)
LOSS = Looks(steps=((180, ODD), (900, BAD)), least=0)
OFFSITE = Looks(steps=((300, ODD), (1800, BAD)), texts={"-1": ("not set up", CALM)})
OUTCOME = Looks(steps=((1, WELL),), below=BAD, texts={"0": ("failed", BAD), "1": ("proven", WELL)})
STATES = {"proven": "green", "unproven": "blue", "failed": "red", "broken": "red"}
WAL = Looks(steps=((1.5 * 2**30, ODD), (2 * 2**30, BAD)), least=0)


def page() -> Page:
    return Page(
        uid="contravento-backups",
        title="Backups",
        about="Sets and their drills, the write-ahead log, the copy elsewhere, and their sizes.",
        sections=[
            Section("Now", [Line(4, _now(), (5, 5, 5, 5, 4)), Line(4, _kept())]),
            Section("Over time", [Line(8, _drills()), Line(8, _log()), Line(8, _sizes())]),
        ],
    )


def _age(metric: str) -> str:
    return f"time() - max({metric} > 0)"


def _now() -> list[dashboard.Panel]:
    return [
        stat(
            Words(
                "Last proven backup",
                "How long ago the newest set was taken that was restored and found whole.",
                "s",
                ("backup-not-proven",),
            ),
            _age("backup_last_proven_timestamp_seconds"),
            AGE,
            trend=False,
        ),
        stat(
            Words(
                "Last drill",
                "Whether what was restored last is what was kept.",
                "none",
                ("backup-drill-failed",),
            ),
            "min(backup_drill_last_outcome)",
            OUTCOME,
            trend=False,
        ),
        stat(
            Words(
                "Would be lost",
                "Age of the newest moment to restore to (RPO).",
                "s",
                ("database-archive-stuck",),
            ),
            _age("backup_recoverable_until_timestamp_seconds"),
            LOSS,
        ),
        stat(
            Words(
                "A restore takes", "Both restores of the last drill, comparing included (RTO).", "s"
            ),
            "max(backup_restore_duration_seconds)",
            shared.FROM_ZERO,
        ),
        stat(
            Words(
                "Off-site copy",
                "How long ago it was brought up to date.",
                "s",
                ("backup-offsite-behind",),
            ),
            "((time() - max(backup_offsite_last_success_timestamp_seconds > 0))"
            " and on () (max(backup_offsite_enabled) == 1))"
            " or on () ((max(backup_offsite_enabled) == 0) - 1)",
            OFFSITE,
            trend=False,
        ),
    ]


def _kept() -> list[dashboard.Panel]:
    return [
        stat(
            Words(
                "Proven sets",
                "Sets that were restored and found whole.",
                "none",
                ("backup-not-proven",),
            ),
            'sum(backup_sets{state="proven"})',
            Looks(below=BAD, steps=((2, WELL),), decimals=0),
        ),
        stat(
            Words(
                "Sets that are not whole",
                "Whose drill failed, or which cannot be read.",
                "none",
                ("backup-drill-failed",),
            ),
            'sum(backup_sets{state=~"failed|broken"})',
            shared.NONE_IS_BEST,
        ),
        stat(
            Words("Room left", "Where the backup folder is.", "bytes", ("disk-space-low",)),
            "min(backup_free_bytes)",
        ),
        stat(
            Words(
                "Failures",
                "Sets not taken, drills failed, copies not carried away, within the"
                " dashboard's range.",
                "none",
                ("backup-not-proven",),
            ),
            "round(sum(increase(backup_failures_total[$__range]))"
            " + sum(increase(backup_drill_failures_total[$__range]))"
            " + sum(increase(backup_offsite_failures_total[$__range])))",
            shared.NONE_IS_BEST,
            trend=False,
        ),
    ]


def _drills() -> list[dashboard.Panel]:
    return [
        lines(
            Words("Durations", "Of the last set and the last drill.", "s"),
            [
                Query("max(backup_last_duration_seconds)", "set"),
                Query("max(backup_drill_duration_seconds)", "drill"),
            ],
            shared.FROM_ZERO,
        ),
        lines(
            Words("Sets", "By what their drill said.", "none", ("backup-drill-failed",)),
            [Query(f'sum(backup_sets{{state="{state}"}})', state) for state in STATES],
            shared.COUNT,
            stacked=True,
            colours=STATES,
        ),
    ]


def _log() -> list[dashboard.Panel]:
    return [
        lines(
            Words(
                "Log in the database's folder",
                "What is not archived stays there.",
                "bytes",
                ("backup-wal-growing",),
            ),
            [Query("max(backup_pg_wal_bytes)", "pg_wal")],
            WAL,
        ),
        lines(
            Words(
                "Segments",
                "Archived, and tries that failed, by the second.",
                "ops",
                ("database-archive-stuck",),
            ),
            [
                Query("sum(rate(backup_wal_archived_total[$__rate_interval]))", "archived"),
                Query("sum(rate(backup_wal_archive_failed_total[$__rate_interval]))", "failed"),
            ],
            shared.FROM_ZERO,
        ),
        lines(
            Words(
                "Segments that wait",
                "Segments that PostgreSQL still has to archive.",
                "none",
                ("database-archive-stuck",),
            ),
            [Query("max(backup_wal_waiting)", "waiting")],
            shared.COUNT,
        ),
    ]


def _sizes() -> list[dashboard.Panel]:
    return [
        lines(
            Words(
                "Sizes", "Of the newest set, and of the files and the log that sets share.", "bytes"
            ),
            [Query("max by (part) (backup_set_bytes)", "{{part}}")],
            shared.FROM_ZERO,
            stacked=True,
        ),
    ]
