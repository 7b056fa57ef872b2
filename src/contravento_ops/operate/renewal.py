"""Renew the certificate now, and see that visitors get the new one."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from contravento_ops.kit import certificate, compose
from contravento_ops.kit.certificate import Certificate
from contravento_ops.kit.compose import Call, Project
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.release.facts import address_of_site

TAKEN_OVER_SECONDS = 60
STORED = 'cat "$(/opt/contravento/bin/certificate)/fullchain.pem"'


@dataclass(frozen=True, slots=True)
class Renewal:
    words: str
    seconds_until_served: float


def call(project: Project, *, force: bool) -> Call:
    forced = ("--force-renewal",) if force else ()
    words = ("certbot", "renew", *forced)
    return project.call("exec", "-T", "certbot", *words)


def first_call(project: Project) -> Call:
    """While there is only the self-signed one, there is nothing to renew."""
    return project.call("exec", "-T", "certbot", "python3", "/opt/contravento/keep.py", "--now")


def renew(project: Project, values: Mapping[str, str], *, force: bool) -> Renewal:
    """Raises CommandError where certbot fails, or nginx does not take the new one over in a
    minute."""
    made = call(project, force=force) if _has_one(project, values) else first_call(project)
    said = compose.run_well(made, timeout=600)
    address = address_of_site(project, values.get("DOMAIN", "localhost"))
    began = time.monotonic()
    while time.monotonic() - began < TAKEN_OVER_SECONDS:
        if certificate.served(address) == _stored(project):
            return Renewal(said, round(time.monotonic() - began, 1))
        time.sleep(1)
    raise CommandError(
        "nginx does not serve the certificate that is stored; see ./deploy.sh … logs nginx.",
        status=Exit.FAILED,
    )


def _has_one(project: Project, values: Mapping[str, str]) -> bool:
    file = f"/etc/letsencrypt/live/{values.get('DOMAIN', 'localhost')}/fullchain.pem"
    return compose.run(project.call("exec", "-T", "certbot", "test", "-s", file)).ok


def _stored(project: Project) -> Certificate:
    chain = compose.run_well(project.call("exec", "-T", "nginx", "sh", "-c", STORED))
    return certificate.read_pem(chain)
