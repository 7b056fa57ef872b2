"""System Resources: the host's processors, memory, disks and network, and each container's."""

from grafana_foundation_sdk.models import dashboard

from tools.dashboards import expressions as shared
from tools.dashboards.assembly import Line, Page, Section, choice
from tools.dashboards.expressions import DISK
from tools.dashboards.panels import BAD, NEUTRAL, ODD, Looks, Query, Words, lines, stat
from tools.dashboards.tables import Column, table

WHOLE = 'device!~"loop.*|ram.*|dm-.*"'
OF = '{service=~"$service"}'
PROCESSOR = Looks(steps=((0.75, ODD), (0.9, BAD)), least=0, most=1)

SERVICES = choice(
    "service",
    "Service",
    "label_values(container_up, service)",
    "Services of the compose files; a service with replicas has several containers.",
)


def page() -> Page:
    return Page(
        uid="contravento-system-resources",
        title="System Resources",
        about="The host and each container: processors, memory, disks, network.",
        sections=[
            Section("Now", [Line(4, _now())]),
            Section("Host", [Line(8, _processors()), Line(8, _disks())]),
            Section("Containers", [Line(10, [_containers()]), Line(8, _use()), Line(8, _flow())]),
            Section("Containers that end", [Line(7, _ends())]),
            Section("The watching itself", [Line(7, _watching())]),
        ],
        variables=[SERVICES],
    )


def _now() -> list[dashboard.Panel]:
    return [
        stat(
            Words("CPU", "Share of all processors' time that is used.", "percentunit"),
            shared.CPU,
            PROCESSOR,
        ),
        stat(
            Words(
                "Memory",
                "Share of the host's memory that is not available. An alert comes at 90 %.",
                "percentunit",
                ("host-memory-high",),
            ),
            f"max({shared.MEMORY_USED})",
            shared.MEMORY,
        ),
        stat(
            Words(
                "Fullest disk",
                "Share of it that is taken. An alert comes at 85 %.",
                "percentunit",
                ("disk-space-low",),
            ),
            shared.DISK_USED,
            shared.DISKS,
        ),
        stat(
            Words(
                "Load for each processor",
                "Processes that run or want to, over five minutes. Above 1 they wait.",
                "none",
            ),
            'max(node_load5) / count(node_cpu_seconds_total{mode="idle"})',
            Looks(steps=((1, ODD), (2, BAD)), least=0, decimals=2),
        ),
        stat(
            Words(
                "Containers running",
                "Of this environment, one-offs that have ended not counted.",
                "none",
                ("container-unhealthy",),
            ),
            "sum(container_up)",
            NEUTRAL,
        ),
        stat(
            Words("Host up since", "When the host was started.", "dateTimeFromNow"),
            "1000 * max(node_boot_time_seconds)",
            NEUTRAL,
            trend=False,
        ),
    ]


def _processors() -> list[dashboard.Panel]:
    modes = 'sum by (mode) (rate(node_cpu_seconds_total{mode!="idle"}[$__rate_interval]))'
    return [
        lines(
            Words(
                "CPU by use",
                "By what it is used for. «iowait» waits for disks, «steal» is taken"
                " by other machines of the same provider.",
                "percentunit",
            ),
            [Query(f"{modes} / scalar(count(node_cpu_seconds_total{{mode='idle'}}))", "{{mode}}")],
            PROCESSOR,
            stacked=True,
        ),
        lines(
            Words(
                "Memory of the host",
                "«available» is what programs can still get; «cached» is given back when needed.",
                "bytes",
                ("host-memory-high",),
            ),
            [
                Query("sum(node_memory_MemTotal_bytes)", "total"),
                Query("sum(node_memory_MemAvailable_bytes)", "available"),
                Query("sum(node_memory_Cached_bytes)", "cached"),
                Query("sum(node_memory_SwapTotal_bytes - node_memory_SwapFree_bytes)", "swapped"),
            ],
            shared.FROM_ZERO,
        ),
        lines(
            Words("Network", "Received and sent in a second, by network card of the host.", "Bps"),
            [
                Query(
                    "sum by (device) (rate(host_network_receive_bytes_total[$__rate_interval]))",
                    "{{device}} received",
                ),
                Query(
                    "sum by (device) (rate(host_network_transmit_bytes_total[$__rate_interval]))",
                    "{{device}} sent",
                ),
            ],
            shared.FROM_ZERO,
        ),
    ]


