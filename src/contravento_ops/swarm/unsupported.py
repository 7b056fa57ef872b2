"""What is fine on one host and would not work in a Swarm: one sentence for each."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from contravento_ops.kit.paths import EnvironmentName

type Values = Mapping[str, str]

CERTIFICATE = ("fullchain.pem", "privkey.pem")


def of_the_environment(environment: EnvironmentName, values: Values) -> Iterator[str]:
    """What to write into the environment file instead."""
    if environment == "dev":
        yield "A Swarm is for staging and prod; dev runs by ./deploy.sh dev."
        return
    if not values.get("STORAGE_URL", "").startswith("s3://"):
        yield (
            "STORAGE_URL is a folder of one machine, which other nodes do not have;"
            " write s3:// and the bucket's name, or let move-storage do it."
        )
    if values.get("STORAGE_FALLBACK_URL", "").startswith("file:"):
        yield (
            "STORAGE_FALLBACK_URL is a folder of one machine, which other nodes do not have;"
            " end the move with move-storage --finish."
        )
    if "." not in values.get("SMTP_HOST", "."):
        yield (
            f"SMTP_HOST is '{values['SMTP_HOST']}', a service that only Compose has;"
            " name a mail server."
        )
    yield from _of_the_certificate(values)


def _of_the_certificate(values: Values) -> Iterator[str]:
    if values.get("ACME_DIRECTORY") != "off":
        yield (
            "ACME_DIRECTORY names an authority, but a name is proven from one host; write off, and"
            " into CERTIFICATE_FOLDER where fullchain.pem and privkey.pem lie."
        )
    folder = values.get("CERTIFICATE_FOLDER")
    if not folder:
        return
    for name in CERTIFICATE:
        if not (Path(folder) / name).is_file():
            yield f"CERTIFICATE_FOLDER is {folder}, but there is no {name} in it; put it there."
