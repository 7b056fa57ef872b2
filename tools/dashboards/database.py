"""Database: connections, work, slow statements, locks, size, archive; and Redis beside it."""

from grafana_foundation_sdk.models import dashboard

from tools.dashboards import expressions as shared
from tools.dashboards.assembly import Line, Page, Section, choice
from tools.dashboards.panels import BAD, CALM, NEUTRAL, ODD, WELL, Looks, Query, Words, lines, stat
from tools.dashboards.tables import Column, table

SLOW_SECONDS = 1
OF = '{datname=~"$database", datname!~"template.*|postgres"}'
HITS = Looks(steps=((0.9, ODD), (0.99, WELL)), below=BAD, least=0, most=1, decimals=2)
STATEMENTS = ("queryid",)
SLOW = Looks(steps=((0.25, ODD), (SLOW_SECONDS, BAD)), least=0)

DATABASES = choice(
    "database",
    "Database",
    'label_values(pg_stat_database_xact_commit{datname!~"template.*|postgres"}, datname)',
    "Databases of this server; ContraVento has one.",
)


def page() -> Page:
    return Page(
        uid="contravento-database",
        title="Database",
        about="PostgreSQL: who is connected, what it does, what is slow, how it grows.",
        sections=[
            Section("Now", [Line(4, _now())]),
            Section("Connections", [Line(8, _connections())]),
            Section("Work", [Line(8, _work())]),
            Section("Slow statements", [Line(9, [_slowest()]), Line(8, _statements())]),
            Section("Locks and caches", [Line(8, _locks())]),
            Section("Size, archive, checkpoints", [Line(8, _growth())]),
            Section("Replica", [Line(7, _replica())]),
            Section("Redis", [Line(7, _redis())]),
        ],
        variables=[DATABASES],
    )


def _now() -> list[dashboard.Panel]:
    return [
        stat(
            Words("PostgreSQL", "Whether the exporter reaches it.", "none", ("database-down",)),
            "min(pg_up)",
            shared.UP,
        ),
        stat(
            Words(
                "Connections used",
                "Share of what is usable: the maximum less what PostgreSQL"
                " keeps for administrators. An alert comes at 80 %.",
                "percentunit",
                ("database-connections-high",),
            ),
            "max(database:connections:ratio)",
            shared.CONNECTIONS,
        ),
        stat(
            Words(
                "Statements over a second",
                "Kinds of statement that take longer than a second on average.",
                "none",
            ),
            f"count(pg_stat_statements_mean_exec_time_seconds > {SLOW_SECONDS}) or vector(0)",
            shared.NONE_IS_BEST,
        ),
        stat(
            Words("Transactions", "Committed and rolled back, in a second.", "ops"),
            f"sum(rate(pg_stat_database_xact_commit{OF}[$__rate_interval]))"
            f" + sum(rate(pg_stat_database_xact_rollback{OF}[$__rate_interval]))",
            NEUTRAL,
        ),
        stat(
            Words(
                "Read from memory",
                "Share of blocks that needed no disk. Below 99 % for long,"
                " shared_buffers is small for the data.",
                "percentunit",
            ),
            _hits(),
            HITS,
        ),
        stat(
            Words("Size", "Of the databases chosen above, indexes included.", "bytes"),
            f"sum(pg_database_size_bytes{OF})",
            NEUTRAL,
        ),
    ]


def _hits() -> str:
    hit, read = (
        f"sum(rate(pg_stat_database_blks_{each}{OF}[$__rate_interval]))" for each in ("hit", "read")
    )
    return f"{hit} / ({hit} + {read} > 0)"


def _connections() -> list[dashboard.Panel]:
    return [
        lines(
            Words(
                "Connections against the limit",
                "«usable» is what the application may take at most; behind it, connecting fails.",
                "none",
                ("database-connections-high",),
            ),
            [
                Query("max(database:connections:used)", "used"),
                Query("max(database:connections:usable)", "usable"),
                Query("sum(contravento_database_pool_limit)", "all pools full"),
            ],
            shared.COUNT,
            colours={"usable": BAD, "all pools full": ODD},
        ),
        lines(
            Words(
                "Connections by state",
                "«idle in transaction» holds locks and keeps vacuum from"
                " its work; it should stay near zero.",
                "none",
            ),
            [Query(f"sum by (state) (pg_stat_activity_count{OF})", "{{state}}")],
            shared.COUNT,
            stacked=True,
        ),
        lines(
            Words(
                "Pools of the application",
                "Connections that the application's processes hold,"
                " and how often one waited for in vain.",
                "none",
                ("database-pool-exhausted", "database-pool-timeouts"),
            ),
            [
                Query(
                    "sum by (job, state) (contravento_database_pool_connections)",
                    "{{job}} {{state}}",
                ),
                Query(
                    "sum(increase(contravento_database_pool_timeouts_total[$__rate_interval]))",
                    "in vain",
                ),
            ],
            shared.COUNT,
            colours={"in vain": BAD},
        ),
    ]


