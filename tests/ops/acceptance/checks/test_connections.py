"""How many connections there were at once while the backends of now served; Prometheus' own tool
computes it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contravento_ops.acceptance.checks import database
from tests.monitoring.conftest import promtool_in

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HELD = "95x300 8x1000"  # an experiment holds them for an hour and a quarter
EXPORTER = 'instance="postgres-exporter:9187"'


def series(database_name: str, values: str) -> dict[str, str]:
    name = f'pg_stat_database_numbackends{{datname="{database_name}",{EXPORTER}}}'
    return {"series": name, "values": values}


@pytest.mark.parametrize(
    ("given", "seconds", "most"),
    [
        ([series("diary", HELD), series("postgres", "4x1400")], 3600, 12),
        ([series("diary", HELD), series("postgres", "4x1400")], 3 * 3600, 99),
        ([series("diary", "3x670 40 3x1000")], 3600, 40),
        ([], 3600, 0),
    ],
)
def test_only_what_was_since_the_backends_began_is_looked_at(
    tmp_path: Path, given: list[dict[str, str]], seconds: int, most: int
) -> None:
    case = {
        "interval": "15s",
        "input_series": given,
        "promql_expr_test": [
            {
                "expr": database.most_connections(seconds),
                "eval_time": "3h",
                "exp_samples": [{"labels": "{}", "value": most}],
            }
        ],
    }
    (tmp_path / "case.json").write_text(json.dumps({"tests": [case]}))  # YAML holds JSON
    tmp_path.chmod(0o755)

    promtool_in(tmp_path)("test", "rules", "case.json")


@pytest.mark.parametrize(
    ("ago", "seconds"),
    [
        (timedelta(hours=2), 7200),
        (timedelta(days=3), 86_400),
        (timedelta(milliseconds=3), 1),
        (timedelta(seconds=-2), 1),  # the engine's clock is ahead
    ],
)
def test_nobody_looks_back_further_than_a_day(ago: timedelta, seconds: int) -> None:
    assert database.serving_seconds(NOW - ago, NOW) == seconds
