"""One load from beginning to end: a rider to ask as, k6, and its figures."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contravento_ops.kit.compose import Call, Project
from contravento_ops.load import k6, results, target as load_target
from contravento_ops.load.k6 import Profile, Target
from contravento_ops.load.results import Result
from contravento_ops.load.sizing import Now
from contravento_ops.release.probe_rider import a_probe

STEP_SECONDS = 15
UNITS = {"s": 1, "m": 60}
DURATION = re.compile(r"([1-9]\d*)([sm])")


def plan(root: Path, target: Target, file: Path, profile: Profile, duration: str) -> Call:
    words = ["--env", f"PROFILE={profile}"]
    if duration:
        words += ["--env", f"DURATION={duration}"]
    return k6.call(root, target, file, tuple(words))


def run(project: Project, values: Mapping[str, str], *, profile: Profile, duration: str) -> Result:
    """Raises Refusal where it could not be run at all."""
    file = results_file(project)
    with a_probe(project) as probe:
        made = plan(
            project.paths.root, load_target.target(project, values, probe), file, profile, duration
        )
        summary = k6.run(made, file)
    return results.read(summary, step_seconds=seconds(duration))


def results_file(project: Project) -> Path:
    return project.paths.memory / "load" / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}.json"


def is_duration(written: str) -> bool:
    return bool(DURATION.fullmatch(written))


def seconds(duration: str) -> float:
    """Of one step; `30s` or `5m`."""
    found = DURATION.fullmatch(duration)
    return int(found[1]) * UNITS[found[2]] if found else STEP_SECONDS


def as_json(result: Result, now: Now) -> dict[str, Any]:
    found = results.knee(result.steps)
    return {
        "is_good": result.is_good,
        **asdict(result),
        "knee": asdict(found) if found else None,
        "connections": {"needed": now.needed, "usable": now.usable},
    }
