"""Overview: is it well, are promises kept, what is close to its limit."""

from grafana_foundation_sdk.models import dashboard

from tools.dashboards import expressions as shared
from tools.dashboards.assembly import ENVIRONMENT, Line, Page, Section
from tools.dashboards.panels import (
    BAD,
    CALM,
    NEUTRAL,
    NONE_YET,
    ODD,
    WELL,
    Looks,
    Query,
    Words,
    alerts,
    bars,
    lines,
    stat,
    states,
)
from tools.dashboards.tables import Column, table

BURN_RUNBOOKS = ("availability-budget-burns", "latency-budget-burns")
BUDGET = Looks(steps=((0, ODD), (0.25, WELL)), below=BAD, most=1, decimals=1)
LIFETIME = Looks(steps=((0.1, ODD), (0.25, WELL)), below=BAD, least=0, most=1, decimals=0)
DAYS = Looks(steps=((3, ODD), (14, WELL)), below=BAD, decimals=1)
BACKUP_AGE = Looks(steps=((0, WELL), (3600 * 7, ODD), (3600 * 26, BAD)), below=CALM, texts=NONE_YET)
DRILL = Looks(
    steps=((0, BAD), (1, WELL)),
    below=CALM,
    texts=NONE_YET | {"0": ("failed", BAD), "1": ("succeeded", WELL)},
)


def page() -> Page:
    return Page(
        uid="contravento-overview",
        title="Overview",
        about="Is ContraVento well? Start here; every number leads to a dashboard or a runbook.",
        sections=[
            Section("Is it well?", [Line(4, _state(), (4, 4, 4, 4, 4, 4)), Line(8, _now())]),
            Section("Traffic", [Line(8, _traffic())]),
            Section("Promises", [Line(7, _promises(), (4, 4, 8, 8))]),
            Section("How close to the limits", [Line(7, _limits(), (12, 12))]),
            Section("Certificate, backups and release", [Line(4, _care()), Line(6, _release())]),
        ],
        variables=[ENVIRONMENT],
        shows_alerts=True,
    )


def _state() -> list[dashboard.Panel]:
    return [
        stat(
            Words(
                "Site",
                "Whether the public address answers over HTTPS, as a rider asks it.",
                "none",
                ("site-unreachable",),
            ),
            'min(probe_success{job="blackbox-https", instance=~"$environment"})',
            shared.UP,
        ),
        stat(
            Words("Alerts firing", "How many alerts fire now; the list is below.", "none"),
            'count(ALERTS{alertstate="firing", alertname!="Watchdog"}) or vector(0)',
            shared.NONE_IS_WELL,
        ),
        stat(
            Words(
                "Requests", "What riders ask for, in a second, averaged over five minutes.", "reqps"
            ),
            'sum(job:http_requests:rate5m{job="backend"}) or vector(0)',
            NEUTRAL,
        ),
        stat(
            Words(
                "Errors",
                "Share of requests of the last five minutes that failed on our side.",
                "percentunit",
                ("api-errors",),
            ),
            'max(job:http_request_errors:ratio_rate5m{job="backend"}) or vector(0)',
            shared.ERRORS,
        ),
        stat(
            Words(
                "95 of 100 within",
                "95 of 100 requests of the last five minutes were answered within this time.",
                "s",
                ("api-slow",),
            ),
            'max(job:http_request_duration_seconds:p95_5m{job="backend"})',
            shared.LATENCY,
        ),
        stat(
            Words(
                "Sources silent",
                "Sources of figures that do not answer Prometheus; while one is"
                " silent, its panels are blind.",
                "none",
                ("target-down", "target-missing"),
            ),
            "count(up == 0) or vector(0)",
            shared.NONE_IS_WELL,
        ),
    ]


def _now() -> list[dashboard.Panel]:
    return [
        alerts(
            Words(
                "Pending and firing alerts",
                "From Prometheus' rules. Each alert names its runbook; Alertmanager mails them.",
                "none",
            )
        ),
        states(
            Words(
                "Sources of figures",
                "Green while Prometheus gets figures from it. A replica"
                " that a deployment replaced ends; that is no fault.",
                "none",
                ("target-down",),
            ),
            [Query("min by (job) (up)", "{{job}}")],
            shared.UP,
        ),
    ]


def _traffic() -> list[dashboard.Panel]:
    p95 = 'job:http_request_duration_seconds:{}_5m{{job="backend"}}'
    return [
        lines(
            Words(
                "Requests by outcome",
                "2xx and 3xx are well, 4xx are mistakes or refusals, 5xx are ours.",
                "reqps",
                ("api-errors",),
            ),
            [Query(shared.answered(f"{digit}.."), f"{digit}xx") for digit in (2, 3, 4, 5)],
            shared.FROM_ZERO,
            stacked=True,
            colours=shared.STATUS_COLOURS,
        ),
        lines(
            Words(
                "How long answers take",
                "The dashed lines: 0.25 s is noticed, 0.5 s is what is promised for 95 of 100.",
                "s",
                ("api-slow",),
            ),
            [Query(p95.format(part), part) for part in ("p50", "p95", "p99")],
            shared.LATENCY,
            colours=shared.PERCENTILE_COLOURS,
        ),
    ]


