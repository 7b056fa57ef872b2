"""Writes what Kubernetes' manifests share with Compose: `make kubernetes`. A test compares.

Rules, roles and Redis' configuration are Compose's own; the overlays are those that
`./deploy.sh staging kubernetes` writes from the example of the environment file.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

from contravento_ops.environment import examples
from contravento_ops.environment.variables.table import VARIABLES
from contravento_ops.kit.paths import EnvironmentName
from contravento_ops.kubernetes import overlay
from contravento_ops.kubernetes.settings import DATABASE

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "deploy" / "kubernetes"
RULES = ROOT / "monitoring" / "prometheus" / "rules"
ROLES = ROOT / "deploy" / "postgres" / "roles.sh"
REDIS = ("redis.conf", "start.sh")
ENVIRONMENTS: tuple[EnvironmentName, ...] = ("staging", "prod")
WRITTEN = "Written by `make kubernetes`."

# Alerts that ask for what is not there in a cluster, and who asks for it there instead.
OF_THE_NODES = "the nodes and their containers are watched by whoever runs the cluster"
BY_OTHERS = "backups are CloudNativePG's here: BackupOld"
LEFT_OUT = {
    "TargetMissing": "names Compose's targets; there is one of the same name for ours",
    "MetricsAbsent": "names figures of Compose's targets",
    "AlertNotificationsFailing": "the cluster's Alertmanager has its own",
    "Watchdog": "the cluster's Prometheus has its own",
    "SiteUnreachable": "needs a blackbox exporter; an Ingress does not tell where it listens",
    "CertificateNearEnd": "asks nginx; there is one of the same name for cert-manager",
    "SecretOld": "Secrets of a cluster do not say when a password was made",
    "BackupNotProven": BY_OTHERS,
    "BackupDrillFailed": BY_OTHERS,
    "BackupWalGrowing": BY_OTHERS,
    "BackupOffsiteBehind": BY_OTHERS,
    "HostMemoryHigh": OF_THE_NODES,
    "DiskSpaceLow": OF_THE_NODES,
    "DiskFillsSoon": OF_THE_NODES,
    "ContainerMemoryHigh": OF_THE_NODES,
    "ContainerKilledForMemory": OF_THE_NODES,
    "ContainerRestarting": OF_THE_NODES,
    "ContainerUnhealthy": OF_THE_NODES,
}
# What an example cannot suggest, since Compose needs none of it.
SUGGESTED = {
    "BACKUP_S3_ENDPOINT": "https://s3.example.org",
    "BACKUP_S3_BUCKET": "contravento-backups",
}


def files() -> dict[Path, str]:
    """Every such file with what it should hold."""
    found = {
        HERE / "base" / "rules.yaml": rules(),
        HERE / "database" / "roles.sql": roles(),
    }
    for name in REDIS:
        source = ROOT / "deploy" / "redis" / name
        found[HERE / "base" / "configuration" / name] = source.read_text()
    for environment in ENVIRONMENTS:
        folder = HERE / "overlays" / environment
        for name, content in overlay.files(wanted(environment)).items():
            found[folder / name] = content
    return found


def wanted(environment: EnvironmentName) -> overlay.OverlayRequest:
    """What somebody would ask for who left the example as it is."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return overlay.OverlayRequest(
        environment,
        values(environment),
        f"registry.example.org/contravento:{version}",
        "../..",
    )


def values(environment: EnvironmentName) -> dict[str, str]:
    """As the example suggests them; secrets are placeholders, which no overlay shows."""
    all_ = {name: examples.suggested(each, environment) for name, each in VARIABLES.items()}
    storage = {"STORAGE_URL": f"s3://contravento-{environment}"}
    return {name: value for name, value in all_.items() if value} | SUGGESTED | storage


def rules() -> str:
    """All groups with what stays of them, and those of a cluster."""
    own = HERE / "rules-here.yml"
    shared = [path for path in sorted(RULES.glob("*.yml")) if not path.name.startswith("own-")]
    groups = [group for path in shared for group in _kept(path)]
    written = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "contravento"},
        "spec": {"groups": groups + yaml.safe_load(own.read_text())["groups"]},
    }
    return f"# {WRITTEN}\n{yaml.dump(written, Dumper=_Dumper, sort_keys=False, width=110)}"


def _kept(path: Path) -> list[dict[str, Any]]:
    found = []
    for group in yaml.safe_load(path.read_text())["groups"]:
        kept = [rule for rule in group["rules"] if rule.get("alert") not in LEFT_OUT]
        if kept:
            found.append({**group, "rules": kept})
    return found


class _Dumper(yaml.SafeDumper):
    """Several lines as several lines; nothing by reference."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _lines(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _lines)


def roles() -> str:
    """Those statements of roles.sh that set no password and ask psql for nothing."""
    said = ROLES.read_text().partition("<<'SQL'\n")[2].rpartition("\nSQL")[0]
    without = re.sub(r"^\\.*|--.*", "", said, flags=re.M)
    kept = [
        part.strip()
        for part in without.replace(':"database"', f'"{DATABASE}"').split(";")
        if part.strip() and not re.search(r"PASSWORD|\\gexec|^\s*SET ", part)
    ]
    head = f"-- {WRITTEN} Passwords, and who may sign in, are CloudNativePG's.\n"
    return head + MADE + "".join(f"{each};\n" for each in kept)


MADE = """\
DO $$
DECLARE role text;
BEGIN
    FOREACH role IN ARRAY ARRAY[
        'contravento_owner', 'contravento_app', 'contravento_app_2', 'contravento_monitor'
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I', role);
        END IF;
    END LOOP;
END $$;
"""


if __name__ == "__main__":
    for path, content in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
