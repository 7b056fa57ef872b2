"""Each secret has its way: in which steps, and with what in the file."""

from pathlib import Path
from types import MappingProxyType

import pytest

from contravento.kit.security.tokens import Signer
from contravento.kit.settings import Settings
from contravento_ops.commands import rotate
from contravento_ops.environment import file as env_files, secret_ages
from contravento_ops.environment.urls import take_apart
from contravento_ops.environment.variables.table import VARIABLES
from contravento_ops.kit import compose
from contravento_ops.kit.compose import Call, Done, Project
from contravento_ops.kit.errors import CommandError, StepFailed
from contravento_ops.kit.paths import EnvironmentPaths
from contravento_ops.rotation import database, signing
from contravento_ops.rotation.database import OneRole, TwoRoles
from contravento_ops.rotation.services import Redis
from contravento_ops.rotation.signing import Signing
from contravento_ops.rotation.strategy import RotationRequest, Typed, Values
from tests.ops.making import make_file

NEW = "N" + "ew0-" * 20


@pytest.fixture
def values(tmp_path: Path) -> Values:
    found = env_files.read(make_file(tmp_path))
    assert found
    return MappingProxyType(found.values)


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was called, and what it was told; each answers that all is well."""
    found: list[tuple[str, str]] = []

    def run(call: Call, *, timeout: float = 0, said_to_it: str | None = None) -> Done:
        found.append((str(call), said_to_it or ""))
        return Done(0, "OK\n", "")

    monkeypatch.setattr(compose, "compose_command", lambda: ("docker", "compose"))
    monkeypatch.setattr(compose, "run", run)
    return found


def request(values: Values, name: str, **more: str) -> RotationRequest:
    return RotationRequest(
        Project(EnvironmentPaths(Path("/srv/diary"), "staging")),
        {**values, **more},
        name,
        {name: NEW},
    )


def test_every_secret_has_a_way(values: Values) -> None:
    for name in secret_ages.SECRETS:
        strategy = rotate.strategy_for(request(values, name))
        is_ours = VARIABLES[name].is_secret
        assert isinstance(strategy, Typed) != is_ours, name


def test_both_keys_are_known_before_either_is_used_alone(values: Values) -> None:
    old = values["SECRET_KEY"]

    learn, sign, forget = Signing(request(values, "SECRET_KEY")).phases()

    assert learn.values == {"SECRET_KEY_PREVIOUS": NEW}
    assert sign.values == {"SECRET_KEY": NEW, "SECRET_KEY_PREVIOUS": old}
    assert forget.values == {"SECRET_KEY_PREVIOUS": ""}
    assert forget.after_seconds > 15 * 60
    assert learn.after_seconds == sign.after_seconds == 0


def test_a_key_that_leaked_is_forgotten_at_once_and_one_may_be_left_for_later(
    values: Values,
) -> None:
    subject = request(values, "SECRET_KEY")

    assert Signing(subject, waits=False).phases()[-1].after_seconds == 0
    assert len(Signing(subject, forgets=False).phases()) == 2


def test_a_key_is_not_replaced_again_while_tokens_of_the_one_before_are_good(
    values: Values,
) -> None:
    subject = request(values, "SECRET_KEY", SECRET_KEY_PREVIOUS="b" * 96)

    with pytest.raises(CommandError, match="signed out"):
        rotate.strategy_for(subject)
    long_ago = {secret_ages.VARIABLE: "SECRET_KEY:1700000000"}
    rotate.strategy_for(request({**subject.values, **long_ago}, "SECRET_KEY"))


def test_a_token_of_ours_is_one_that_the_application_takes() -> None:
    secret, other = "Lq8-wPz4_tXv2Rk9" * 6, "Zx7_mNb3-vCq9Ld5" * 6

    def reader(current: str) -> Signer:
        return Signer(
            Settings.model_validate(
                {
                    "secret_key": current,
                    "database_url": "postgresql://r@h/d",
                    "smtp_host": "mail",
                    "smtp_from": "diary@velo.test",
                }
            )
        )

    token = signing.signed({"sub": "rider", "sid": "device"}, secret)

    assert (reader(secret).read(token) or {})["sub"] == "rider"
    assert reader(other).read(token) is None


def test_the_role_that_rests_takes_over(values: Values, called: list[tuple[str, str]]) -> None:
    strategy = TwoRoles(request(values, "POSTGRES_APP_PASSWORD"))

    strategy.open()
    (phase,) = strategy.phases()
    strategy.close()

    told = [said for _, said in called]
    assert told[0] == f"ALTER ROLE \"contravento_app_2\" PASSWORD '{NEW}';\n"
    assert told[1] == 'ALTER ROLE "contravento_app" PASSWORD NULL;\n'
    assert "pg_terminate_backend" in told[2]
    assert phase.values["POSTGRES_APP_ROLE"] == "contravento_app_2"
    address = take_apart(phase.values["DATABASE_URL"])
    assert (address.user, address.password) == ("contravento_app_2", NEW)


def test_the_replica_is_signed_in_to_as_the_database_is(values: Values) -> None:
    """Its roles are the database's: it follows in that, too."""
    url = "postgresql://contravento_app:old@replica.velo.test:6432/diary?ssl=verify-full"
    replica = {"DATABASE_REPLICA_URL": url}
    (phase,) = TwoRoles(request(values, "POSTGRES_APP_PASSWORD", **replica)).phases()

    assert phase.values["DATABASE_REPLICA_URL"] == (
        f"postgresql://contravento_app_2:{NEW}@replica.velo.test:6432/diary?ssl=verify-full"
    )