def _promises() -> list[dashboard.Panel]:
    return [
        stat(
            Words(
                "Budget left: errors",
                "Of the failures that thirty days allow (1 of 100), how"
                " much is left. Below zero the promise is broken.",
                "percentunit",
                BURN_RUNBOOKS[:1],
            ),
            "max(slo:availability:budget_remaining_30d)",
            BUDGET,
        ),
        stat(
            Words(
                "Budget left: slowness",
                "Of the answers over half a second that thirty days"
                " allow (5 of 100), how much is left.",
                "percentunit",
                BURN_RUNBOOKS[1:],
            ),
            "max(slo:latency:budget_remaining_30d)",
            BUDGET,
        ),
        _burning("Errors", "availability", 0.01),
        _burning("Slowness", "latency", 0.05),
    ]


def _burning(title: str, promise: str, allowed: float) -> dashboard.Panel:
    """The steps are the burn rates at which alerts fire."""
    about = (
        "Share of bad requests over each window, divided by the share that is allowed. At 1 the"
        " budget lasts exactly thirty days; alerts fire at 1, 3, 6 and 14.4."
    )
    looks = Looks(steps=((1, ODD), (3, ODD), (6, BAD), (14.4, BAD)), least=0)
    windows = ("1h", "6h", "1d", "3d")
    return lines(
        Words(f"{title}: how fast the budget burns", about, "none", (f"{promise}-budget-burns",)),
        [
            Query(f"max(slo:{promise}:error_ratio_rate{window}) / {allowed}", window)
            for window in windows
        ],
        looks,
    )


def _limits() -> list[dashboard.Panel]:
    looks = Looks(steps=((0.75, ODD), (0.9, BAD)), least=0, most=1)
    used = {
        "CPU": shared.CPU,
        "Memory": f"max({shared.MEMORY_USED})",
        "Fullest disk": shared.DISK_USED,
        "Database connections": "max(database:connections:ratio)",
        "Connection pool": shared.POOL_USED,
        "Fullest container": (
            "max(container_memory_usage_bytes / (container_memory_limit_bytes > 0))"
        ),
    }
    return [
        bars(
            Words(
                "Used of what there is",
                "Share of each limit that is taken now. Red begins where"
                " somebody has to do something.",
                "percentunit",
                ("host-memory-high", "disk-space-low", "database-connections-high"),
            ),
            [Query(expression, name) for name, expression in used.items()],
            looks,
        ),
        lines(
            Words(
                "The queue's oldest job",
                "How long the job that waits longest has been due, and"
                " the one that runs longest has been running.",
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


def _care() -> list[dashboard.Panel]:
    def age(metric: str) -> str:
        return f"max(time() - {metric}) or vector(-1)"

    return [
        stat(
            Words(
                "Certificate",
                "Days until the served certificate ends. certbot renews when a"
                " third of its lifetime is left.",
                "d",
                ("certificate-near-end",),
            ),
            "min(contravento_certificate_not_after_seconds - time()) / 86400",
            DAYS,
            trend=False,
        ),
        stat(
            Words(
                "Its lifetime left",
                "Share of the served certificate's lifetime; alerts come at 25 % and 10 %.",
                "percentunit",
                ("certificate-near-end",),
            ),
            "min(certificate:lifetime_left:ratio)",
            LIFETIME,
            trend=False,
        ),
        stat(
            Words("Last backup", "How long ago the newest backup was made.", "s"),
            age("backup_last_success_timestamp_seconds"),
            BACKUP_AGE,
            trend=False,
        ),
        stat(
            Words(
                "Last proven backup",
                "How long ago the newest backup was made of which a drill"
                " proved that it can be restored.",
                "s",
            ),
            age("backup_last_proven_timestamp_seconds"),
            BACKUP_AGE,
            trend=False,
        ),
        stat(
            Words("Last drill", "How the last restore into a throwaway database went.", "none"),
            "min(backup_drill_last_outcome) or vector(-1)",
            DRILL,
            trend=False,
        ),
        stat(
            Words(
                "Watchdog",
                "An alert that always fires. «down» means that rules are not"
                " evaluated, so that no other alert can come.",
                "none",
                ("watchdog",),
            ),
            'max(ALERTS{alertname="Watchdog"}) or vector(0)',
            shared.UP,
            trend=False,
        ),
    ]


def _release() -> list[dashboard.Panel]:
    return [
        table(
            Words(
                "What runs",
                "Backends and workers by version. More than one line means that a"
                " deployment is under way.",
                "none",
            ),
            ("job", "version", "commit", "revision"),
            [
                Column(
                    "processes",
                    "count by (job, version, commit, revision) (contravento_build_info)",
                    "none",
                    shared.COUNT,
                )
            ],
            names={"revision": "newest migration"},
        ),
        table(
            Words(
                "Containers",
                "What this environment is made of, with how often each was started"
                " anew since it was made.",
                "none",
                ("container-restarting", "container-unhealthy"),
            ),
            ("service",),
            [
                Column("running", "sum by (service) (container_up)", "none"),
                Column("healthy", "sum by (service) (container_healthy)", "none"),
                Column(
                    "restarts",
                    "sum by (service) (container_restarts_total)",
                    "none",
                    Looks(steps=((2, ODD),), decimals=0),
                ),
                Column(
                    "up since",
                    "1000 * max by (service) (container_start_time_seconds"
                    " and on (container) container_up == 1)",
                    "dateTimeFromNow",
                ),
            ],
            sort="restarts",
        ),
    ]
