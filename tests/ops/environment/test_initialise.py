"""Making environment files: every secret made, nothing ever overwritten."""

import re
import stat
from pathlib import Path
from urllib.parse import quote

import pytest

from contravento_ops.environment import file, initialise, secrets
from contravento_ops.environment.variables.table import VARIABLES, Variable
from contravento_ops.kit.paths import ENVIRONMENTS, EnvironmentName, EnvironmentPaths
from tests.ops.making import OWN, make_file, spoil, value_in

LENGTHS = {
    "staging": {
        "SECRET_KEY": 96,
        "POSTGRES_PASSWORD": 32,
        "REDIS_PASSWORD": 24,
        "GRAFANA_ADMIN_PASSWORD": 16,
        "POSTGRES_OWNER_PASSWORD": 32,
    },
    "prod": {
        "SECRET_KEY": 128,
        "POSTGRES_PASSWORD": 48,
        "REDIS_PASSWORD": 48,
        "GRAFANA_ADMIN_PASSWORD": 48,
        "POSTGRES_APP_PASSWORD": 48,
    },
}


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_secrets_have_their_lengths_and_are_safe_in_urls(
    tmp_path: Path, environment: EnvironmentName
) -> None:
    path = make_file(tmp_path, environment)

    for name, length in LENGTHS[environment].items():
        assert re.fullmatch(rf"[A-Za-z0-9_-]{{{length}}}", value_in(path, name))


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    assert stat.S_IMODE(make_file(tmp_path).stat().st_mode) == 0o600


def test_nothing_that_is_there_changes(tmp_path: Path) -> None:
    path = make_file(tmp_path)
    before = path.read_text()

    outcome = initialise.initialise(
        EnvironmentPaths(tmp_path, "staging"), {"DOMAIN": "x.test"}, _never
    )

    assert path.read_text() == before
    assert outcome == initialise.Outcome(created=False, added=())


def test_after_an_upgrade_only_what_is_missing_is_added(tmp_path: Path) -> None:
    path = make_file(tmp_path)
    spoil(path, "POSTGRES_MONITOR_PASSWORD", "# it came later")
    before = path.read_text()

    outcome = initialise.initialise(EnvironmentPaths(tmp_path, "staging"), {}, _never)

    assert outcome.added == ("POSTGRES_MONITOR_PASSWORD",)
    assert path.read_text().startswith(before)
    assert len(value_in(path, "POSTGRES_MONITOR_PASSWORD")) == 32


def test_passwords_of_a_hosts_own_are_encoded_in_urls(tmp_path: Path) -> None:
    own = "kY7/Wd2+Vt9=Lq4@Pz8#Rm3%Xs6&Jn5!"
    path = make_file(tmp_path, POSTGRES_APP_PASSWORD=own, REDIS_PASSWORD=own[::-1])

    assert quote(own, safe="") in value_in(path, "DATABASE_URL")
    assert value_in(path, "REDIS_URL") == f"redis://:{quote(own[::-1], safe='')}@redis:6379/1"


def test_what_is_asked_is_the_domain_and_the_mail_settings(tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(variable: Variable, suggestion: str) -> str:
        asked.append(variable.name)
        return OWN.get(variable.name, suggestion)

    initialise.initialise(EnvironmentPaths(tmp_path, "staging"), {}, ask)

    assert asked == [
        "DOMAIN",
        "SMTP_HOST",
        "SMTP_PORT",
        "SMTP_USER",
        "SMTP_PASSWORD",
        "SMTP_FROM",
        "MAIL_ALLOW_LIST",
        "ACME_EMAIL",
    ]


def test_production_is_not_asked_who_may_be_written_to(tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(variable: Variable, suggestion: str) -> str:
        asked.append(variable.name)
        return "x"

    initialise.initialise(EnvironmentPaths(tmp_path, "prod"), {}, ask)

    assert "MAIL_ALLOW_LIST" not in asked
    assert "SMTP_USER" in asked


def test_dev_asks_nothing(tmp_path: Path) -> None:
    initialise.initialise(EnvironmentPaths(tmp_path, "dev"), {}, _never)

    assert value_in(tmp_path / ".env.dev", "DOMAIN") == "localhost"


def test_secrets_differ_and_never_look_like_placeholders_or_options() -> None:
    made = [secrets.make(16) for _ in range(2000)]

    assert len(set(made)) == len(made)
    assert not [each for each in made if secrets.is_placeholder(each) or each[0] in "-_"]


def test_no_secret_that_we_make_is_called_weak() -> None:
    for least in {
        length for variable in VARIABLES.values() for length in variable.lengths.values()
    }:
        assert not [
            each for _ in range(500) if (each := secrets.weakness(secrets.make(least), least))
        ]


def test_one_name_can_be_set_without_touching_the_rest(tmp_path: Path) -> None:
    path = make_file(tmp_path)
    before = path.read_text()

    file.put(path, "TAG", "1f3c5a7")
    file.put(path, "TAG", "2b4d6e8")

    assert path.read_text() == before + "TAG=2b4d6e8\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def _never(variable: Variable, suggestion: str) -> str:
    raise AssertionError(f"asked for {variable.name}")


def test_each_environment_gets_secrets_of_its_own(tmp_path: Path) -> None:
    keys = {
        value_in(make_file(tmp_path, environment), "SECRET_KEY") for environment in ENVIRONMENTS
    }

    assert len(keys) == 3
