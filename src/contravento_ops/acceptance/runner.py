"""Judging boxes one after another, and cleaning up after all of them."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from contravento_ops.acceptance.context import CheckContext
from contravento_ops.acceptance.registry import Box
from contravento_ops.acceptance.verdict import Judged, Verdict
from contravento_ops.acceptance.waivers import Waiver
from contravento_ops.kit import state
from contravento_ops.kit.check_result import CheckFailed, Evidence, Inconclusive
from contravento_ops.kit.compose import Project
from contravento_ops.kit.errors import CommandError
from contravento_ops.release import facts

type Hear = Callable[[Judged], None]


def judge_all(
    project: Project,
    values: Mapping[str, str],
    boxes: Sequence[Box],
    waivers: Mapping[str, Waiver],
    hear: Hear,
    begin: Callable[[Box], None],
) -> Verdict:
    """Every box is judged, whatever became of those before it."""
    judged: list[Judged] = []
    with CheckContext(project, values) as context:
        release = _release(project)
        for box in boxes:
            begin(box)
            judged.append(_judge(box, context, waivers))
            hear(judged[-1])
        site = context.site.url
    return Verdict(project.paths.environment, site, release, tuple(judged), context.began)


def _judge(box: Box, context: CheckContext, waivers: Mapping[str, Waiver]) -> Judged:
    began = time.monotonic()
    judged = Judged(box, "green", Evidence(""), 0.0)
    try:
        judged = replace(judged, evidence=box.judge(context))
    except CheckFailed as problem:
        judged = replace(judged, outcome="red", evidence=problem.evidence)
    except (Inconclusive, CommandError) as problem:
        judged = replace(judged, outcome="unknown", evidence=Evidence(str(problem)))
    except Exception as error:  # noqa: BLE001  (one box must not keep the others from being judged)
        said = f"the box itself failed: {type(error).__name__}: {error}"
        judged = replace(judged, outcome="unknown", evidence=Evidence(said))
    waiver = waivers.get(box.name) if judged.outcome != "green" else None
    return replace(judged, seconds=time.monotonic() - began, waiver=waiver)


def _release(project: Project) -> dict[str, object]:
    """What serves, as the host remembers it, and what the database is at."""
    current = state.read(project.paths.state).current
    told: dict[str, object] = asdict(current) if current else {}
    return {**told, "migration": facts.migration_of(project)}


def folder_for(paths: Path) -> Path:
    """Of this check's report, beside those before it."""
    made = paths / "checks" / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    made.mkdir(parents=True, exist_ok=True)
    return made
