"""What the application reads: site, secrets, files, mail, logs."""

from contravento_ops.environment import validators
from contravento_ops.environment.variables.variable import (
    ALL,
    CATCHER,
    Section,
    Variable,
    by_environment,
    long,
    same,
)

SITE = Section(
    "The site",
    (
        Variable(
            "APP_NAME",
            "shown in titles and mails",
            values=by_environment("ContraVento-Dev", "ContraVento-Staging", "ContraVento"),
        ),
        Variable(
            "APP_ENV",
            "production refuses weak secrets and mails kept as files; nothing else depends on it",
            validators.one_of("local", "development", "production"),
            by_environment("development", "production", "production"),
            required=ALL,
        ),
        Variable(
            "DEBUG",
            "true shows the API's documentation at /docs; never outside dev",
            validators.boolean,
            same("false"),
        ),
        Variable(
            "DOMAIN",
            "the host name that riders use, without https://",
            validators.domain,
            by_environment("localhost", "staging.example.org", "diary.example.org"),
            required=ALL,
            asked="The host name of the site",
        ),
        Variable(
            "PUBLIC_URL",
            "the whole address, where it is not https:// and DOMAIN",
            validators.url("http", "https"),
            {"dev": "http://localhost:8080"},
        ),
        Variable(
            "CORS_ORIGINS",
            "origins of other sites whose scripts may use the API, separated by commas",
            validators.origins,
        ),
        Variable(
            "MAP_TILES_URL",
            "raster tiles under the maps, with {z}, {x}, {y}; without it maps show land, borders",
            validators.url("http", "https"),
        ),
    ),
)


SECRETS = Section(
    "Secrets and sign-ins",
    (
        Variable(
            "SECRET_KEY",
            "signs access tokens",
            lengths=long(96, 96, 128),
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
            validators.one_of("HS256"),
            same("HS256"),
        ),
        Variable(
            "ACCESS_TOKEN_EXPIRE_MINUTES",
            "how long an access token is good",
            validators.integer(1, 1440),
            same("15"),
        ),
        Variable(
            "REFRESH_TOKEN_EXPIRE_DAYS",
            "how long somebody stays signed in",
            validators.integer(1, 365),
            same("30"),
        ),
        Variable(
            "BCRYPT_ROUNDS",
            "each one more doubles the time of a sign-in, and of a guess",
            validators.integer(4, 16),
            by_environment("10", "12", "14"),
            required=ALL,
        ),
    ),
)


FILES = Section(
    "Files and processes",
    (
        Variable(
            "STORAGE_URL",
            "where photos and tracks are kept: a folder in the volume, or s3://bucket/prefix;"
            " move-storage changes it where there are files already",
            validators.url("file", "s3"),
            default="file:///var/lib/contravento/storage",
        ),
        Variable(
            "STORAGE_FALLBACK_URL",
            "where files are looked for besides, while they move; move-storage sets it",
            validators.url("file", "s3"),
        ),
        Variable(
            "STORAGE_S3_ENDPOINT",
            "of S3-compatible storage for s3://…, such as https://s3.example.org; without it"
            " Amazon's",
            validators.url("http", "https"),
        ),
        Variable(
            "STORAGE_S3_REGION",
            "of the bucket",
            default="us-east-1",
        ),
        Variable(
            "STORAGE_S3_ACCESS_KEY",
            "whom that storage knows: it may list, read, write and delete in the bucket",
            is_sensitive=True,
        ),
        Variable(
            "STORAGE_S3_SECRET_KEY",
            "that key's secret",
            is_sensitive=True,
        ),
        Variable(
            "RIDER_QUOTA_MEGABYTES",
            "how much each rider may store: tracks and photos as they were sent",
            validators.integer(100, 10_000_000),
            default="20000",
        ),
        Variable(
            "WEB_CONCURRENCY",
            "web processes in each backend",
            validators.integer(1, 64),
            same("1"),
        ),
        Variable(
            "WORKER_PROCESSES",
            "processes in which the worker reads tracks and shrinks photos",
            validators.integer(1, 64),
            by_environment("1", "2", "2"),
        ),
    ),
)


MAIL = Section(
    "Mail",
    (
        Variable(
            "SMTP_HOST",
            "the mail server; a name without a dot is a service of ours, such as `mail`",
            validators.domain,
            by_environment(CATCHER, "smtp.example.org", "smtp.example.org"),
            required=ALL,
            asked="The mail server",
        ),
        Variable(
            "SMTP_PORT",
            "587 with STARTTLS, 465 with TLS from the first byte",
            validators.port,
            by_environment("1025", "587", "587"),
            asked="Its port",
        ),
        Variable(
            "SMTP_TLS",
            "TLS from the first byte on port 465, STARTTLS on any other",
            validators.boolean,
            by_environment("false", "true", "true"),
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
            validators.email,
            by_environment(
                "contravento@localhost.localdomain", "staging@example.org", "diary@example.org"
            ),
            required=ALL,
            asked="The address that mails come from",
        ),
        Variable(
            "MAIL_ALLOW_LIST",
            "only these addresses and domains are written to (qa@example.org, @example.org); mails"
            " to others are held back: logged and counted, not sent. Staging needs it unless mails"
            " go to a catcher",
            validators.allow_list,
            {"staging": "@example.org"},
            asked="Who may be written to from staging",
        ),
    ),
)


LOGS = Section(
    "Logs",
    (
        Variable(
            "LOG_LEVEL",
            "DEBUG, INFO, WARNING or ERROR",
            validators.one_of("DEBUG", "INFO", "WARNING", "ERROR"),
            by_environment("INFO", "INFO", "WARNING"),
        ),
        Variable(
            "LOG_FORMAT",
            "json, or console for people",
            validators.one_of("json", "console"),
            same("json"),
        ),
        Variable(
            "METRICS",
            "whether backend and worker tell their figures to whoever asks from inside",
            validators.boolean,
            same("true"),
        ),
        Variable(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "a collector that takes traces by OTLP over HTTP, such as http://collector:4318",
            validators.url("http", "https"),
        ),
    ),
)
