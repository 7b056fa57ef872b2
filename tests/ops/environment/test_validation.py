"""Each mistake in an environment file is named in a sentence with its line and its mend."""

from collections.abc import Callable
from pathlib import Path

import pytest

from contravento_ops.environment import file, fingerprints, validation
from contravento_ops.environment.fingerprints import Fingerprints
from contravento_ops.kit.paths import ENVIRONMENTS, EnvironmentName, EnvironmentPaths
from tests.ops.making import make_file, spoil, value_in

SHORT = "aB3-dE6_gH9"
LONG = "k3Jt-9sYp2Qw_Zx7Lr5Vb1Nm8Hc4Gd6Fa0UeKi"
URL = "postgresql+asyncpg://{user}:{password}@postgres:5432/{name}"

# variable, the line that takes its place ("" takes it out), what the sentence says
MISTAKES: list[tuple[str, str, str]] = [
    ("SECRET_KEY", "SECRET_KEY=change-me", "still holds a placeholder"),
    ("SECRET_KEY", f"SECRET_KEY={LONG}", "has 38 characters and needs 96"),
    ("SECRET_KEY", f"SECRET_KEY={'aB1-' * 30}", "easy to guess"),
    ("SECRET_KEY", "", "is not set; run ./deploy.sh staging init"),
    ("POSTGRES_PASSWORD", "POSTGRES_PASSWORD=" + SHORT, "has 11 characters and needs 32"),
    ("POSTGRES_PASSWORD", "POSTGRES_PASSWORD=your-password-here-0123456789abcd", "placeholder"),
    ("REDIS_PASSWORD", "REDIS_PASSWORD=" + SHORT, "has 11 characters and needs 24"),
    ("GRAFANA_ADMIN_PASSWORD", "GRAFANA_ADMIN_PASSWORD=" + SHORT, "needs 16"),
    ("SECRET_KEY", "SECRET_KEYS=x", "is no variable of ContraVento; write SECRET_KEY"),
    ("SMTP_HOST", "SMPT_HOST=smtp.velo.test", "is no variable of ContraVento; write SMTP_HOST"),
    ("BANANA", "BANANA=yellow", "is no variable of ContraVento; remove the line"),
    ("TRUSTED_PROXIES", "TRUSTED_PROXIES=*", "is set by deploy.sh itself"),
    ("APP_NAME", "APP_NAME=Velo$Diary", "holds a $, which Compose takes"),
    ("APP_NAME", 'APP_NAME="Velo Diary"', "is put in quotes"),
    ("APP_NAME", "APP_NAME=# our diary", "is nothing but a remark"),
    ("REDIS_PASSWORD", f"REDIS_PASSWORD={LONG} #1", "holds a # that cuts off the rest"),
    ("APP_NAME", "APP_NAME=<your name>", "still holds a placeholder in angle brackets"),
    ("SMTP_HOST", "SMTP_HOST=smtp.‹domain›", "still holds a placeholder in angle brackets"),
    ("ALERT_WEBHOOK_URL", "ALERT_WEBHOOK_URL=https://chat.velo.test/<token>", "angle brackets"),
    ("SENTRY_DSN", "SENTRY_DSN=https://<key>@o1.ingest.sentry.io/4", "angle brackets"),
    ("SENTRY_DSN", "SENTRY_DSN=https://o1.ingest.sentry.io/4", "that is no DSN of Sentry"),
    ("SENTRY_DSN", "SENTRY_DSN=https://key@o1.ingest.sentry.io/", "that is no DSN of Sentry"),
    ("SENTRY_DSN", "SENTRY_DSN=https://key@sentry.velo.test:0x/4", "that is no DSN of Sentry"),
    ("PUBLIC_URL", "PUBLIC_URL=https://staging.velo.test/diary", "at the root of its name"),
    ("PUBLIC_URL", "PUBLIC_URL=https://staging.velo.test:8443", "names a port"),
    ("PUBLIC_URL", "PUBLIC_URL=https://staging.velo.test:x", "cannot be read"),
    ("ALERT_WEBHOOK_URL", "ALERT_WEBHOOK_URL=https://[chat/x", "cannot be read"),
    ("ALERT_WEBHOOK_URL", "ALERT_WEBHOOK_URL=https://chat.velo.test/a b", "holds a blank"),
    ("ALERT_HEARTBEAT_URL", "ALERT_HEARTBEAT_URL=https://beat.velo.test:0/x", "no such address"),
    ("BACKUP_FOLDER", "BACKUP_FOLDER=/srv/bakcups", "names /srv/bakcups, which is not there"),
    ("ACME_CA_BUNDLE", "ACME_CA_BUNDLE=./ca.pem", "names ./ca.pem, which is not there"),
    ("CERTIFICATE_FOLDER", "CERTIFICATE_FOLDER=/etc/certs-of-ours", "which is not there"),
    ("DOCKER_SOCKET", "DOCKER_SOCKET=/run/no-docker.sock", "which is not there"),
    ("BACKUP_S3_BUCKET", "BACKUP_S3_BUCKET=velo", "BACKUP_S3_ENDPOINT is not set, but"),
    ("X", "BACKUP_S3_ACCESS_KEY=velo", "BACKUP_S3_SECRET_KEY is not set, but"),
    ("X", "STORAGE_S3_ACCESS_KEY=velo", "STORAGE_S3_SECRET_KEY is not set, but"),
    ("APP_NAME", "APP_NAME = Velo", "has a space around the ="),
    ("APP_NAME", "export APP_NAME=Velo", "begins with export"),
    ("APP_NAME", "APP_NAME=Velo\\nDiary", "shells and Compose change"),
    ("APP_NAME", "the name of it", "is no NAME=value"),
    ("X", "APP_NAME=Another", "stands twice, first in line"),
    ("DEBUG", "DEBUG=yes", "is wrong: 'yes' is neither true nor false"),
    ("DEBUG", "DEBUG=true", "shows the inside of the program to everybody"),
    ("APP_ENV", "APP_ENV=development", "is development in staging"),
    ("APP_ENV", "APP_ENV=staging", "is not one of local, development, production"),
    ("WEB_CONCURRENCY", "WEB_CONCURRENCY=two", "'two' is no whole number"),
    ("SMTP_PORT", "SMTP_PORT=70000", "70000 is out of bounds"),
    ("SMTP_PORT", "SMTP_PORT=25", "is 25, between mail servers"),
    ("SMTP_TLS", "SMTP_TLS=false", "the password would travel in the open"),
    ("SMTP_USER", "", "is not set, but its other half is"),
    ("SMTP_FROM", "SMTP_FROM=diary", "'diary' is no e-mail address"),
    ("MAIL_ALLOW_LIST", "", "staging could write to real riders"),
    ("MAIL_ALLOW_LIST", "MAIL_ALLOW_LIST=everybody", "neither an address nor a domain"),
    ("DOMAIN", "DOMAIN=https://staging.velo.test/", "write the bare host name"),
    ("DOMAIN", "DOMAIN=staging_velo.test", "is no host name"),
    ("DOMAIN", "DOMAIN=staging.example.org", "as the example does"),
    ("DOMAIN", "DOMAIN=localhost", "nobody gives a certificate"),
    ("DOMAIN", "DOMAIN=192.0.2.7", "certificates are for names"),
    ("PUBLIC_URL", "PUBLIC_URL=http://staging.velo.test", "says http://"),
    ("PUBLIC_URL", "PUBLIC_URL=https://other.velo.test", "names another host than DOMAIN"),
    ("ALERT_MAIL_TO", "ALERT_MAIL_TO=a@velo.test, us", "'us' is no e-mail address"),
    ("ALERT_WEBHOOK_URL", "ALERT_WEBHOOK_URL=chat", "begin it with https:// or http://"),
    ("X", "PROMETHEUS_RETENTION_TIME=15", "'15' is no length of time"),
    ("X", "PROMETHEUS_RETENTION_SIZE=2", "'2' is no size; write one such as 2GB"),
    ("CORS_ORIGINS", "CORS_ORIGINS=*", "lets every site use the API"),
    ("CORS_ORIGINS", "CORS_ORIGINS=https://app.velo.test/x", "is not an origin"),
    ("CORS_ORIGINS", "CORS_ORIGINS=http://app.velo.test", "anybody on the way can change"),
    ("LOG_LEVEL", "LOG_LEVEL=VERBOSE", "'VERBOSE' is not one of DEBUG, INFO"),
    ("LOG_FORMAT", "LOG_FORMAT=console", "programs that read logs do not understand"),
    ("BCRYPT_ROUNDS", "BCRYPT_ROUNDS=10", "is 10, too few for staging; write 12"),
    ("BCRYPT_ROUNDS", "BCRYPT_ROUNDS=16", "would hold the processors"),
    ("DATABASE_POOL_SIZE", "DATABASE_POOL_SIZE=60", "(60 + 10) × 1 × (1 + 1) = 140 connections"),
    ("POSTGRES_DB", "POSTGRES_DB=My-Database", "is no plain name"),
    ("DATABASE_URL", "DATABASE_URL=mysql://u:p@postgres/x", "is no such address"),
    (
        "DATABASE_URL",
        "DATABASE_URL="
        + URL.format(user="contravento_app", password="a/b@c", name="contravento_staging"),
        "holds a password that breaks a URL",
    ),
    (
        "DATABASE_URL",
        "DATABASE_URL="
        + URL.format(user="contravento_app", password=LONG, name="contravento_staging"),
        "another password than POSTGRES_APP_PASSWORD",
    ),
    (
        "DATABASE_URL",
        "DATABASE_URL=" + URL.format(user="contravento_app", password=LONG, name="elsewhere"),
        "says 'elsewhere', but POSTGRES_DB says",
    ),
    (
        "DATABASE_URL",
        "DATABASE_URL="
        + URL.format(user="contravento_staging", password=LONG, name="contravento_staging"),
        "may do more than contravento_app",
    ),
    ("DATABASE_REPLICA_URL", "DATABASE_REPLICA_URL=replica.velo.test", "is no such address"),
    (
        "DATABASE_REPLICA_URL",
        "DATABASE_REPLICA_URL=postgresql://r:a/b@c@replica.velo.test/diary",
        "holds a password that breaks a URL",
    ),
    (
        "DATABASE_REPLICA_URL",
        "DATABASE_REPLICA_URL=postgresql://r:x@postgres/contravento_staging",
        "names the database itself",
    ),
    (
        "DATABASE_REPLICA_URL",
        f"DATABASE_REPLICA_URL=postgresql://contravento_app:{LONG}@replica.velo.test/diary",
        "signs in as the application does not; write contravento_app and its password",
    ),
    (
        "DATABASE_REPLICA_URL",
        "DATABASE_REPLICA_URL=postgresql://r:x@replica.velo.test/diary",
        "does not ask who the server elsewhere is",
    ),
    ("X", "DATABASE_REPLICA_MAX_LAG_SECONDS=2", "2 is out of bounds"),
    ("X", "DATABASE_REPLICA_MAX_LAG_SECONDS=1s", "'1s' is no number"),
    ("REDIS_URL", f"REDIS_URL=redis://:{LONG}@redis:6379/1", "than REDIS_PASSWORD"),
    ("REDIS_URL", f"REDIS_URL=redis://:{LONG}@redis:6379/0", "names the index '0'"),
    ("POSTGRES_OWNER_PASSWORD", f"POSTGRES_OWNER_PASSWORD={LONG}/+", "holds + /, which breaks"),
    ("ACME_EMAIL", "", "is not set"),
    ("ACME_DIRECTORY", "ACME_DIRECTORY=acme.velo.test", "is no such address"),
    ("STORAGE_URL", "STORAGE_URL=/var/photos", "begin it with file:// or s3://"),
    ("CHECK_INBOX_URL", "CHECK_INBOX_URL=imaps://imap.velo.test/INBOX", "does not say whose inbox"),
    ("CHECK_INBOX_URL", f"CHECK_INBOX_URL=imaps://qa:1/{SHORT}@velo.test", "with % / ? # @ in the"),
    ("CHECK_INBOX_URL", "CHECK_INBOX_URL=imap://qa:x@velo.test/INBOX", "that is no inbox"),
    ("NETWORK_PREFIX", "NETWORK_PREFIX=8.8.8", "is no private network"),
]


