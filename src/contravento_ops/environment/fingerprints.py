"""What is known of an environment without its secrets: enough to see another name the same."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from contravento_ops.environment import secrets, urls
from contravento_ops.environment.variables.table import VARIABLES
from contravento_ops.kit.paths import ENVIRONMENTS, EnvironmentName

INTERNAL_HOST = "postgres"


@dataclass(frozen=True, slots=True)
class Fingerprints:
    secrets: frozenset[str] = frozenset()
    property: frozenset[str] = frozenset()

    @classmethod
    def of(cls, values: Mapping[str, str]) -> "Fingerprints":
        made = frozenset(
            secrets.fingerprint("secret", value)
            for name, value in values.items()
            if (variable := VARIABLES.get(name)) and variable.is_secret
        )
        return cls(made, frozenset(owned for _, owned, _ in _property_of(values)))

    def shared_with(self, values: Mapping[str, str]) -> dict[str, str]:
        """The names of variables that point at the same thing, and what thing it is."""
        return {
            name: words for name, owned, words in _property_of(values) if owned in self.property
        }


def _property_of(values: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """What nobody else may use: variable, fingerprint, words. Databases of a project's own
    container are told apart by their names."""
    found = []
    if domain := values.get("DOMAIN"):
        found.append(("DOMAIN", secrets.fingerprint("domain", domain.lower()), "domain"))
    if name := values.get("POSTGRES_DB"):
        owned = secrets.fingerprint("database", f"{INTERNAL_HOST}/{name}")
        found.append(("POSTGRES_DB", owned, "database"))
    for variable in ("DATABASE_URL", "DATABASE_REPLICA_URL"):
        if url := values.get(variable):
            parts = urls.take_apart(url)
            owned = secrets.fingerprint("database", f"{parts.host.lower()}/{parts.path}")
            found.append((variable, owned, "database"))
    for variable in ("STORAGE_URL", "STORAGE_FALLBACK_URL"):
        storage = values.get(variable, "")
        if storage.startswith("s3://"):
            bucket = storage.removeprefix("s3://").partition("/")[0]
            found.append((variable, secrets.fingerprint("bucket", bucket), "bucket"))
    return found


def read_all(folder: Path) -> dict[EnvironmentName, Fingerprints]:
    return {
        environment: Fingerprints(**{name: frozenset(each) for name, each in found.items()})
        for environment in ENVIRONMENTS
        if (file := folder / f"{environment}.json").exists()
        and (found := json.loads(file.read_text()))
    }


def write(file: Path, fingerprints: Fingerprints) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({k: sorted(v) for k, v in asdict(fingerprints).items()}) + "\n")
