"""API Performance: rate, errors and duration, as a whole and by route."""

from grafana_foundation_sdk.models import dashboard

from tools.dashboards import expressions as shared
from tools.dashboards.assembly import Line, Page, Section, choice
from tools.dashboards.expressions import RIDERS
from tools.dashboards.panels import NEUTRAL, Looks, Query, Words, heat, lines, stat
from tools.dashboards.tables import Column, table

SECONDS = "http_request_duration_seconds"
ROUTE = ', route=~"$route"'
CHOSEN = RIDERS + ROUTE
BUSIEST = 10

ROUTES = choice(
    "route",
    "Route",
    f"label_values(http_requests_total{{{RIDERS}}}, route)",
    "Templates of addresses, as /trips/{slug}. What no route answers is «unmatched».",
)
INSTANCES = choice(
    "instance",
    "Backend",
    'label_values(up{job="backend"}, instance)',
    "Replicas of the backend, by address.",
)


def page() -> Page:
    return Page(
        uid="contravento-api-performance",
        title="API Performance",
        about="How many requests, how many fail, how long they take: as a whole and by route.",
        sections=[
            Section("Now", [Line(4, _now())]),
            Section("Rate, errors, duration", [Line(8, _rates()), Line(8, _durations())]),
            Section("By route", [Line(10, [_routes()]), Line(9, _busiest())]),
            Section("By backend and method", [Line(8, _replicas())]),
            Section("In front and behind", [Line(8, _around())]),
        ],
        variables=[ROUTES, INSTANCES],
    )


def _now() -> list[dashboard.Panel]:
    percentiles = [
        stat(
            Words(
                f"{count} of 100 within",
                f"{count} of 100 requests were answered within this time.",
                "s",
                ("api-slow",),
            ),
            shared.percentile(count / 100, SECONDS, CHOSEN),
            shared.LATENCY,
        )
        for count in (50, 95, 99)
    ]
    return [
        stat(
            Words("Requests", "What riders ask for in a second.", "reqps"),
            shared.answered("...", ROUTE),
            NEUTRAL,
        ),
        *percentiles,
        stat(
            Words(
                "Refused (4xx)",
                "Share of requests that were mistaken or refused. Many at once"
                " are a broken link or somebody trying doors.",
                "percentunit",
            ),
            shared.share("4..", ROUTE),
            Looks(steps=((0.1, "orange"),), least=0, decimals=2),
        ),
        stat(
            Words(
                "Failed (5xx)",
                "Share of requests that failed on our side; 1 % raises an alert.",
                "percentunit",
                ("api-errors",),
            ),
            shared.share("5..", ROUTE),
            shared.ERRORS,
        ),
    ]


def _rates() -> list[dashboard.Panel]:
    return [
        lines(
            Words(
                "Requests by outcome",
                "2xx and 3xx are well, 4xx are mistakes or refusals, 5xx are ours.",
                "reqps",
            ),
            [Query(shared.answered(f"{digit}..", ROUTE), f"{digit}xx") for digit in (2, 3, 4, 5)],
            shared.FROM_ZERO,
            stacked=True,
            colours=shared.STATUS_COLOURS,
        ),
        lines(
            Words(
                "Share that is refused or fails",
                "The upper dashed line is 1 %: above it for five minutes an alert comes for 5xx.",
                "percentunit",
                ("api-errors",),
            ),
            [Query(shared.share("4..", ROUTE), "4xx"), Query(shared.share("5..", ROUTE), "5xx")],
            shared.ERRORS,
            colours=shared.STATUS_COLOURS,
        ),
    ]


def _durations() -> list[dashboard.Panel]:
    return [
        lines(
            Words(
                "How long answers take",
                "From arrival to the end of the answer. 3 s is the most that is told apart.",
                "s",
                ("api-slow",),
            ),
            [
                Query(shared.percentile(count / 100, SECONDS, CHOSEN), f"p{count}")
                for count in (50, 95, 99)
            ],
            shared.LATENCY,
            colours=shared.PERCENTILE_COLOURS,
        ),
        heat(
            Words(
                "How many take how long",
                "The darker, the more requests. Two dark bands are two kinds of request.",
                "s",
            ),
            f"sum by (le) (increase({SECONDS}_bucket{{{CHOSEN}}}[$__rate_interval]))",
        ),
    ]


