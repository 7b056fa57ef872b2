"""What Prometheus is told in a Swarm: each node by its own address, nothing that is left out."""

import re
from collections.abc import Callable, Mapping

from contravento_ops.swarm.placement import LEFT_OUT

ON_MANY_NODES = ("node-exporter",)
JOB = re.compile(r"^  - job_name: .*\n(?:^    .*\n)+", re.MULTILINE)
TARGET = re.compile(r'static_configs: \[\{ targets: \["([a-z-]+):(\d+)"\] \}\]')
MISSED = re.compile(r'absent\(up\{job="(?:' + "|".join(LEFT_OUT) + r')"\}\) or ')
CERTIFICATE = re.compile(
    r"\(contravento_certificate_not_after_seconds - time\(\)\)\s+"
    r"/ \(contravento_certificate_not_after_seconds - contravento_certificate_not_before_seconds\)"
)
# As blackbox sees it, which does not know when it was made: such certificates live for 90 days.
SEEN = "(min(probe_ssl_earliest_cert_expiry) - time()) / (90 * 86400)"


def jobs(configuration: str) -> str:
    """The same, without those that ask what is left out."""
    return JOB.sub(lambda found: _job(found[0]), configuration)


def _job(words: str) -> str:
    target = TARGET.search(words)
    if target is None:
        return words
    service, port = target.groups()
    if service in LEFT_OUT:
        return ""
    if service not in ON_MANY_NODES:
        return words
    return TARGET.sub(
        f"dns_sd_configs: [{{ names: [{service}], type: A, port: {port}, refresh_interval: 15s }}]",
        words,
    )


def missed(rules: str) -> str:
    """Nobody misses what is left out."""
    return MISSED.sub("", rules)


def certificate(rules: str) -> str:
    return CERTIFICATE.sub(SEEN, rules)


# By the name of the file in monitoring/prometheus.
CHANGED: Mapping[str, Callable[[str], str]] = {
    "prometheus.yml": jobs,
    "watching.yml": missed,
    "recording.yml": certificate,
}
