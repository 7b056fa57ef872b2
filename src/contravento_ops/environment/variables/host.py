"""What the services around the application read: data, certificate, monitoring."""

from contravento_ops.environment import urls, validators
from contravento_ops.environment.variables.variable import (
    ALL,
    SERVED,
    Section,
    Variable,
    by_environment,
    long,
    same,
)

DATABASE = Section(
    "PostgreSQL",
    (
        Variable(
            "POSTGRES_DB",
            "the database's name",
            validators.name,
            by_environment("contravento_dev", "contravento_staging", "contravento"),
            required=ALL,
        ),
        Variable(
            "POSTGRES_USER",
            "the administrator, for pg_dump, pg_restore and psql; the application never is",
            validators.name,
            by_environment("contravento_dev", "contravento_staging", "contravento"),
            required=ALL,
        ),
        Variable(
            "POSTGRES_PASSWORD",
            "the administrator's password",
            lengths=long(32, 32, 48),
            required=ALL,
            is_sensitive=True,
        ),
        Variable(
            "POSTGRES_OWNER_PASSWORD",
            "of contravento_owner, who owns the tables: migrations sign in as it",
            lengths=long(32, 32, 48),
            required=ALL,
            is_sensitive=True,
        ),
        Variable(
            "POSTGRES_APP_PASSWORD",
            "of contravento_app, who may change rows, no more: the application signs in as it",
            lengths=long(32, 32, 48),
            required=ALL,
            is_sensitive=True,
        ),
        Variable(
            "POSTGRES_APP_ROLE",
            "as which of its two roles the application signs in; rotate changes from one to the"
            " other",
            validators.one_of(*urls.APPLICATION_ROLES),
            default=urls.APPLICATION_ROLE,
        ),
        Variable(
            "POSTGRES_MONITOR_PASSWORD",
            "of contravento_monitor, who may look at figures",
            lengths=long(32, 32, 48),
            required=ALL,
            is_sensitive=True,
        ),
        Variable(
            "DATABASE_URL",
            "built by init from the lines above, with what a URL needs encoded; or a server"
            " elsewhere, with sslmode=verify-full",
            validators.url("postgresql", "postgresql+asyncpg"),
            is_sensitive=True,
            more=(
                "Several servers stand with commas between them, of which the one that takes "
                "writes is used. Behind a `?` may stand `sslmode`, `sslrootcert` (`system` or "
                "a file), `sslcert`, `sslkey`, `target_session_attrs`, `connect_timeout` and "
                "`application_name`: [databases.md](databases.md)."
            ),
        ),
        Variable(
            "DATABASE_DIRECT_URL",
            "the same database without the pooler that DATABASE_URL leads to",
            validators.url("postgresql", "postgresql+asyncpg"),
            is_sensitive=True,
            more="For listening for jobs, and for migrations.",
        ),
        Variable(
            "DATABASE_OWNER_URL",
            "of a server elsewhere: as its tables' owner, for migrations",
            validators.url("postgresql"),
            is_sensitive=True,
        ),
        Variable(
            "DATABASE_MONITOR_URL",
            "of a server elsewhere: as who may look at figures, for monitoring",
            validators.url("postgresql"),
            is_sensitive=True,
        ),
        Variable(
            "DATABASE_CA_FILE",
            "whom to believe of a server elsewhere, as a file on this host; sslrootcert="
            f"{urls.AUTHORITY} names it",
            validators.path,
        ),
        Variable(
            "DATABASE_WAIT_SECONDS",
            "how long a request waits for a database that fails over; 0 answers at once",
            validators.integer(0, 60),
            default="0",
            more=(
                "Counted from when the first request found none; after that everybody is told "
                "at once."
            ),
        ),
        Variable(
            "DATABASE_POOLER",
            "on puts PgBouncer between the application and PostgreSQL",
            validators.one_of("on", "off"),
            default="off",
        ),
        Variable(
            "DATABASE_POOL_SIZE",
            "connections that each web process keeps; it may open ten more",
            validators.integer(1, 200),
            by_environment("10", "20", "8"),
            default="20",
        ),
        Variable(
            "DATABASE_REPLICA_URL",
            "a server that follows the database, from which what is public is read",
            validators.url("postgresql", "postgresql+asyncpg"),
            is_sensitive=True,
            more="Without it all is read from the database.",
        ),
        Variable(
            "DATABASE_REPLICA_MAX_LAG_SECONDS",
            "how late it may be and still be read, 0.1 to 1",
            validators.decimal(0.1, 1),
            default="1",
        ),
    ),
)


REDIS = Section(
    "Redis",
    (
        Variable(
            "REDIS_PASSWORD",
            "of the Redis service",
            lengths=long(24, 24, 48),
            required=ALL,
            is_sensitive=True,
        ),
        Variable(
            "REDIS_URL",
            "built by init from the line above, with what a URL needs encoded",
            validators.url("redis", "rediss"),
            is_sensitive=True,
            more=("It counts tries for all processes together; without it each counts for itself."),
        ),
    ),
)


