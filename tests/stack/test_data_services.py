"""PostgreSQL and Redis as the manual has them, asked about themselves."""

import pytest

from tests.stack.deployment import DOMAIN, Deployment
from tests.stack.riders import at_the_door, sign_up

pytestmark = pytest.mark.stack

SETTINGS = {
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "maintenance_work_mem": "64MB",
    "checkpoint_completion_target": "0.9",
    "data_checksums": "on",
    "shared_preload_libraries": "pg_stat_statements",
    "log_min_duration_statement": "1s",
    "password_encryption": "scram-sha-256",
}
APP, OWNER, MONITOR = "contravento_app", "contravento_owner", "contravento_monitor"
WORDS = "('zapato'), ('ñandú'), ('nube'), ('Ávila'), ('avión'), ('Zug'), ('ärgern')"


@pytest.mark.parametrize(("name", "value"), SETTINGS.items())
def test_a_setting_is_as_the_manual_says(staging: Deployment, name: str, value: str) -> None:
    assert staging.psql(f"SHOW {name}") == value


def test_the_application_changes_rows_and_nothing_else(staging: Deployment) -> None:
    assert staging.psql("SELECT count(*) FROM alembic_version", role=APP) == "1"
    for forbidden in (
        "CREATE TABLE mine (id int)",
        "DROP TABLE alembic_version",
        "ALTER TABLE alembic_version ADD mine int",
        "TRUNCATE alembic_version",
        "CREATE SCHEMA mine",
        "CREATE TEMP TABLE mine (id int)",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT pg_read_file('/etc/passwd')",
        "SET ROLE contravento_owner",
    ):
        with pytest.raises(AssertionError, match=r"permission denied|must be owner"):
            staging.psql(forbidden, role=APP)


def test_the_application_is_the_applications_role(staging: Deployment) -> None:
    users = staging.psql(
        "SELECT DISTINCT usename FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    assert APP in users
    assert set(users.split()) <= {APP, MONITOR}


def test_what_takes_too_long_is_ended(staging: Deployment) -> None:
    assert staging.psql("SHOW statement_timeout", role=APP) == "30s"
    assert staging.psql("SHOW idle_in_transaction_session_timeout", role=APP) == "1min"


def test_the_owner_owns_and_is_no_administrator(staging: Deployment) -> None:
    owners = staging.psql("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
    assert owners == OWNER
    privileged = staging.psql(
        "SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles"
        " WHERE rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls"
    )
    assert privileged == staging.values["POSTGRES_USER"]


def test_monitoring_sees_figures_and_no_rows(staging: Deployment) -> None:
    slowest = "SELECT count(*) > 0 FROM pg_stat_statements WHERE total_exec_time > 0"
    assert staging.psql(slowest, role=MONITOR) == "t"
    assert staging.psql("SELECT count(*) > 0 FROM pg_stat_activity", role=MONITOR) == "t"
    with pytest.raises(AssertionError, match="permission denied"):
        staging.psql("SELECT * FROM alembic_version", role=MONITOR)


def test_a_wrong_password_is_refused_even_within(staging: Deployment) -> None:
    wrong = (
        "PGPASSWORD=wrong psql -h 127.0.0.1 -U contravento_app -d contravento_staging -c 'SELECT 1'"
    )
    assert "password authentication failed" in staging.shell("postgres", wrong).stderr
    methods = staging.psql("SELECT DISTINCT auth_method FROM pg_hba_file_rules WHERE type = 'host'")
    assert methods == "scram-sha-256"
    stored = staging.psql("SELECT count(*) FROM pg_authid WHERE rolpassword LIKE 'SCRAM-SHA-256%'")
    assert stored == "4"


@pytest.mark.parametrize(
    ("collation", "order"),
    [
        ("es-x-icu", "ärgern Ávila avión nube ñandú zapato Zug"),
        ("de-x-icu", "ärgern Ávila avión ñandú nube zapato Zug"),
        ("sv-x-icu", "Ávila avión ñandú nube zapato Zug ärgern"),
        ("default", "ärgern Ávila avión ñandú nube zapato Zug"),
    ],
)
def test_sorting_by_language_works(staging: Deployment, collation: str, order: str) -> None:
    words = f"SELECT word FROM (VALUES {WORDS}) AS t(word)"  # noqa: S608  (our own constants)
    query = f'{words} ORDER BY word COLLATE "{collation}"'
    assert staging.psql(query, role=APP).split() == order.split()


def test_dumping_and_restoring_by_hand_work(staging: Deployment) -> None:
    """The manual's two commands, with the administrator's name and no password."""
    name = ("-U", "contravento_staging", "-d", "contravento_staging")
    staging.exec("postgres", "pg_dump", *name, "-F", "c", "-f", "/tmp/by-hand.backup")
    staging.compose("stop", "backend", "worker")
    staging.exec("postgres", "pg_restore", *name, "--clean", "/tmp/by-hand.backup")
    staging.compose("start", "backend", "worker")
    staging.exec("postgres", "rm", "/tmp/by-hand.backup")
    staging.compose("up", "--detach", "--wait", "--no-deps", "--no-recreate", "backend", "worker")
    assert staging.psql("SELECT count(*) FROM alembic_version", role=APP) == "1"


def test_the_roles_can_be_made_again_and_follow_the_env_file(staging: Deployment) -> None:
    again = ("run", "--rm", "--no-deps", "-T")
    staging.compose(*again, "--env", "POSTGRES_MONITOR_PASSWORD=another-one-4711", "roles")
    with pytest.raises(AssertionError, match="password authentication failed"):
        staging.psql("SELECT 1", role=MONITOR)
    staging.compose(*again, "roles")
    assert staging.psql("SELECT 1", role=MONITOR) == "1"
    assert "another-one-4711" not in staging.logs("postgres")


def test_migrating_by_hand_works(staging: Deployment) -> None:
    staging.exec("backend", "alembic", "upgrade", "head")
    assert "(head)" in staging.exec("backend", "alembic", "current")


def test_redis_wants_its_password_and_keeps_what_it_was_told(staging: Deployment) -> None:
    unnamed = staging.shell("redis", "env -u REDISCLI_AUTH redis-cli ping")
    assert "NOAUTH" in unnamed.stdout
    for name, value in {
        "appendonly": "yes",
        "maxmemory": str(128 * 2**20),
        "maxmemory-policy": "volatile-lru",
    }.items():
        said = staging.exec("redis", "redis-cli", "config", "get", name)
        assert said.split() == [name, value]


def test_the_application_counts_in_index_1(staging: Deployment) -> None:
    with at_the_door(staging) as client:
        sign_up(staging, client)
    keyspace = staging.exec("redis", "redis-cli", "info", "keyspace")
    assert "db1:" in keyspace
    assert "db0:" not in keyspace


def test_links_in_mails_lead_to_the_site(staging: Deployment) -> None:
    said = staging.exec(
        "backend",
        "python3",
        "-c",
        "from contravento.kit.settings import load_settings;print(load_settings().base_url)",
    )
    assert said == f"https://{DOMAIN}"
