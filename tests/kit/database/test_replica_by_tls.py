"""A replica that is not who it says is not read, and no reason not to start."""

from pathlib import Path

import pytest

from contravento.cli.bootstrap import begin_with_database
from contravento.kit.database.replica import ReplicaState
from contravento.kit.settings import SettingsError
from tests.conftest import SECRET
from tests.kit.database.test_replica import watched
from tests.kit.database.test_tls_check import door
from tests.support.replication import Standby
from tests.support.tls import Authority, make_authority

HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"), "ours")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("stranger"), "theirs")


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch, own_database: str, tmp_path: Path) -> pytest.MonkeyPatch:
    """The environment of a program, but for the replica."""
    given = {
        "APP_ENV": "local",
        "DATABASE_URL": own_database,
        "SECRET_KEY": SECRET,
        "MAIL_FOLDER": str(tmp_path),
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


async def test_one_that_is_who_it_says_is_read(
    own_database: str, follower: Standby, authority: Authority, tmp_path: Path
) -> None:
    with door(follower.url(own_database), authority.issue(HOST), authority.file) as url:
        async with watched(own_database, url, tmp_path) as pair:
            await pair.is_read_again()


async def test_any_other_is_not(
    own_database: str,
    follower: Standby,
    authority: Authority,
    stranger: Authority,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with door(follower.url(own_database), stranger.issue(HOST), authority.file) as url:
        async with watched(own_database, url, tmp_path) as pair:
            await pair.is_told_of(caplog)
            assert pair.replica.state is ReplicaState.AWAY
            assert await pair.read() is None
    assert "the replica is away: it does not answer (SSLCertVerificationError)" in caplog.text


def test_programs_start_and_warn_of_it(
    own_database: str,
    follower: Standby,
    authority: Authority,
    stranger: Authority,
    begun: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with door(follower.url(own_database), stranger.issue(HOST), authority.file) as url:
        begun.setenv("DATABASE_REPLICA_URL", url)
        begin_with_database()
    told = capsys.readouterr()
    assert "DATABASE_REPLICA_URL names" in told.out + told.err
    assert "was not signed by an authority in" in told.out + told.err


def test_an_authority_that_cannot_be_read_is_a_wrong_setting(
    begun: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = f"postgresql://u@{HOST}:1/d?sslmode=verify-full&sslrootcert={tmp_path}/none.pem"
    begun.setenv("DATABASE_REPLICA_URL", url)
    with pytest.raises(SettingsError, match="DATABASE_REPLICA_URL: sslrootcert names"):
        begin_with_database()