CERTIFICATE = Section(
    "The certificate",
    (
        Variable(
            "ACME_EMAIL",
            "whom the certificate authority may write to",
            validators.email,
            {"staging": "host@example.org", "prod": "host@example.org"},
            required=SERVED,
            asked="Your own address, for the certificate authority",
        ),
        Variable(
            "ACME_DIRECTORY",
            "of the certificate authority; off keeps the self-signed certificate",
            validators.url_or("off", "https"),
            default="https://acme-v02.api.letsencrypt.org/directory",
        ),
        Variable(
            "ACME_DRY_RUN_DIRECTORY",
            "where the name is proven first, so that a mistake costs no real attempt",
            validators.url_or("off", "https"),
            default="https://acme-staging-v02.api.letsencrypt.org/directory",
        ),
        Variable(
            "ACME_CA_BUNDLE",
            "the root of a private certificate authority, as a file on this host",
            validators.path,
        ),
        Variable(
            "CERTIFICATE_FOLDER",
            "with a Swarm, which proves no name by itself: where fullchain.pem and privkey.pem lie"
            " on the manager",
            validators.path,
        ),
    ),
)


EDGE = Section(
    "What nginx keeps",
    (
        Variable(
            "EDGE_CACHE",
            "on: nginx answers readers who have not signed in from what it was told up to two"
            " seconds ago; off: the application answers everybody",
            validators.one_of("on", "off"),
            {"dev": "off"},
            default="on",
        ),
    ),
)


BACKUPS = Section(
    "Backups",
    (
        Variable(
            "BACKUP_FOLDER",
            "where sets and WAL are kept: a volume's name, or a folder of this host such as"
            " /srv/backups, best on a disk of its own",
            validators.volume,
            default="backups",
        ),
        Variable(
            "BACKUP_ENCRYPTION_KEY",
            "encrypts what leaves this host and the copy of this file; keep it elsewhere too",
            lengths=long(48, 48, 64),
            required=SERVED,
            is_sensitive=True,
        ),
        Variable(
            "BACKUP_EVERY_HOURS",
            "how often a set is taken",
            validators.integer(1, 24),
            default="6",
        ),
        Variable(
            "BACKUP_WAL_DAYS",
            "how far back a restore to any moment reaches",
            validators.integer(1, 90),
            default="7",
        ),
        Variable(
            "BACKUP_S3_ENDPOINT",
            "S3-compatible storage for the off-site copy; with bucket and both keys, or none",
            validators.url("https", "http"),
        ),
        Variable("BACKUP_S3_BUCKET", "the bucket there", validators.text),
        Variable("BACKUP_S3_PREFIX", "a folder in the bucket", validators.text),
        Variable("BACKUP_S3_REGION", "the bucket's region, where it has one", validators.text),
        Variable("BACKUP_S3_ACCESS_KEY", "whom the storage knows", is_sensitive=True),
        Variable("BACKUP_S3_SECRET_KEY", "and by what", is_sensitive=True),
    ),
)


MONITORING = Section(
    "Monitoring",
    (
        Variable("GRAFANA_ADMIN_USER", "who signs in to Grafana", validators.name, same("admin")),
        Variable(
            "GRAFANA_ADMIN_PASSWORD",
            "their password",
            lengths=long(16, 16, 48),
            required=SERVED,
            is_sensitive=True,
        ),
        Variable(
            "ALERT_MAIL_TO",
            "whom alerts are mailed to, addresses separated by commas; without it ACME_EMAIL is",
            validators.emails,
        ),
        Variable(
            "ALERT_WEBHOOK_URL",
            "where Alertmanager posts alerts besides; it may hold a token",
            validators.url("https", "http"),
            is_sensitive=True,
        ),
        Variable(
            "ALERT_HEARTBEAT_URL",
            "posted to every few minutes; whoever listens there is to alarm when it stops",
            validators.url("https", "http"),
            is_sensitive=True,
        ),
        Variable(
            "PROMETHEUS_RETENTION_TIME",
            "how long figures are kept",
            validators.duration,
            default="32d",
        ),
        Variable(
            "PROMETHEUS_RETENTION_SIZE",
            "how much disk figures may take; the oldest go first",
            validators.size,
            default="2GB",
        ),
        Variable(
            "DOCKER_SOCKET",
            "where the Docker engine listens on this host, for figures of the containers",
            validators.path,
            default="/var/run/docker.sock",
        ),
        Variable(
            "SENTRY_DSN",
            "where unforeseen errors are reported, without anything personal",
            validators.dsn,
            is_sensitive=True,
        ),
        Variable(
            "SENTRY_ENVIRONMENT",
            "the name that they are reported under",
            values=by_environment("dev", "staging", "production"),
            more="Traces, too.",
        ),
    ),
)


CHECKS = Section(
    "The checklist before a release",
    (
        Variable(
            "CHECK_MAIL_TO",
            "whom the check lets the site write to, where SMTP_HOST is a real mail server; mail to"
            " qa+anything@example.org has to arrive at qa@example.org",
            validators.email,
        ),
        Variable(
            "CHECK_INBOX_URL",
            "where that mail is read: imaps://user:password@host/INBOX, each part encoded as in any"
            " URL; or an address over HTTP",
            validators.inbox,
            is_sensitive=True,
        ),
    ),
)
