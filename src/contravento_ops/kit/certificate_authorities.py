"""Whose certificates are believed."""

import ssl
from collections.abc import Mapping

from contravento_ops.kit.check_result import Inconclusive
from contravento_ops.kit.compose import Project


def trusted(project: Project, values: Mapping[str, str]) -> ssl.SSLContext:
    """This host's authorities, and the private one of `ACME_CA_BUNDLE`, found as Compose does."""
    context = ssl.create_default_context()
    if bundle := values.get("ACME_CA_BUNDLE"):
        try:
            context.load_verify_locations(cafile=project.paths.root / bundle)
        except OSError as error:
            raise Inconclusive(f"ACME_CA_BUNDLE holds no certificate to trust: {error}") from error
    return context
