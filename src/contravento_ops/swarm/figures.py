"""What Prometheus is told in a Swarm: of a service on every node each task by its own address."""

import re

from contravento_ops.swarm.parts import LEFT_OUT

ON_MANY_NODES = ("node-exporter",)
JOB = re.compile(r"^  - job_name: .*\n(?:^    .*\n)+", re.MULTILINE)
TARGET = re.compile(r'static_configs: \[\{ targets: \["([a-z-]+):(\d+)"\] \}\]')


def for_a_swarm(configuration: str) -> str:
    """The same jobs, without those that ask what is left out."""
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
        f"dns_sd_configs: [{{ names: [tasks.{service}], type: A, port: {port},"
        " refresh_interval: 15s }]",
        words,
    )
