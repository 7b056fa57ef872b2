"""Calling k6: from the PATH, from beside our own Python, or from its image.

k6 sends its figures to Prometheus while it runs, so that they stand beside the server's own of the
same moment. Whoever reaches Prometheus, this host and the containers beside it, may write, too.
"""

import json
import os
import shutil
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from contravento_ops.kit import compose
from contravento_ops.kit.compose import Call
from contravento_ops.kit.errors import CommandError, Exit

IMAGE = "grafana/k6:1.1.0"
SCRIPT = Path("scripts") / "load-tests" / "api-load.js"
THRESHOLDS_CROSSED = 99
MOST_SECONDS = 3600
MEASURED = "p(95),p(99),med"


class Profile(StrEnum):
    SMOKE = "smoke"
    REFERENCE = "reference"
    LOAD = "load"
    STRESS = "stress"
    SPIKE = "spike"
    SOAK = "soak"


@dataclass(frozen=True, slots=True)
class Target:
    """Where riders go, and how: what the script reads from its environment."""

    url: str
    resolve: str = ""
    ca_bundle: str = ""
    login: str = ""
    password: str = ""
    token: str = ""
    metrics_url: str = ""

    def environment(self) -> dict[str, str]:
        told = {
            "BASE_URL": self.url,
            "RESOLVE": self.resolve,
            "SSL_CERT_FILE": self.ca_bundle,
            "LOGIN": self.login,
            "PASSWORD": self.password,
            "TOKEN": self.token,
        }
        if self.metrics_url:
            told["K6_PROMETHEUS_RW_SERVER_URL"] = self.metrics_url
            told["K6_PROMETHEUS_RW_TREND_STATS"] = MEASURED
        return {name: value for name, value in told.items() if value}


def on_path() -> str | None:
    beside = Path(sys.executable).parent / "k6"
    return shutil.which("k6") or (str(beside) if beside.exists() else None)


def call(root: Path, target: Target, results: Path, words: tuple[str, ...]) -> Call:
    """One run; its summary goes to the file `results`. Nothing secret is among the words."""
    told = target.environment()
    out = ("--out", "experimental-prometheus-rw") if target.metrics_url else ()
    if program := on_path():
        line = ("--quiet", "--no-usage-report", "--summary-export", str(results))
        return Call((program, "run", *line, *out, *words, str(root / SCRIPT)), told)
    ca = ("--volume", f"{target.ca_bundle}:{target.ca_bundle}:ro") if target.ca_bundle else ()
    return Call(
        (
            *("docker", "run", "--rm", "--network", "host", *ca),
            *("--user", f"{os.getuid()}:{os.getgid()}"),
            *("--volume", f"{root / SCRIPT}:/load.js:ro"),
            *("--volume", f"{results.parent}:{results.parent}"),
            *(part for name in told for part in ("--env", name)),
            *(IMAGE, "run", "--quiet", "--no-usage-report", "--summary-export", str(results)),
            *(*out, *words, "/load.js"),
        ),
        told,
    )


def run(made: Call, results: Path) -> dict[str, Any]:
    """The summary, whether or not thresholds were crossed. Raises CommandError where k6 itself
    fails."""
    results.parent.mkdir(parents=True, exist_ok=True)
    done = compose.run(made, timeout=MOST_SECONDS)
    if done.status not in (0, THRESHOLDS_CROSSED) or not results.exists():
        raise CommandError(
            f"k6 could not run (it is taken from the PATH, or from the image {IMAGE}): {done.said}",
            status=Exit.FAILED,
        )
    found: dict[str, Any] = json.loads(results.read_text())
    found.pop("setup_data", None)  # it holds the token that riders wrote with
    results.write_text(json.dumps(found, indent=1))
    return found
