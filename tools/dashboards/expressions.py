"""Expressions and looks that several dashboards share."""

from tools.dashboards.panels import BAD, CALM, ODD, WELL, Looks

# What asks whether all is well is no rider's request.
RIDERS = 'job="backend", route!~"/health.*|/metrics"'
DISK = 'fstype!~"tmpfs|ramfs"'

LATENCY = Looks(steps=((0.25, ODD), (0.5, BAD)), least=0)
ERRORS = Looks(steps=((0.005, ODD), (0.01, BAD)), least=0, decimals=2)
CONNECTIONS = Looks(steps=((0.6, ODD), (0.8, BAD)), least=0, most=1)
MEMORY = Looks(steps=((0.75, ODD), (0.9, BAD)), least=0, most=1)
DISKS = Looks(steps=((0.7, ODD), (0.85, BAD)), least=0, most=1)
POOL = Looks(steps=((0.8, ODD), (0.95, BAD)), least=0, most=1)
SHARE = Looks(below=CALM, least=0, most=1)
UP = Looks(steps=((1, WELL),), below=BAD, texts={"0": ("down", BAD), "1": ("up", WELL)})
NONE_IS_WELL = Looks(steps=((1, BAD),), least=0, decimals=0)
NONE_IS_BEST = Looks(steps=((1, ODD),), least=0, decimals=0)
COUNT = Looks(below=CALM, least=0, decimals=0)
FROM_ZERO = Looks(below=CALM, least=0)

STATUS_COLOURS = {"2xx": "green", "3xx": "blue", "4xx": "orange", "5xx": "red"}
PERCENTILE_COLOURS = {"p50": "green", "p95": "orange", "p99": "red"}

CPU = '1 - avg(rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))'
MEMORY_USED = "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes"
DISK_USED = (
    f"max(1 - node_filesystem_avail_bytes{{{DISK}}} / node_filesystem_size_bytes{{{DISK}}}"
    f" and node_filesystem_readonly{{{DISK}}} == 0)"
)
POOL_USED = (
    'max(sum by (job, instance) (contravento_database_pool_connections{state="in_use"})'
    " / sum by (job, instance) (contravento_database_pool_limit))"
)
CACHE_HITS = (
    'sum by (cache) (rate(contravento_cache_lookups_total{outcome="hit"}[$__rate_interval]))'
    " / sum by (cache) (rate(contravento_cache_lookups_total[$__rate_interval]))"
)


def answered(status: str, more: str = "") -> str:
    """Answers a second with such a status; 0 where there are none."""
    of = f'http_requests_total{{{RIDERS}, status=~"{status}"{more}}}'
    return f"sum(rate({of}[$__rate_interval])) or vector(0)"


def share(status: str, more: str = "") -> str:
    """Such answers among all; 0 where nobody asks."""
    everything = f"sum(rate(http_requests_total{{{RIDERS}{more}}}[$__rate_interval]))"
    return f"({answered(status, more)}) / ({everything} > 0) or vector(0)"


def percentile(part: float, metric: str, labels: str = "", by: str = "") -> str:
    """Within which so many of 100 lie; not a number while nothing is measured."""
    buckets = f"rate({metric}_bucket{{{labels}}}[$__rate_interval])"
    return f"histogram_quantile({part}, sum by ({by}le) ({buckets}))"


def mean(metric: str, by: str) -> str:
    """The average of a histogram."""
    sums, counts = (f"sum by ({by}) (increase({metric}_{of}[$__range]))" for of in ("sum", "count"))
    return f"{sums} / ({counts} > 0)"
