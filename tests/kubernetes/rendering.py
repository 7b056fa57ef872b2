"""The overlays as `kubectl kustomize` renders them, with the Secrets that go beside."""

import subprocess
import sys
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from tools import kubernetes as written

from contravento_ops.environment.variables.table import VARIABLES
from contravento_ops.kit.paths import EnvironmentName
from contravento_ops.kubernetes import overlay, settings

ROOT = Path(__file__).parents[2]
HERE = ROOT / "deploy" / "kubernetes"
OVERLAYS: tuple[EnvironmentName, ...] = ("staging", "prod")
SECONDS = 60
MIGRATION = overlay.migration_of(written.wanted("prod"))

type Object = dict[str, Any]


def kustomize(folder: Path) -> str:
    done = subprocess.run(
        [*renderer(), str(folder)], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def renderer() -> list[str]:
    """kubectl, as the package of that name brings it, with its whole path."""
    return [str(Path(sys.executable).with_name("kubectl")), "kustomize"]


@cache
def _rendered(environment: EnvironmentName) -> tuple[Object, ...]:
    return tuple(yaml.safe_load_all(kustomize(HERE / "overlays" / environment)))


def rendered(environment: EnvironmentName) -> list[Object]:
    """Every object of a checked-in overlay, to be changed as one likes."""
    return deepcopy(list(_rendered(environment)))


def with_secrets(environment: EnvironmentName) -> list[Object]:
    """As in a cluster."""
    return [*rendered(environment), *settings.secrets(environment, values(environment))["items"]]


def values(environment: EnvironmentName) -> dict[str, str]:
    """Of the example, with a made-up value for every secret."""
    made = {name: f"{name.lower()}-1" for name, each in VARIABLES.items() if each.is_sensitive}
    for name in ("DATABASE_URL", "REDIS_URL"):
        del made[name]
    return {
        **made,
        **written.values(environment),
        **{name: f"{name.lower()}-1" for name, each in VARIABLES.items() if each.is_secret},
    }


def name_of(each: Object) -> str:
    return f"{each['kind']}/{each['metadata']['name']}"


def pod_of(each: Object) -> Object | None:
    """The template of the pods that an object makes, if it makes any."""
    spec = each.get("spec", {})
    if each["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    return spec.get("template") if each["kind"] in WORKLOADS else None


WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")
