"""Where an environment listens on its host, and what Compose is told of it."""

from contravento_ops.environment import validators
from contravento_ops.environment.variables.variable import SERVED, Section, Variable

PORTS = Section(
    "Addresses on this host",
    (
        Variable(
            "HTTP_PORT",
            "the site's port on this host, in dev only",
            validators.port,
            {"dev": "8080"},
        ),
        Variable(
            "MAIL_PORT",
            "the mailbox's port on this host, in dev only",
            validators.port,
            {"dev": "8025"},
        ),
        Variable(
            "POSTGRES_PORT",
            "where psql of this host finds the database, with tools in COMPOSE_PROFILES",
            validators.port,
            default="5432",
        ),
        Variable(
            "REDIS_PORT",
            "where redis-cli of this host finds Redis, with tools in COMPOSE_PROFILES",
            validators.port,
            default="6379",
        ),
        Variable(
            "NETWORK_PREFIX",
            "the first three numbers of the containers' network; two environments on one host need"
            " two",
            validators.prefix,
            {"dev": "10.213.43"},
            required=frozenset({"dev"}),
            is_added=True,
            default="10.213.42",
        ),
        Variable(
            "COMPOSE_PROFILES",
            "what runs besides the rest: monitoring, mail for a mailbox of this host, and tools to"
            " let psql and redis-cli of this host in",
            validators.some_of("monitoring", "mail", "tools"),
            {"staging": "monitoring,tools", "prod": "monitoring"},
            required=SERVED,
            is_added=True,
        ),
        Variable(
            "ENVIRONMENT_FILE",
            "this file, where it is not beside deploy.sh; backups keep it",
            validators.path,
        ),
        Variable(
            "TAG",
            "the release that serves; deploy.sh writes it",
            validators.tag,
        ),
        Variable(
            "SECRETS_MADE",
            "when each secret was made, in seconds since 1970; init and rotate write it",
            validators.moments,
        ),
    ),
)
