"""roll-out keeps the order: migrations, then workers, then web; it stops where one fails.

Overlays are really rendered; the cluster is a script that writes down what it is told.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.kubernetes.rendering import HERE, MIGRATION, kustomize

KUBECTL = """\
#!/bin/sh
case $1 in
kustomize) cat "$FAKE/rendered"; exit ;;
esac
echo "$*" | sed 's#-f [^ ]*#-f FILE#' >>"$FAKE/told"
case "$1 $2" in
"get --namespace") echo "$MIGRATION" ;;
"rollout status") case "$*" in *"deployment/$STUCK") exit 1 ;; esac ;;
esac
"""
SETTINGS = "apply -f FILE -l app.kubernetes.io/name notin (web, worker)"
ASKED = (
    f"get --namespace contravento job/{MIGRATION}"
    ' -o jsonpath={.status.conditions[?(@.status=="True")].type}'
)
WORKER = "apply -f FILE -l app.kubernetes.io/name=worker"
WEB = "apply -f FILE -l app.kubernetes.io/name=web"


def status(name: str) -> str:
    return f"rollout status --namespace contravento --timeout=900s deployment/{name}"


@dataclass(frozen=True)
class Ended:
    status: int
    said: str
    told: list[str]


def roll_out(
    folder: Path,
    *,
    overlay: Path = HERE / "overlays" / "prod",
    migration: str = "Complete",
    stuck: str = "nobody",
) -> Ended:
    (folder / "rendered").write_text(kustomize(overlay))
    (folder / "kubectl").write_text(KUBECTL)
    (folder / "kubectl").chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    told = {"FAKE": str(folder), "MIGRATION": migration, "STUCK": stuck, "PATH": path}
    done = subprocess.run(
        [shutil.which("bash") or "bash", HERE / "roll-out", overlay],
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ended(done.returncode, done.stderr, (folder / "told").read_text().splitlines())


def test_a_release_comes_step_by_step(tmp_path: Path) -> None:
    ended = roll_out(tmp_path)

    assert ended.status == 0
    assert ended.told == [SETTINGS, ASKED, WORKER, status("worker"), WEB, status("web")]


def test_an_overlay_over_ours_is_rolled_out_like_ours(tmp_path: Path) -> None:
    """Whatever its own kustomization says: what counts is what is rendered."""
    above = tmp_path / "above"
    above.mkdir()
    ours = os.path.relpath(HERE / "overlays" / "prod", above)
    (above / "kustomization.yaml").write_text(f"namespace: diary\nresources: [{ours}]\n")

    ended = roll_out(tmp_path, overlay=above)

    assert ended.told[1].startswith(f"get --namespace diary job/{MIGRATION} ")
    assert ended.status == 0


@pytest.mark.parametrize("condition", ["Failed", "FailureTarget Failed"])
def test_nothing_is_replaced_when_the_migration_fails(tmp_path: Path, condition: str) -> None:
    ended = roll_out(tmp_path, migration=condition)

    assert ended.status == 1
    assert ended.told[:2] == [SETTINGS, ASKED]
    assert ended.told[2].startswith("logs ")
    assert len(ended.told) == 3
    assert "goes on serving" in ended.said


def test_web_stays_as_it_is_when_workers_do_not_become_ready(tmp_path: Path) -> None:
    ended = roll_out(tmp_path, stuck="worker")

    assert ended.status == 1
    assert ended.told[-2:] == [
        status("worker"),
        "rollout undo --namespace contravento deployment/worker",
    ]


def test_web_goes_back_when_it_does_not_become_ready(tmp_path: Path) -> None:
    ended = roll_out(tmp_path, stuck="web")

    assert ended.told[-1] == "rollout undo --namespace contravento deployment/web"
    assert "pods of web did not become ready" in ended.said
