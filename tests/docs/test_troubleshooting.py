"""Each symptom of the troubleshooting page is made to happen by a test, or shown by a command."""

import ast
import re

import pytest

from tests.docs.pages import ROOT, commands

PAGE = ROOT / "docs" / "guides" / "troubleshooting.md"
MISTAKES = "tests/ops/environment/test_validation.py::test_a_mistake_is_named_with_its_line"
BROKEN = "tests/stack/test_release_broken.py::"
HOST = "tests/ops/host/test_checks.py::"
CLOSED = HOST + "test_a_clone_that_only_its_owner_can_read_is_noticed"
PLANNING = "tests/migrations/test_planning.py::"
LIMITS = "tests/kit/security/test_rate_limit.py::"
ALLOWED = "tests/kit/telemetry/test_allow_list.py::"
OUTAGES = "tests/stack/test_healing.py::test_a_killed_service_heals_and_loses_nothing"

# What a row quotes, or its heading → the test that makes it happen.
REPRODUCED = {
    "There is no .env.staging yet": (
        "tests/ops/test_main.py::test_without_an_environment_file_it_says_how_to_make_one"
    ),
    "Line 12: SECRET_KEY still holds a placeholder": MISTAKES,
    "… is not set": MISTAKES,
    "… is no variable of ContraVento; write SMTP_HOST": MISTAKES,
    "… is also a secret of prod": (
        "tests/ops/environment/test_validation.py::test_a_secret_of_another_environment_is_refused"
    ),
    "… asks for (60 + 10) × 1 × (1 + 1) = 140 connections": MISTAKES,
    "ports: 80, 443 taken by another program": HOST + "test_a_check_says_what_it_found",
    "… can be read by their owner only": CLOSED,
    "dns: … has no address": HOST + "test_a_check_says_what_it_found",
    "disk: … GB free": HOST + "test_a_check_says_what_it_found",
    "dns: does not lead here": HOST + "test_another_server_behind_the_name_is_noticed",
    "… is at work on this environment": (
        "tests/ops/kit/test_state.py::test_a_second_command_is_told_who_is_at_work"
    ),
    "The release is refused: the running code does not work with the database after …": (
        BROKEN + "test_one_that_the_running_code_cannot_bear_is_refused_before_anything_is_touched"
    ),
    "The release is refused: it is older than …": (
        BROKEN + "test_a_downgrade_is_refused_and_a_rollback_to_what_still_works_is_not"
    ),
    "crashes at its start, with exit status …": (
        "tests/stack/test_core.py::test_a_release_that_crashes_at_boot_is_rolled_back"
    ),
    "is not healthy after … s": BROKEN + "test_one_that_never_becomes_healthy",
    "asked directly, … failed": BROKEN + "test_one_that_is_healthy_but_answers_500",
    "it is slow": BROKEN + "test_one_that_is_slow",
    "it leaks connections": BROKEN + "test_one_that_leaks_connections",
    "the migration failed: … waited 5 seconds for a lock": (
        BROKEN + "test_one_whose_migration_would_lock"
    ),
    "after the switch …": BROKEN + "test_one_whose_errors_only_riders_see",
    "database": OUTAGES,
    "migrations": PLANNING + "test_readiness_outlives_a_compatible_migration_only",
    "queue": OUTAGES,
    "storage": (
        "tests/test_files_on_s3.py::test_a_process_is_not_ready_before_its_bucket_has_answered"
    ),
    "replica": (
        "tests/http/test_replica_routing.py"
        "::test_being_ready_does_not_depend_on_the_replica_and_its_state_is_told"
    ),
    "disk": "tests/kit/storage/test_storage.py::test_a_full_disk_is_said_and_nothing_is_kept",
    "It went back after the switch": BROKEN + "test_one_whose_errors_only_riders_see",
    "The certificate is not issued": (
        "tests/deploy/test_certbot_keep.py::test_each_failed_trial_doubles_the_wait"
    ),
    "Pages say 503, 'Back in a moment'": OUTAGES,
    "Redis is gone": LIMITS + "test_with_redis_gone_each_process_counts_for_itself",
    "Nobody gets mail": (
        ALLOWED + "test_any_other_mail_is_held_back_and_logged_without_the_address"
    ),
    "The disk is full": (
        "tests/kit/storage/test_storage.py::test_a_full_disk_is_said_and_nothing_is_kept"
    ),
    "A migration waits for a lock": BROKEN + "test_one_whose_migration_would_lock",
    "Another command is at work": (
        "tests/ops/kit/test_state.py::test_a_second_command_is_told_who_is_at_work"
    ),
    "A service says Permission denied": (CLOSED),
}
# Shown by what is typed there, rather than made to happen.
TYPED = ("Memory is high", "Answers are slow")
NO_SYMPTOMS = (
    "deploy says no",
    "The new release was not taken (exit status 7)",
    "Asking for help",
)


def symptoms() -> list[str]:
    text = PAGE.read_text()
    rows = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
    return [*rows, *re.findall(r"^## (.+)$", text, re.MULTILINE)]


def test_every_symptom_is_reproduced() -> None:
    assert sorted(symptoms()) == sorted((*REPRODUCED, *TYPED, *NO_SYMPTOMS))


@pytest.mark.parametrize("test", sorted(set(REPRODUCED.values())))
def test_the_test_that_reproduces_it_is_there(test: str) -> None:
    file, _, name = test.partition("::")
    functions = [
        each.name
        for each in ast.walk(ast.parse((ROOT / file).read_text()))
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    ]

    assert name in functions


@pytest.mark.parametrize("section", TYPED)
def test_what_is_shown_by_a_command_has_one(section: str) -> None:
    assert any(command.section == section for command in commands(PAGE))