def _work() -> list[dashboard.Panel]:
    def rate(name: str) -> str:
        return f"sum(rate(pg_stat_database_{name}{OF}[$__rate_interval]))"

    return [
        lines(
            Words(
                "Transactions over time",
                "Some reads end in a rollback, health checks among"
                " them; a share that rises are errors or refusals.",
                "ops",
            ),
            [Query(rate("xact_commit"), "committed"), Query(rate("xact_rollback"), "rolled back")],
            shared.FROM_ZERO,
            colours={"rolled back": ODD},
        ),
        lines(
            Words(
                "Mean duration of statements",
                "Time spent in statements by how many there were."
                " Above the dashed line something became slow.",
                "s",
            ),
            [
                Query(
                    "sum(rate(pg_stat_statements_seconds_total[$__rate_interval]))"
                    " / (sum(rate(pg_stat_statements_calls_total[$__rate_interval])) > 0)",
                    "mean",
                ),
                Query("max(pg_stat_activity_max_tx_duration) or vector(0)", "longest transaction"),
            ],
            Looks(steps=((SLOW_SECONDS, BAD),), least=0),
        ),
        lines(
            Words(
                "Rows",
                "What statements touch. Many rows returned for few fetched are scans"
                " of whole tables.",
                "wps",
            ),
            [
                Query(rate(f"tup_{each}"), each)
                for each in ("fetched", "returned", "inserted", "updated", "deleted")
            ],
            shared.FROM_ZERO,
        ),
    ]


def _slowest() -> dashboard.Panel:
    mean_of = "max by (queryid) (pg_stat_statements_mean_exec_time_seconds)"
    worst = f"topk(20, {mean_of})"

    def of_worst(expression: str) -> str:
        return f"{expression} and on (queryid) {worst}"

    return table(
        Words(
            "The twenty slowest kinds of statement",
            "By mean duration since statistics were"
            " last reset; red takes over a second. The guide says how to see a statement's words"
            " by its number.",
            "none",
            ("api-slow",),
        ),
        STATEMENTS,
        [
            Column("mean", worst, "s", SLOW),
            Column("calls", of_worst("sum by (queryid) (pg_stat_statements_calls_total)"), "short"),
            Column(
                "all together", of_worst("sum by (queryid) (pg_stat_statements_seconds_total)"), "s"
            ),
            Column("rows", of_worst("sum by (queryid) (pg_stat_statements_rows_total)"), "short"),
        ],
        sort="mean",
        names={"queryid": "statement"},
    )


def _statements() -> list[dashboard.Panel]:
    busy = "sum by (queryid) (rate(pg_stat_statements_seconds_total[$__rate_interval]))"
    return [
        lines(
            Words(
                "Slowest statements over time",
                "Mean duration of the ten slowest kinds; the dashed line is one second.",
                "s",
            ),
            [
                Query(
                    "topk(10, max by (queryid) (pg_stat_statements_mean_exec_time_seconds))",
                    "{{queryid}}",
                )
            ],
            SLOW,
        ),
        lines(
            Words(
                "Where the time goes",
                "Seconds of work in a second, for the ten kinds of statement that cost most.",
                "short",
            ),
            [Query(f"topk(10, {busy})", "{{queryid}}")],
            shared.FROM_ZERO,
            stacked=True,
        ),
    ]


def _locks() -> list[dashboard.Panel]:
    def rate(name: str) -> str:
        return f"sum(increase(pg_stat_database_{name}{OF}[$__rate_interval])) or vector(0)"

    return [
        lines(
            Words(
                "Locks",
                "By kind. «accessexclusivelock» shuts everybody else out; it belongs to"
                " migrations and lasts moments.",
                "none",
            ),
            [Query(f"sum by (mode) (pg_locks_count{OF})", "{{mode}}")],
            shared.COUNT,
            stacked=True,
        ),
        lines(
            Words(
                "Deadlocks and conflicts",
                "Transactions that PostgreSQL had to end because they waited for each other.",
                "none",
            ),
            [Query(rate("deadlocks"), "deadlocks"), Query(rate("conflicts"), "conflicts")],
            shared.NONE_IS_BEST,
        ),
        lines(
            Words(
                "Read from memory over time", "Share of blocks that needed no disk.", "percentunit"
            ),
            [Query(_hits(), "hits")],
            HITS,
        ),
    ]


