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
            default="ContraVento",
        ),
        Variable(
            "APP_ENV",
            "production refuses weak secrets and mails kept as files; nothing else depends on it",
            validators.one_of("local", "development", "production"),
            by_environment("development", "production", "production"),
            required=ALL,
            default="production",
            more=(
                "It also refuses few bcrypt rounds; `development` and `local` refuse none of these."
            ),
        ),
        Variable(
            "DEBUG",
            "true shows the API's documentation at /docs; never outside dev",
            validators.boolean,
            same("false"),
            default="false",
        ),
        Variable(
            "DOMAIN",
            "the host name that riders use, without https://",
            validators.domain,
            by_environment("localhost", "staging.example.org", "diary.example.org"),
            required=ALL,
            asked="The host name of the site",
            default="localhost",
            more="Links in mails start with `https://` and it.",
        ),
        Variable(
            "PUBLIC_URL",
            "the whole address, where it is not https:// and DOMAIN",
            validators.site,
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
            more="At least 32 characters in production; better 96 random ones.",
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
            default="HS256",
        ),
        Variable(
            "ACCESS_TOKEN_EXPIRE_MINUTES",
            "how long an access token is good",
            validators.integer(1, 1440),
            same("15"),
            default="15",
        ),
        Variable(
            "REFRESH_TOKEN_EXPIRE_DAYS",
            "how long somebody stays signed in",
            validators.integer(1, 365),
            same("30"),
            default="30",
            more="Also how long a browser stays signed in.",
        ),
        Variable(
            "BCRYPT_ROUNDS",
            "each one more doubles the time of a sign-in, and of a guess",
            validators.integer(4, 16),
            by_environment("10", "12", "14"),
            required=ALL,
            default="12",
            more="Passwords are hashed anew at the next sign-in when it changes.",
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
            more="Nothing is written there; deleting deletes in both.",
        ),
        Variable(
            "STORAGE_S3_ENDPOINT",
            "of S3-compatible storage for s3://…, such as https://s3.example.org; without it"
            " Amazon's",
            validators.url("http", "https"),
            more="Or `AWS_ENDPOINT`.",
        ),
        Variable(
            "STORAGE_S3_REGION",
            "of the bucket",
            default="us-east-1",
            more="Or `AWS_REGION`.",
        ),
        Variable(
            "STORAGE_S3_ACCESS_KEY",
            "whom that storage knows: it may list, read, write and delete in the bucket",
            is_sensitive=True,
            more=(
                "Both keys or neither; without them those in `AWS_ACCESS_KEY_ID` and its "
                "like, or the machine's own."
            ),
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
            default="1",
        ),
        Variable(
            "WORKER_PROCESSES",
            "processes in which the worker reads tracks and shrinks photos",
            validators.integer(1, 64),
            by_environment("1", "2", "2"),
            default="2",
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
            default="587",
        ),
        Variable(
            "SMTP_TLS",
            "TLS from the first byte on port 465, STARTTLS on any other",
            validators.boolean,
            by_environment("false", "true", "true"),
            default="true",
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
            default="INFO",
        ),
        Variable(
            "LOG_FORMAT",
            "json, or console for people",
            validators.one_of("json", "console"),
            same("json"),
            default="json",
        ),
        Variable(
            "METRICS",
            "whether backend and worker tell their figures to whoever asks from inside",
            validators.boolean,
            same("true"),
            default="false",
            more=(
                "The web process at `/metrics`, to whoever does not come through a proxy; the "
                "worker on its own `HOST` and `PORT`."
            ),
        ),
        Variable(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "a collector that takes traces by OTLP over HTTP, such as http://collector:4318",
            validators.url("http", "https"),
            more=(
                "Traces of requests, SQL statements and jobs; without it nothing of it is "
                "even loaded."
            ),
        ),
    ),
)


WITHOUT_COMPOSE = Section(
    "Without Compose, which sets these itself",
    (
        Variable(
            "TRUSTED_PROXIES",
            "addresses whose X-Forwarded-* headers are believed",
            default="127.0.0.1",
        ),
        Variable(
            "X_ROBOTS_TAG",
            "what every answer tells search engines, such as `noindex, nofollow`, where no proxy in"
            " front says so",
        ),
        Variable(
            "MAIL_FOLDER",
            "instead of a mail server: mails become files there and are shown at /outbox, to"
            " everybody",
        ),
        Variable(
            "GIT_COMMIT",
            "the commit that this build was made of; told in metrics, error reports and traces",
            default="unknown",
        ),
    ),
)
