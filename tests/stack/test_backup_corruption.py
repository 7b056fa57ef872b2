"""The table of mishaps: each is found, says so to Prometheus, and harms nothing that is whole."""

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.stack.backups import ask, firing, proven
from tests.stack.deployment import Deployment
from tests.stack.mishaps import Mishap, mishaps
from tests.stack.spoiling import put_back

pytestmark = pytest.mark.stack

# What the server does by itself meanwhile.
RESTLESS = (
    "public.procrastinate_",
    "public.operation_reports",
    "public.mishaps",
    "public.holdings",
)
AT_REST_MINUTES = 10


type Row = tuple[str, str, str, str]


@pytest.fixture(scope="module")
def table(request: pytest.FixtureRequest) -> Iterator[list[Row]]:
    """Shown when all of it was tried."""
    rows: list[Row] = []
    yield rows
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        sys.stdout.write("\n" + "".join(f"  {line}\n" for line in lines))


def test_nothing_fires_while_all_is_well(backed_up: Deployment) -> None:
    assert firing(backed_up, AT_REST_MINUTES) == frozenset()


@pytest.mark.parametrize("mishap", mishaps(), ids=str)
def test_a_mishap_is_found_and_harms_nothing(
    backed_up: Deployment, mishap: Mishap, table: list[Row]
) -> None:
    live, whole, begun = content(backed_up), proven(backed_up)[:-1], time.monotonic()
    assert whole, "an older set is there to be kept"
    with put_back(backed_up, "state.json"), mishap.happens(backed_up) as said:
        found = firing(backed_up, mishap.minutes, environment=mishap.environment)
        assert mishap.alert in (found or {""})
        assert set(whole) <= set(proven(backed_up))
        assert backed_up.answers()
    assert content(backed_up) == live
    seconds = f"{time.monotonic() - begun:.0f} s"
    table.append((mishap.name, said, mishap.alert or "no alert: nothing is missing", seconds))


def content(deployment: Deployment) -> dict[str, Any]:
    """What the live database holds, but for what the server writes by itself."""
    tables = json.loads(ask(deployment, "fingerprint").stdout)["tables"]
    return {name: each for name, each in tables.items() if not name.startswith(RESTLESS)}