def _disks() -> list[dashboard.Panel]:
    def io(name: str) -> str:
        return f"sum by (device) (rate(node_disk_{name}{{{WHOLE}}}[$__rate_interval]))"

    size = f"node_filesystem_size_bytes{{{DISK}}}"
    in_a_day = f"1 - predict_linear(node_filesystem_avail_bytes{{{DISK}}}[6h], 86400) / {size}"
    used = f"1 - node_filesystem_avail_bytes{{{DISK}}} / node_filesystem_size_bytes{{{DISK}}}"
    return [
        lines(
            Words(
                "Disk space",
                "Share of each disk that is taken, and that will be in a day if it"
                " goes on as in six hours. An alert comes at 85 %, or when a disk would be full.",
                "percentunit",
                ("disk-space-low", "disk-fills-soon"),
            ),
            [
                Query(f"max by (device) ({used})", "{{device}}"),
                Query(f"max by (device) ({in_a_day})", "{{device}} in a day"),
            ],
            shared.DISKS,
        ),
        lines(
            Words("Disk I/O", "Read and written in a second, by disk.", "Bps"),
            [
                Query(io("read_bytes_total"), "{{device}} read"),
                Query(io("written_bytes_total"), "{{device}} written"),
            ],
            shared.FROM_ZERO,
        ),
        lines(
            Words(
                "Disks busy",
                "Share of the time in which a disk had work. Near 1, everything waits for it.",
                "percentunit",
            ),
            [Query(io("io_time_seconds_total"), "{{device}}")],
            PROCESSOR,
        ),
    ]


def _containers() -> dashboard.Panel:
    def latest(metric: str) -> str:
        return f"max by (service, container) ({metric}{OF})"

    cpu = f"sum by (service, container) (rate(container_cpu_seconds_total{OF}[$__range]))"
    memory, limit = latest("container_memory_usage_bytes"), latest("container_memory_limit_bytes")
    return table(
        Words(
            "Containers",
            "Each with its share of what it may use. Above 90 % of its memory an"
            " alert comes; at 100 % the kernel ends it.",
            "none",
            ("container-memory-high", "container-unhealthy"),
        ),
        ("service", "container"),
        [
            Column("up", latest("container_up"), "none", shared.UP),
            Column(
                "healthy",
                latest("container_healthy"),
                "none",
                Looks(
                    texts={"0": ("no", BAD), "1": ("yes", "green")},
                    below=BAD,
                    steps=((1, "green"),),
                ),
            ),
            Column("CPU", cpu, "short"),
            Column(
                "of its CPU",
                f"{cpu} / ({latest('container_cpu_limit_cores')} > 0)",
                "percentunit",
                PROCESSOR,
            ),
            Column("memory", memory, "bytes"),
            Column("of its memory", f"{memory} / ({limit} > 0)", "percentunit", shared.MEMORY),
            Column(
                "restarts",
                latest("container_restarts_total"),
                "none",
                Looks(steps=((2, ODD),), decimals=0),
            ),
            Column(
                "started", f"1000 * {latest('container_start_time_seconds')}", "dateTimeFromNow"
            ),
        ],
        sort="of its memory",
    )


