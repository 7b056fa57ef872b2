"""What is fine on one host and would not work in a cluster: one sentence for each."""

import re
from collections.abc import Iterator, Mapping

from contravento_ops.kit.paths import EnvironmentName
from contravento_ops.kubernetes.replicas import connections_of_web, numbers
from contravento_ops.kubernetes.settings import has_own_server

type Values = Mapping[str, str]

OFF_SITE = (
    "BACKUP_S3_ENDPOINT",
    "BACKUP_S3_BUCKET",
    "BACKUP_S3_ACCESS_KEY",
    "BACKUP_S3_SECRET_KEY",
)
IMAGE = re.compile(
    r"(?P<name>[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+)"
    r":(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})(@(?P<digest>sha256:[0-9a-f]{64}))?"
)


def of_the_environment(environment: EnvironmentName, values: Values) -> Iterator[str]:
    """What to write into the environment file instead."""
    if environment == "dev":
        yield "Kubernetes is for staging and prod; dev runs by ./deploy.sh dev."
        return
    if not values.get("STORAGE_URL", "").startswith("s3://"):
        yield (
            "STORAGE_URL is a folder of one machine, which other nodes do not have;"
            " write s3:// and the bucket's name."
        )
    if values.get("METRICS", "true") != "true":
        yield "METRICS is false, but probes and autoscalers ask for figures; write true."
    if "." not in values.get("SMTP_HOST", "."):
        yield (
            f"SMTP_HOST is '{values['SMTP_HOST']}', a service that only Compose has;"
            " name a mail server."
        )
    if has_own_server(values):
        for name in OFF_SITE:
            if not values.get(name):
                yield f"{name} is not set, so PostgreSQL's backups would go nowhere; set it."
    yield from _of_the_connections(environment, values)


def _of_the_connections(environment: EnvironmentName, values: Values) -> Iterator[str]:
    least, most = numbers(environment, values).web
    if most < least:
        yield (
            f"DATABASE_POOL_SIZE and WEB_CONCURRENCY let one pod ask for"
            f" {connections_of_web(values)} connections, which leaves room for {max(most, 0)}"
            f" pods where {least} are needed; write smaller ones."
        )


def of_the_image(image: str) -> Iterator[str]:
    """A tag that moves is no release, and a node would not fetch it again."""
    found = IMAGE.fullmatch(image)
    if found is None:
        yield (
            f"'{image}' is no image in a registry with its tag; write it like"
            " registry.example.org/contravento:1a2b3c4d5e6f."
        )
    elif found["tag"] in ("latest", "local"):
        yield f"The tag {found['tag']} moves; name the release by its commit or version."