def problems(path: Path, environment: EnvironmentName = "staging") -> list[str]:
    found = file.read(path)
    assert found
    others = {
        each.environment: other
        for each in EnvironmentPaths(path.parent, environment).others()
        if (other := file.read(each.env_file))
    }
    context = validation.Context(environment, others)
    return [str(each) for each in validation.validate(found, context)]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_init_makes_has_no_mistake(tmp_path: Path, environment: EnvironmentName) -> None:
    assert problems(make_file(tmp_path, environment), environment) == []


@pytest.mark.parametrize(("name", "line", "words"), MISTAKES)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, name: str, line: str, words: str) -> None:
    path = make_file(tmp_path)
    spoil(path, name, line)

    found = problems(path)

    about_it = [each for each in found if words in each]
    assert about_it, found
    if line and "is not set" not in words:
        number = path.read_text().splitlines().index(line) + 1
        assert about_it[0].startswith(f"Line {number}: ")


def test_the_table_has_at_least_twenty_five_mistakes() -> None:
    assert len({words for _, _, words in MISTAKES}) >= 25


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = make_file(tmp_path)
    path.chmod(0o644)

    assert problems(path) == [
        ".env.staging can be read by others (mode 0644); run chmod 600 .env.staging."
    ]


def test_windows_line_ends_and_a_byte_order_mark_are_named(tmp_path: Path) -> None:
    path = make_file(tmp_path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))

    assert [problem.partition(": ")[2].partition(";")[0] for problem in problems(path)] == [
        "the line starts with a byte order mark",
        "the line has Windows line ends",
    ]