def _growth() -> list[dashboard.Panel]:
    def archived(name: str) -> str:
        return f"sum(increase(pg_stat_archiver_{name}_count[$__rate_interval])) or vector(0)"

    return [
        lines(
            Words(
                "Size over time",
                "Of each database. Photos and tracks are files and not in it.",
                "bytes",
            ),
            [Query(f"sum by (datname) (pg_database_size_bytes{OF})", "{{datname}}")],
            shared.FROM_ZERO,
        ),
        lines(
            Words(
                "Archive of the write-ahead log",
                "Files archived and tries that failed. Both"
                " stay at zero where nothing is archived.",
                "none",
                ("database-archive-stuck",),
            ),
            [Query(archived("archived"), "archived"), Query(archived("failed"), "failed")],
            Looks(below=CALM, steps=((1, BAD),), least=0),
            colours={"failed": BAD},
        ),
        lines(
            Words(
                "Checkpoints",
                "Timed ones are usual; many that were requested mean that max_wal_size is small.",
                "none",
            ),
            [
                Query(
                    "sum(increase(pg_stat_checkpointer_num_timed_total[$__rate_interval]))"
                    " or vector(0)",
                    "timed",
                ),
                Query(
                    "sum(increase(pg_stat_checkpointer_num_requested_total[$__rate_interval]))"
                    " or vector(0)",
                    "requested",
                ),
            ],
            shared.COUNT,
        ),
    ]


def _replica() -> list[dashboard.Panel]:
    reads = "rate(contravento_public_reads_total[$__rate_interval])"
    return [
        lines(
            Words(
                "The replica is read",
                "Share of the time, over five minutes; below the dashed"
                " line an alert comes. 1 where there is no replica.",
                "percentunit",
                ("database-replica-not-read",),
            ),
            [
                Query(
                    "avg(avg_over_time(contravento_database_replica_in_use[5m])) or vector(1)",
                    "read",
                )
            ],
            Looks(steps=((0.5, WELL),), below=BAD, least=0, most=1),
        ),
        lines(
            Words(
                "How late it is at most",
                "As far as is proven; it is read up to"
                " DATABASE_REPLICA_MAX_LAG_SECONDS. 0 where there is none.",
                "s",
            ),
            [Query("max(contravento_database_replica_lag_seconds) or vector(0)", "late")],
            Looks(steps=((1, ODD),), least=0),
        ),
        lines(
            Words(
                "Who answers what is public",
                "«replica» as it should be; «late» and «away» are"
                " answered by the primary, and so are who has just written or is shown more"
                " than others.",
                "reqps",
            ),
            [Query(f"sum by (outcome) ({reads}) or vector(0)", "{{outcome}}")],
            shared.FROM_ZERO,
            stacked=True,
        ),
    ]


def _redis() -> list[dashboard.Panel]:
    hits, misses = (
        f"sum(rate(redis_keyspace_{each}_total[$__rate_interval]))" for each in ("hits", "misses")
    )
    return [
        stat(
            Words(
                "Redis",
                "Counts tries at signing in. Without it each process counts for"
                " itself, and riders notice nothing.",
                "none",
                ("redis-down",),
            ),
            "min(redis_up)",
            shared.UP,
        ),
        lines(
            Words("Memory", "What Redis holds; it keeps counters and nothing that lasts.", "bytes"),
            [Query("sum(redis_memory_used_bytes)", "used")],
            shared.FROM_ZERO,
        ),
        lines(
            Words("Commands", "Asked of Redis in a second, and keys that it found or not.", "ops"),
            [
                Query("sum(rate(redis_commands_processed_total[$__rate_interval]))", "commands"),
                Query(hits, "found"),
                Query(misses, "not found"),
            ],
            shared.FROM_ZERO,
        ),
        lines(
            Words("Clients", "Connections to Redis.", "none"),
            [Query("sum(redis_connected_clients)", "connected")],
            shared.COUNT,
        ),
    ]