def _use() -> list[dashboard.Panel]:
    memory = (
        f"max by (container) (container_memory_usage_bytes{OF}"
        f" / (container_memory_limit_bytes{OF} > 0))"
    )
    return [
        lines(
            Words(
                "CPU of containers", "Processors in use: 1 is one processor, all the time.", "short"
            ),
            [
                Query(
                    f"sum by (container) (rate(container_cpu_seconds_total{OF}[$__rate_interval]))",
                    "{{container}}",
                )
            ],
            shared.FROM_ZERO,
            stacked=True,
        ),
        lines(
            Words("Memory of containers", "What cannot be given back when needed.", "bytes"),
            [Query(f"sum by (container) (container_memory_usage_bytes{OF})", "{{container}}")],
            shared.FROM_ZERO,
            stacked=True,
        ),
        lines(
            Words(
                "Memory against limits",
                "Share of each container's limit.",
                "percentunit",
                ("container-memory-high",),
            ),
            [Query(memory, "{{container}}")],
            shared.MEMORY,
        ),
    ]


def _flow() -> list[dashboard.Panel]:
    def rate(name: str) -> str:
        return f"sum by (service) (rate(container_{name}_bytes_total{OF}[$__rate_interval]))"

    return [
        lines(
            Words("Network of containers", "Received and sent in a second, by service.", "Bps"),
            [
                Query(rate("network_receive"), "{{service}} received"),
                Query(rate("network_transmit"), "{{service}} sent"),
            ],
            shared.FROM_ZERO,
        ),
        lines(
            Words("Disk I/O of containers", "Read and written in a second, by service.", "Bps"),
            [
                Query(rate("disk_read"), "{{service}} read"),
                Query(rate("disk_written"), "{{service}} written"),
            ],
            shared.FROM_ZERO,
        ),
    ]


def _ends() -> list[dashboard.Panel]:
    def risen(name: str) -> str:
        return f"sum by (service) (increase(container_{name}_total{OF}[$__rate_interval]))"

    return [
        lines(
            Words(
                "Restarts",
                "Containers that ended and were started anew. One heals; more than"
                " two in a quarter of an hour raise an alert.",
                "none",
                ("container-restarting",),
            ),
            [Query(risen("restarts"), "{{service}}")],
            Looks(below="green", steps=((2, BAD),), least=0),
        ),
        lines(
            Words(
                "Killed for memory",
                "Processes that the kernel ended because a container needed more than its limit.",
                "none",
                ("container-killed-for-memory",),
            ),
            [Query(risen("oom_kills"), "{{service}}")],
            shared.NONE_IS_WELL,
        ),
    ]


def _watching() -> list[dashboard.Panel]:
    failed = "sum(rate(alertmanager_notifications_failed_total[$__rate_interval]))"
    return [
        lines(
            Words(
                "Prometheus keeps",
                "Size of what is kept on disk. The oldest goes when the"
                " limits by time or size are reached.",
                "bytes",
            ),
            [
                Query(
                    "sum(prometheus_tsdb_storage_blocks_bytes + on (instance)"
                    " prometheus_tsdb_wal_storage_size_bytes)",
                    "on disk",
                )
            ],
            shared.FROM_ZERO,
        ),
        lines(
            Words(
                "Series",
                "Different figures in memory; a leap means a label that takes too many values.",
                "short",
            ),
            [Query("sum(prometheus_tsdb_head_series)", "series")],
            shared.FROM_ZERO,
        ),
        lines(
            Words(
                "Notifications",
                "Mails and calls about alerts that Alertmanager sent, and those that failed.",
                "ops",
                ("alert-notifications-failing",),
            ),
            [
                Query("sum(rate(alertmanager_notifications_total[$__rate_interval]))", "sent"),
                Query(failed, "failed"),
            ],
            shared.FROM_ZERO,
            colours={"failed": BAD},
        ),
        lines(
            Words(
                "Age of secrets",
                "Days since each secret was made. An alert comes at 90.",
                "d",
                ("secret-old",),
            ),
            [
                Query(
                    "max by (secret)"
                    " ((time() - contravento_secret_made_timestamp_seconds) / 86400)",
                    "{{secret}}",
                )
            ],
            Looks(steps=((75, ODD), (90, BAD)), least=0, decimals=0),
        ),
    ]
