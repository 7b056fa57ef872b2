"""Jobs and mail: what the worker does, what waits, what fails, and whether mail leaves."""

from grafana_foundation_sdk.models import dashboard

from tools.dashboards import expressions as shared
from tools.dashboards.assembly import Line, Page, Section, choice
from tools.dashboards.panels import BAD, ODD, Looks, Query, Words, lines, stat
from tools.dashboards.tables import Column, table

# A job's name arrives as «exported_job»: «job» is Prometheus' own word for a kind of source.
OF = 'exported_job=~"$task"'
WAITING = Looks(steps=((30, ODD), (60, BAD)), least=0, decimals=0)
RUNNING = Looks(steps=((60, ODD), (120, BAD)), least=0, decimals=0)
OUTCOMES = {"succeeded": "green", "retried": "orange", "failed": "red"}
MAILS = {"sent": "green", "held": "blue", "failed": "red"}

TASKS = choice("task", "Job", "label_values(contravento_jobs_total, exported_job)", "Jobs by name.")


def page() -> Page:
    return Page(
        uid="contravento-jobs-and-mail",
        title="Jobs and mail",
        about="The queue: what waits, runs, fails; how long uploads take; whether mail leaves.",
        sections=[
            Section("Now", [Line(4, _now())]),
            Section("Jobs", [Line(8, _jobs()), Line(9, [_by_name()]), Line(8, _durations())]),
            Section("Mail", [Line(8, _mail(), (6, 18))]),
            Section("Photos and tracks", [Line(8, _uploads()), Line(8, _work())]),
        ],
        variables=[TASKS],
    )


def _now() -> list[dashboard.Panel]:
    return [
        stat(
            Words("Waiting", "Jobs that are due and have not begun.", "none", ("jobs-waiting",)),
            "sum(max by (exported_job) (contravento_jobs_waiting)) or vector(0)",
            shared.COUNT,
        ),
        stat(
            Words(
                "Oldest waiting",
                "How long the job that waits longest has been due. A minute"
                " for long raises an alert.",
                "s",
                ("jobs-waiting",),
            ),
            "max(contravento_jobs_oldest_waiting_seconds)",
            WAITING,
        ),
        stat(
            Words(
                "Longest running",
                "How long the job that runs longest has been running.",
                "s",
                ("job-stuck",),
            ),
            "max(contravento_jobs_in_progress_oldest_seconds)",
            RUNNING,
        ),
        stat(
            Words(
                "Given up",
                "Jobs that failed for good within the dashboard's range.",
                "none",
                ("jobs-failing",),
            ),
            'round(sum(increase(contravento_jobs_total{outcome="failed"}[$__range]))) or vector(0)',
            shared.NONE_IS_WELL,
            trend=False,
        ),
        stat(
            Words(
                "Mails failed",
                "Tries to send a mail that failed, within the dashboard's range.",
                "none",
                ("mail-failing",),
            ),
            'round(sum(increase(contravento_mails_total{outcome="failed"}[$__range])))'
            " or vector(0)",
            shared.NONE_IS_BEST,
            trend=False,
        ),
        stat(
            Words("Workers", "Job processes that Prometheus reaches.", "none", ("target-missing",)),
            'count(up{job="worker"} == 1) or vector(0)',
            Looks(below=BAD, steps=((1, "green"),), decimals=0),
        ),
    ]


def _jobs() -> list[dashboard.Panel]:
    def ended(outcome: str) -> str:
        of = f'contravento_jobs_total{{{OF}, outcome="{outcome}"}}'
        return f"sum(rate({of}[$__rate_interval])) or vector(0)"

    return [
        lines(
            Words(
                "Jobs that ended",
                "«retried» failed and will be tried again, «failed» was given up.",
                "ops",
                ("jobs-failing",),
            ),
            [Query(ended(outcome), outcome) for outcome in OUTCOMES],
            shared.FROM_ZERO,
            stacked=True,
            colours=OUTCOMES,
        ),
        lines(
            Words(
                "Jobs waiting",
                "By name. One name that grows alone is a job that is slow or fails.",
                "none",
                ("jobs-waiting",),
            ),
            [
                Query(
                    f"max by (exported_job) (contravento_jobs_waiting{{{OF}}}) or vector(0)",
                    "{{exported_job}}",
                )
            ],
            shared.COUNT,
            stacked=True,
        ),
        lines(
            Words(
                "Oldest job",
                "How long the first in the queue has been due, and the longest has been running.",
                "s",
                ("jobs-waiting", "job-stuck"),
            ),
            [
                Query("max(contravento_jobs_oldest_waiting_seconds)", "waiting"),
                Query("max(contravento_jobs_in_progress_oldest_seconds)", "running"),
            ],
            Looks(steps=((60, ODD), (120, BAD)), least=0),
        ),
    ]


