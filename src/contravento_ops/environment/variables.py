"""Every variable of an environment file: the one table that examples, checks and docs come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from contravento_ops.environment import kinds
from contravento_ops.environment.kinds import Check
from contravento_ops.kit.place import ENVIRONMENTS, EnvironmentName

PLACEHOLDER = "change-me"
CATCHER = "mail"


@dataclass(frozen=True, slots=True)
class Variable:
    """`values` are what an example suggests, by environment; without one the line is commented.

    A secret has a least length by environment, and is made by `init`. An `asked` one is asked for.
    """

    name: str
    meaning: str
    check: Check = kinds.text
    values: Mapping[EnvironmentName, str] = field(default_factory=dict)
    lengths: Mapping[EnvironmentName, int] = field(default_factory=dict)
    required: frozenset[EnvironmentName] = frozenset()
    is_sensitive: bool = False
    asked: str = ""
    default: str = ""

    @property
    def is_secret(self) -> bool:
        """Made by us, at a length of ours."""
        return bool(self.lengths)


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    variables: tuple[Variable, ...]


ALL: frozenset[EnvironmentName] = frozenset(ENVIRONMENTS)
SERVED: frozenset[EnvironmentName] = frozenset({"staging", "prod"})


def _by(dev: str, staging: str, prod: str) -> dict[EnvironmentName, str]:
    return {"dev": dev, "staging": staging, "prod": prod}


def _same(value: str) -> dict[EnvironmentName, str]:
    return _by(value, value, value)


def _long(dev: int, staging: int, prod: int) -> dict[EnvironmentName, int]:
    return {"dev": dev, "staging": staging, "prod": prod}


SITE = Section(
    "The site",
    (
        Variable(
            "APP_NAME",
            "shown in titles and mails",
            values=_by("ContraVento-Dev", "ContraVento-Staging", "ContraVento"),
        ),
        Variable(
            "APP_ENV",
            "production refuses weak secrets and mails kept as files; nothing else depends on it",
            kinds.one_of("local", "development", "production"),
            _by("development", "production", "production"),
            required=ALL,
        ),
        Variable(
            "DEBUG",
            "true shows the API's documentation at /docs; never outside dev",
            kinds.boolean,
            _same("false"),
        ),
        Variable(
            "DOMAIN",
            "the host name that riders use, without https://",
            kinds.domain,
            _by("localhost", "staging.example.org", "diary.example.org"),
            required=ALL,
            asked="The host name of the site",
        ),
        Variable(
            "PUBLIC_URL",
            "the whole address, where it is not https:// and DOMAIN",
            kinds.url("http", "https"),
            {"dev": "http://localhost:8080"},
        ),
        Variable(
            "CORS_ORIGINS",
            "origins of other sites whose scripts may use the API, separated by commas",
            kinds.origins,
        ),
        Variable(
            "MAP_TILES_URL",
            "raster tiles under the maps, with {z}, {x}, {y}; without it maps show land, borders",
            kinds.url("http", "https"),
        ),
    ),
)

SECRETS = Section(
    "Secrets and sign-ins",
    (
        Variable(
            "SECRET_KEY",
            "signs access tokens",
            lengths=_long(96, 96, 128),
            required=ALL,
            is_sensitive=True,
        ),
        Variable(
            "SECRET_KEY_PREVIOUS",
            "the key before, while tokens signed with it are still about",
            is_sensitive=True,
        ),
        Variable(
            "ALGORITHM",
            "of access tokens; there is no other",
            kinds.one_of("HS256"),
            _same("HS256"),
        ),
        Variable(
            "ACCESS_TOKEN_EXPIRE_MINUTES",
            "how long an access token is good",
            kinds.integer(1, 1440),
            _same("15"),
        ),
        Variable(
            "REFRESH_TOKEN_EXPIRE_DAYS",
            "how long somebody stays signed in",
            kinds.integer(1, 365),
            _same("30"),
        ),
        Variable(
            "BCRYPT_ROUNDS",
            "each one more doubles the time of a sign-in, and of a guess",
            kinds.integer(4, 16),
            _by("10", "12", "14"),
            required=ALL,
        ),
    ),
)

DATABASE = Section(
    "PostgreSQL",
    (
        Variable(
            "POSTGRES_DB",
            "the database's name",
            kinds.name,
            _by("contravento_dev", "contravento_staging", "contravento"),
            required=ALL,
        ),
        Variable(
            "POSTGRES_USER",
            "the administrator, for pg_dump, pg_restore and psql; the application never is",
            kinds.name,
            _by("contravento_dev", "contravento_staging", "contravento"),
            required=ALL,
        ),
        Variable(
            "POSTGRES_PASSWORD",
            "the administrator's password",
            lengths=_long(32, 32, 48),
            required=ALL,
            is_sensitive=True,
        ),
        Variable(
            "POSTGRES_OWNER_PASSWORD",
            "of contravento_owner, who owns the tables: migrations sign in as it",
            lengths=_long(32, 32, 48),
            required=ALL,
            is_sensitive=True,
        ),
        Variable(
            "POSTGRES_APP_PASSWORD",
            "of contravento_app, who may change rows, no more: the application signs in as it",
            lengths=_long(32, 32, 48),
            required=ALL,
            is_sensitive=True,
        ),
        Variable(
            "POSTGRES_MONITOR_PASSWORD",
            "of contravento_monitor, who may look at figures",
            lengths=_long(32, 32, 48),
            required=ALL,
            is_sensitive=True,
        ),
        Variable(
            "DATABASE_URL",
            "built by init from the lines above, with what a URL needs encoded",
            kinds.url("postgresql", "postgresql+asyncpg"),
            is_sensitive=True,
        ),
        Variable(
            "DATABASE_POOL_SIZE",
            "connections that each web process keeps; it may open ten more",
            kinds.integer(1, 200),
            _by("10", "20", "8"),
        ),
    ),
)

REDIS = Section(
    "Redis",
    (
        Variable(
            "REDIS_PASSWORD",
            "of the Redis service",
            lengths=_long(24, 24, 48),
            required=ALL,
            is_sensitive=True,
        ),
        Variable(
            "REDIS_URL",
            "built by init from the line above, with what a URL needs encoded",
            kinds.url("redis", "rediss"),
            is_sensitive=True,
        ),
    ),
)

FILES = Section(
    "Files and processes",
    (
        Variable(
            "STORAGE_URL",
            "where photos and tracks are kept: a folder in the volume, or s3://bucket",
            kinds.url("file", "s3"),
            default="file:///var/lib/contravento/storage",
        ),
        Variable(
            "WEB_CONCURRENCY",
            "web processes in each backend",
            kinds.integer(1, 64),
            _same("1"),
        ),
        Variable(
            "WORKER_PROCESSES",
            "processes in which the worker reads tracks and shrinks photos",
            kinds.integer(1, 64),
            _by("1", "2", "2"),
        ),
    ),
)

MAIL = Section(
    "Mail",
    (
        Variable(
            "SMTP_HOST",
            "the mail server; a name without a dot is a service of ours, such as `mail`",
            kinds.domain,
            _by(CATCHER, "smtp.example.org", "smtp.example.org"),
            required=ALL,
            asked="The mail server",
        ),
        Variable(
            "SMTP_PORT",
            "587 with STARTTLS, 465 with TLS from the first byte",
            kinds.port,
            _by("1025", "587", "587"),
            asked="Its port",
        ),
        Variable(
            "SMTP_TLS",
            "TLS from the first byte on port 465, STARTTLS on any other",
            kinds.boolean,
            _by("false", "true", "true"),
        ),
        Variable(
            "SMTP_USER",
            "both this and the password, or neither",
            asked="The user name there",
        ),
        Variable(
            "SMTP_PASSWORD",
            "both this and the user, or neither",
            is_sensitive=True,
            asked="The password there",
        ),
        Variable(
            "SMTP_FROM",
            "the address that mails come from",
            kinds.email,
            _by("contravento@localhost.localdomain", "staging@example.org", "diary@example.org"),
            required=ALL,
            asked="The address that mails come from",
        ),
        Variable(
            "MAIL_ALLOW_LIST",
            "only these addresses and domains are written to (qa@example.org, @example.org); mails"
            " to others are held back: logged and counted, not sent. Staging needs it unless mails"
            " go to a catcher",
            kinds.allow_list,
            {"staging": "@example.org"},
            asked="Who may be written to from staging",
        ),
    ),
)

CERTIFICATE = Section(
    "The certificate",
    (
        Variable(
            "ACME_EMAIL",
            "whom the certificate authority may write to",
            kinds.email,
            {"staging": "host@example.org", "prod": "host@example.org"},
            required=SERVED,
            asked="Your own address, for the certificate authority",
        ),
        Variable(
            "ACME_DIRECTORY",
            "of the certificate authority; off keeps the self-signed certificate",
            kinds.url_or("off", "https"),
            default="https://acme-v02.api.letsencrypt.org/directory",
        ),
        Variable(
            "ACME_DRY_RUN_DIRECTORY",
            "where the name is proven first, so that a mistake costs no real attempt",
            kinds.url_or("off", "https"),
            default="https://acme-staging-v02.api.letsencrypt.org/directory",
        ),
        Variable(
            "ACME_CA_BUNDLE",
            "the root of a private certificate authority, as a file on this host",
            kinds.path,
        ),
    ),
)

MONITORING = Section(
    "Monitoring",
    (
        Variable("GRAFANA_ADMIN_USER", "who signs in to Grafana", kinds.name, _same("admin")),
        Variable(
            "GRAFANA_ADMIN_PASSWORD",
            "their password",
            lengths=_long(16, 16, 48),
            required=SERVED,
            is_sensitive=True,
        ),
        Variable(
            "SENTRY_DSN",
            "where unforeseen errors are reported, without anything personal",
            kinds.url("https", "http"),
            is_sensitive=True,
        ),
        Variable(
            "SENTRY_ENVIRONMENT",
            "the name that they are reported under",
            values=_by("dev", "staging", "production"),
        ),
    ),
)

PORTS = Section(
    "Addresses on this host",
    (
        Variable(
            "HTTP_PORT",
            "the site's port on this host, in dev only",
            kinds.port,
            {"dev": "8080"},
        ),
        Variable(
            "MAIL_PORT",
            "the mailbox's port on this host, in dev only",
            kinds.port,
            {"dev": "8025"},
        ),
        Variable(
            "NETWORK_PREFIX",
            "the first three numbers of the containers' network, where the usual ones are taken",
            kinds.prefix,
            default="172.29.42",
        ),
        Variable(
            "TAG",
            "the release that serves; deploy.sh writes it",
            kinds.tag,
        ),
    ),
)

LOGS = Section(
    "Logs",
    (
        Variable(
            "LOG_LEVEL",
            "DEBUG, INFO, WARNING or ERROR",
            kinds.one_of("DEBUG", "INFO", "WARNING", "ERROR"),
            _by("INFO", "INFO", "WARNING"),
        ),
        Variable(
            "LOG_FORMAT",
            "json, or console for people",
            kinds.one_of("json", "console"),
            _same("json"),
        ),
    ),
)

SECTIONS: tuple[Section, ...] = (
    SITE, SECRETS, DATABASE, REDIS, FILES, MAIL, CERTIFICATE, MONITORING, LOGS, PORTS,
)  # fmt: skip

VARIABLES: dict[str, Variable] = {
    each.name: each for section in SECTIONS for each in section.variables
}

# What Compose itself, deploy.sh or the image reads; they are no lines of an environment file.
SET_BY_US = frozenset({"MAIL_FOLDER", "TRUSTED_PROXIES"})