def test_somebody_of_the_replicas_own_stays(values: Values) -> None:
    replica = {"DATABASE_REPLICA_URL": "postgresql://reader:x@replica.velo.test/diary"}
    (phase,) = TwoRoles(request(values, "POSTGRES_APP_PASSWORD", **replica)).phases()

    assert phase.values["DATABASE_REPLICA_URL"] == replica["DATABASE_REPLICA_URL"]


def test_the_next_time_it_is_the_other_way_round(values: Values) -> None:
    strategy = TwoRoles(
        request(values, "POSTGRES_APP_PASSWORD", POSTGRES_APP_ROLE="contravento_app_2")
    )

    assert strategy.phases()[0].values["POSTGRES_APP_ROLE"] == "contravento_app"


def test_an_address_that_is_not_in_the_file_is_not_put_there(values: Values) -> None:
    without = {name: value for name, value in values.items() if name != "DATABASE_URL"}

    assert (
        "DATABASE_URL" not in TwoRoles(request(without, "POSTGRES_APP_PASSWORD")).phases()[0].values
    )


def test_no_secret_is_among_the_words_of_a_call(
    values: Values, called: list[tuple[str, str]]
) -> None:
    for name in ("POSTGRES_APP_PASSWORD", "POSTGRES_PASSWORD", "REDIS_PASSWORD"):
        strategy = rotate.strategy_for(request(values, name))
        strategy.open()
        strategy.shut()

    assert called
    assert not [words for words, _ in called if NEW in words or values["REDIS_PASSWORD"] in words]


def test_redis_takes_both_until_the_old_container_goes(
    values: Values, called: list[tuple[str, str]]
) -> None:
    strategy = Redis(request(values, "REDIS_PASSWORD"))

    strategy.open()
    strategy.shut()

    assert [said for _, said in called] == [
        f'ACL SETUSER default ">{NEW}"\n',
        f'ACL SETUSER default "<{NEW}"\n',
    ]


def test_an_old_password_that_is_still_taken_is_no_proof(
    values: Values, called: list[tuple[str, str]]
) -> None:
    """Every answer is that all is well, also to the old password."""
    with pytest.raises(StepFailed, match="still lets contravento_owner in"):
        OneRole(request(values, "POSTGRES_OWNER_PASSWORD"), "contravento_owner").prove()
    with pytest.raises(StepFailed, match="still takes"):
        Redis(request(values, "REDIS_PASSWORD")).prove()


def test_a_quote_in_a_password_ends_no_statement() -> None:
    assert database.literal("o'; DROP TABLE riders; --") == "'o''; DROP TABLE riders; --'"