def test_the_same_secret_twice_is_refused(tmp_path: Path) -> None:
    path = make_file(tmp_path)
    same = value_in(path, "POSTGRES_PASSWORD")
    spoil(path, "GRAFANA_ADMIN_PASSWORD", f"GRAFANA_ADMIN_PASSWORD={same}")

    assert any("is the same as POSTGRES_PASSWORD" in problem for problem in problems(path))


def test_a_copied_example_is_told_each_placeholder_once(tmp_path: Path) -> None:
    path = make_file(tmp_path)
    for name in ("SECRET_KEY", "REDIS_PASSWORD"):
        spoil(path, name, f"{name}=change-me")

    found = [problem for problem in problems(path) if "_URL" not in problem]
    assert [each.split()[2] for each in found] == ["SECRET_KEY", "REDIS_PASSWORD"]


def test_a_secret_of_another_environment_is_refused(tmp_path: Path) -> None:
    prod, staging = make_file(tmp_path, "prod"), make_file(tmp_path)
    spoil(staging, "SECRET_KEY", f"SECRET_KEY={value_in(prod, 'SECRET_KEY')}")

    assert any("SECRET_KEY is also a secret of prod" in problem for problem in problems(staging))


@pytest.mark.parametrize(
    ("name", "line", "words"),
    [
        ("DOMAIN", "DOMAIN=Velo.test", "DOMAIN names the domain of prod"),
        ("POSTGRES_DB", "POSTGRES_DB=contravento", "POSTGRES_DB names the database of prod"),
        ("STORAGE_URL", "STORAGE_URL=s3://photos/staging", "STORAGE_URL names the bucket of prod"),
        (
            "DATABASE_URL",
            "DATABASE_URL=postgresql://a:b@db.velo.test:5432/contravento",
            "DATABASE_URL names the database of prod",
        ),
        (
            "DATABASE_REPLICA_URL",
            "DATABASE_REPLICA_URL=postgresql://a:b@db.velo.test:5432/contravento",
            "DATABASE_REPLICA_URL names the database of prod",
        ),
    ],
)
def test_staging_may_not_name_what_is_productions(
    tmp_path: Path, name: str, line: str, words: str
) -> None:
    make_file(
        tmp_path,
        "prod",
        STORAGE_URL="s3://photos",
        DATABASE_URL="postgresql://x:y@db.velo.test:5432/contravento",
    )
    staging = make_file(tmp_path)
    spoil(staging, name, line)

    assert any(words in problem for problem in problems(staging))


