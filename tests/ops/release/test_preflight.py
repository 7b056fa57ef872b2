"""Which releases are refused before anything is touched."""

import json

from contravento_ops.release import preflight
from contravento_ops.release.preflight import Migrations, Pending

HERE = Migrations("r2", "r2", is_known=True, pending=(), works_with=("r2", "r1"))
COMPATIBLE = Pending("r3", "Add a column", is_compatible=True)
BREAKING = Pending("r4", "Drop a column", is_compatible=False)


def newer(*pending: Pending) -> Migrations:
    return Migrations("r2", "r4", is_known=True, pending=pending, works_with=("r2",))


def older(*, works_with: tuple[str, ...]) -> Migrations:
    return Migrations("r3", "r2", is_known=False, pending=(), works_with=works_with)


def test_no_migration_or_compatible_ones_are_let_through() -> None:
    assert preflight.judge(HERE, is_serving=True, going_back=False) is None
    assert preflight.judge(newer(COMPATIBLE), is_serving=True, going_back=False) is None


def test_a_migration_that_the_running_code_cannot_bear_is_refused_by_name() -> None:
    refused = preflight.judge(newer(COMPATIBLE, BREAKING), is_serving=True, going_back=False)

    assert refused
    assert "r4 (Drop a column)" in refused
    assert "r3" not in refused


def test_where_nothing_runs_any_migration_may() -> None:
    assert preflight.judge(newer(BREAKING), is_serving=False, going_back=False) is None


def test_a_downgrade_is_refused() -> None:
    refused = preflight.judge(older(works_with=("r3",)), is_serving=True, going_back=False)

    assert refused
    assert "older than the database" in refused


def test_a_rollback_to_what_still_works_is_let_through_and_only_when_it_is_said() -> None:
    found = older(works_with=("r3", "r2"))

    assert preflight.judge(found, is_serving=True, going_back=True) is None
    assert "say rollback" in str(preflight.judge(found, is_serving=True, going_back=False))


def test_a_rollback_to_what_does_not_work_is_refused() -> None:
    assert preflight.judge(older(works_with=("r3",)), is_serving=True, going_back=True)


def test_the_plan_is_found_among_other_words() -> None:
    told = {
        "current": "r2",
        "head": "r4",
        "is_known": True,
        "works_with": ["r2"],
        "pending": [{"revision": "r4", "title": "Drop", "is_compatible": False}],
    }

    found = preflight.read(f"Container starting\n{json.dumps(told)}\n")

    assert found
    assert found.pending == (Pending("r4", "Drop", is_compatible=False),)
    assert preflight.read("no such command") is None
    assert preflight.read('{"other": 1}') is None