def _by_name() -> dashboard.Panel:
    everything = f"sum by (exported_job) (increase(contravento_jobs_total{{{OF}}}[$__range]))"

    def ended(outcome: str) -> str:
        of = f'contravento_jobs_total{{{OF}, outcome="{outcome}"}}'
        return f"sum by (exported_job) (increase({of}[$__range])) or 0 * {everything}"

    def p95(metric: str) -> str:
        buckets = f"rate(contravento_job_{metric}_seconds_bucket{{{OF}}}[$__range])"
        return f"histogram_quantile(0.95, sum by (exported_job, le) ({buckets}))"

    return table(
        Words(
            "Jobs by name",
            "Within the dashboard's range.",
            "none",
            ("jobs-failing", "jobs-waiting"),
        ),
        ("exported_job",),
        [
            Column("ended", everything, "short", shared.COUNT),
            Column(
                "retried",
                ended("retried"),
                "short",
                Looks(below="text", steps=((1, ODD),), decimals=0),
            ),
            Column(
                "failed",
                ended("failed"),
                "short",
                Looks(below="text", steps=((1, BAD),), decimals=0),
            ),
            Column("waited, 95 of 100 within", p95("wait"), "s"),
            Column("ran, 95 of 100 within", p95("duration"), "s"),
        ],
        sort="ended",
        names={"exported_job": "job"},
    )


def _durations() -> list[dashboard.Panel]:
    by_name = "exported_job, "
    return [
        lines(
            Words("How long jobs ran", "95 of 100 of each name within this time.", "s"),
            [
                Query(
                    shared.percentile(0.95, "contravento_job_duration_seconds", OF, by_name),
                    "{{exported_job}}",
                )
            ],
            shared.FROM_ZERO,
        ),
        lines(
            Words(
                "How long jobs waited",
                "From when a job was due to when it began; 95 of 100 of"
                " each name within this time.",
                "s",
                ("jobs-waiting",),
            ),
            [
                Query(
                    shared.percentile(0.95, "contravento_job_wait_seconds", OF, by_name),
                    "{{exported_job}}",
                )
            ],
            Looks(steps=((60, BAD),), least=0),
        ),
    ]


def _mail() -> list[dashboard.Panel]:
    def mails(outcome: str, over: str) -> str:
        return f'sum(increase(contravento_mails_total{{outcome="{outcome}"}}[{over}]))'

    tries = f"({mails('sent', '$__range')} + {mails('failed', '$__range')} > 0)"
    return [
        stat(
            Words(
                "Tries that failed",
                "Share of tries to send a mail within the dashboard's"
                " range. Above 10 % an alert comes.",
                "percentunit",
                ("mail-failing",),
            ),
            f"{mails('failed', '$__range')} / {tries} or vector(0)",
            Looks(steps=((0.02, ODD), (0.1, BAD)), least=0, decimals=1),
            trend=False,
        ),
        lines(
            Words(
                "Mails",
                "«held» were not on MAIL_ALLOW_LIST; in prod there is no such list.",
                "none",
                ("mail-failing",),
            ),
            [
                Query(f"{mails(outcome, '$__rate_interval')} or vector(0)", outcome)
                for outcome in MAILS
            ],
            shared.FROM_ZERO,
            stacked=True,
            colours=MAILS,
        ),
    ]


def _uploads() -> list[dashboard.Panel]:
    colours = {"ready": "green", "refused": "orange", "failed": "red"}
    return [
        lines(
            Words(
                f"{kind.capitalize()} made ready",
                "«refused» could not be read and the rider was told; «failed» is our fault.",
                "none",
                ("jobs-failing",),
            ),
            [
                Query(
                    f'sum(increase(contravento_{kind}_processed_total{{outcome="{outcome}"}}'
                    "[$__rate_interval])) or vector(0)",
                    outcome,
                )
                for outcome in colours
            ],
            shared.FROM_ZERO,
            stacked=True,
            colours=colours,
        )
        for kind in ("photos", "tracks")
    ]


def _work() -> list[dashboard.Panel]:
    return [
        lines(
            Words(f"How long a {kind} takes", "The work alone, without waiting in the queue.", "s"),
            [
                Query(
                    shared.percentile(count / 100, f"contravento_{kind}_processing_seconds"),
                    f"p{count}",
                )
                for count in (50, 95, 99)
            ],
            shared.FROM_ZERO,
            colours=shared.PERCENTILE_COLOURS,
        )
        for kind in ("photo", "track")
    ]