def test_production_is_known_by_its_fingerprints_where_its_file_is_not(tmp_path: Path) -> None:
    prod = file.read(make_file(tmp_path, "prod"))
    assert prod
    fingerprints.write(tmp_path / "prod.json", Fingerprints.of(prod.values))
    noted = fingerprints.read_all(tmp_path)
    staging = file.parse(f"SECRET_KEY={prod.values['SECRET_KEY']}\nDOMAIN=velo.test")

    found = validation.validate(staging, validation.Context("staging", fingerprints=noted))

    said = " ".join(str(each) for each in found)
    assert "SECRET_KEY is also a secret of prod" in said
    assert "DOMAIN names the domain of prod" in said
    assert prod.values["SECRET_KEY"] not in (tmp_path / "prod.json").read_text()


@pytest.mark.parametrize(
    ("environment", "name", "value", "is_fine"),
    [
        ("dev", "DEBUG", "true", True),
        ("dev", "BCRYPT_ROUNDS", "10", True),
        ("prod", "BCRYPT_ROUNDS", "12", False),
        ("prod", "LOG_LEVEL", "DEBUG", False),
        ("prod", "MAIL_ALLOW_LIST", "@velo.test", False),
        ("prod", "SMTP_HOST", "mail", False),
        ("prod", "DATABASE_POOL_SIZE", "20", False),
        ("staging", "DATABASE_POOL_SIZE", "20", True),
        ("staging", "SMTP_HOST", "mail", True),
        ("staging", "SECRET_KEY", LONG + LONG[::-1] + LONG, True),
        ("prod", "SECRET_KEY", LONG + LONG[::-1] + LONG, False),
        ("staging", "GRAFANA_ADMIN_PASSWORD", LONG, True),
        ("prod", "GRAFANA_ADMIN_PASSWORD", LONG, False),
        ("dev", "GRAFANA_ADMIN_PASSWORD", "", True),
    ],
)
def test_what_is_fine_depends_on_the_environment(
    tmp_path: Path, environment: EnvironmentName, name: str, value: str, is_fine: bool
) -> None:
    path = make_file(tmp_path, environment)
    spoil(path, name, f"{name}={value}")

    assert (problems(path, environment) == []) == is_fine