def _routes() -> dashboard.Panel:
    """The range is the dashboard's own, so that the table says what the pictures show."""

    every = f"sum by (route) (rate(http_requests_total{{{CHOSEN}}}[$__range]))"

    def failing(status: str) -> str:
        such = (
            f'sum by (route) (rate(http_requests_total{{{CHOSEN}, status=~"{status}"}}[$__range]))'
        )
        return f"({such} or 0 * {every}) / ({every} > 0)"

    def slowest(part: float) -> str:
        buckets = f"rate({SECONDS}_bucket{{{CHOSEN}}}[$__range])"
        return f"histogram_quantile({part}, sum by (route, le) ({buckets}))"

    return table(
        Words(
            "Routes",
            "Every route that was asked for within the dashboard's range, the slowest first.",
            "none",
            ("api-slow", "api-errors"),
        ),
        ("route",),
        [
            Column("requests/s", every, "reqps"),
            Column("p50", slowest(0.5), "s", shared.LATENCY),
            Column("p95", slowest(0.95), "s", shared.LATENCY),
            Column("p99", slowest(0.99), "s", shared.LATENCY),
            Column("4xx", failing("4.."), "percentunit"),
            Column("5xx", failing("5.."), "percentunit", shared.ERRORS),
        ],
        sort="p95",
    )


def _busiest() -> list[dashboard.Panel]:
    by_route = f"sum by (route) (rate(http_requests_total{{{CHOSEN}}}[$__rate_interval]))"
    worst = f'route:http_request_duration_seconds:p95_5m{{job="backend"{ROUTE}}}'
    return [
        lines(
            Words("Busiest routes", "The ten that are asked for most.", "reqps"),
            [Query(f"topk({BUSIEST}, {by_route})", "{{route}}")],
            shared.FROM_ZERO,
        ),
        lines(
            Words(
                "Slowest routes",
                "95 of 100 requests of each were answered within this time, over five minutes.",
                "s",
                ("api-slow",),
            ),
            [Query(f"topk({BUSIEST}, {worst} >= 0)", "{{route}}")],
            shared.LATENCY,
        ),
    ]


def _replicas() -> list[dashboard.Panel]:
    of = f'{CHOSEN}, instance=~"$instance"'
    return [
        lines(
            Words(
                "Requests by backend",
                "nginx spreads riders over the replicas; one that stays low is new or unwell.",
                "reqps",
            ),
            [
                Query(
                    f"sum by (instance) (rate(http_requests_total{{{of}}}[$__rate_interval]))",
                    "{{instance}}",
                )
            ],
            shared.FROM_ZERO,
        ),
        lines(
            Words(
                "95 of 100 within, by backend",
                "One replica that is slower than the others has a fault of its own.",
                "s",
                ("api-slow",),
            ),
            [Query(shared.percentile(0.95, SECONDS, of, "instance, "), "{{instance}}")],
            shared.LATENCY,
        ),
        lines(
            Words(
                "Being answered now, by method",
                "Requests in progress. A rising line means that they come faster than they end.",
                "none",
            ),
            [Query("sum by (method) (http_requests_in_progress)", "{{method}}")],
            shared.COUNT,
            stacked=True,
        ),
    ]


def _around() -> list[dashboard.Panel]:
    return [
        lines(
            Words(
                "nginx",
                "Requests that nginx takes, static files included, and connections that"
                " riders hold open.",
                "none",
            ),
            [
                Query(
                    "sum(rate(nginx_http_requests_total[$__rate_interval]))", "requests a second"
                ),
                Query("sum(nginx_connections_active)", "connections"),
            ],
            shared.FROM_ZERO,
        ),
        lines(
            Words(
                "Connection pool in use",
                "Share of the connections that a process may open. At 95 % requests begin to wait.",
                "percentunit",
                ("database-pool-exhausted", "database-pool-timeouts"),
            ),
            [
                Query(
                    'sum by (job, instance) (contravento_database_pool_connections{state="in_use"})'
                    " / sum by (job, instance) (contravento_database_pool_limit)",
                    "{{job}} {{instance}}",
                )
            ],
            shared.POOL,
        ),
        lines(
            Words(
                "Answered from what is kept",
                "Share of questions to each cache that needed no"
                " work; nothing is drawn while nobody asks.",
                "percentunit",
            ),
            [Query(shared.CACHE_HITS, "{{cache}}")],
            shared.SHARE,
        ),
    ]