def test_a_catcher_needs_no_list_of_who_may_be_written_to(tmp_path: Path) -> None:
    path = make_file(tmp_path, SMTP_HOST="mail", MAIL_ALLOW_LIST="")

    assert problems(path) == []


def test_every_sentence_says_what_and_how_to_mend_it(tmp_path: Path) -> None:
    path = make_file(tmp_path)
    text = path.read_text()
    unsaid: Callable[[str], bool] = lambda each: "; " not in each or not each.endswith(".")  # noqa: E731
    for name, line, _ in MISTAKES:
        path.write_text(text)
        spoil(path, name, line)
        assert not [problem for problem in problems(path) if unsaid(problem)]


THERE = (
    "postgresql://contravento_{role}:secret-1@db.velo.test/diary?sslmode={mode}&sslrootcert={root}"
)


def elsewhere(tmp_path: Path, mode: str = "verify-full", root: str = "system", **more: str) -> Path:
    names = {
        "DATABASE_URL": "app",
        "DATABASE_OWNER_URL": "owner",
        "DATABASE_MONITOR_URL": "monitor",
    }
    urls = {name: THERE.format(role=role, mode=mode, root=root) for name, role in names.items()}
    return make_file(tmp_path, "staging", **{**urls, **more})


def test_a_server_elsewhere_that_is_verified_is_fine(tmp_path: Path) -> None:
    assert problems(elsewhere(tmp_path)) == []


AUTHORITY = "/opt/contravento/database-ca.pem"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mode": "require"}, "DATABASE_URL does not ask who the server elsewhere is; end it with"),
        ({"root": "/srv/ca.pem"}, "DATABASE_URL says sslrootcert=/srv/ca.pem, which no container"),
        ({"root": AUTHORITY}, "DATABASE_URL believes DATABASE_CA_FILE, which is not set"),
        ({"DATABASE_OWNER_URL": ""}, "DATABASE_OWNER_URL is not set, but DATABASE_URL names"),
        ({"DATABASE_POOLER": "on"}, "DATABASE_POOLER is on, but ours stands before our own"),
        (
            {"DATABASE_DIRECT_URL": "postgresql://a:b@db.velo.test:5433/diary"},
            "DATABASE_DIRECT_URL does not ask who the server elsewhere is",
        ),
    ],
)
def test_what_a_server_elsewhere_needs_is_said(
    tmp_path: Path, changes: dict[str, str], words: str
) -> None:
    assert any(words in problem for problem in problems(elsewhere(tmp_path, **changes)))


def test_its_authority_may_be_a_file_of_this_host(tmp_path: Path) -> None:
    made = elsewhere(tmp_path, root=AUTHORITY, DATABASE_CA_FILE="./ca.pem")
    (tmp_path / "ca.pem").touch()
    assert problems(made) == []


def test_a_direct_address_alone_leads_nowhere(tmp_path: Path) -> None:
    url = "postgresql://contravento_app:x@postgres:5432/contravento_staging"
    (said,) = problems(make_file(tmp_path, DATABASE_DIRECT_URL=url))
    assert "DATABASE_URL leads to no pooler elsewhere" in said


def test_pgbouncer_is_offered_where_nothing_smaller_helps(tmp_path: Path) -> None:
    path = make_file(tmp_path, "prod", WEB_CONCURRENCY="2")
    (said,) = problems(path, "prod")
    assert "(8 + 10) × 2 × (3 + 1) = 144 connections, but there are 90" in said
    assert "write DATABASE_POOLER=on, or a smaller WEB_CONCURRENCY" in said

    spoil(path, "DATABASE_POOLER", "DATABASE_POOLER=on")
    assert problems(path, "prod") == []
