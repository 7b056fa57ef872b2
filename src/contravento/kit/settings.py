"""Settings from environment variables, read once at the entry points."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from contravento import __version__
from contravento.kit.database_url import read_address

MIN_SECRET_CHARACTERS = 32
MIN_SECRET_DIFFERENT_CHARACTERS = 12
MIN_PRODUCTION_BCRYPT_ROUNDS = 10
PLACEHOLDERS = ("change", "example", "placeholder", "your-", "your_", "secret", "xxxxxx")


class SettingsError(Exception):
    """One sentence for each wrong value."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, validate_default=False
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What the environment says wins over what a program suggests."""
        return env_settings, init_settings

    app_name: str = "ContraVento"
    app_env: Literal["local", "development", "production"] = "production"
    debug: bool = False

    secret_key: SecretStr
    secret_key_previous: SecretStr | None = None
    algorithm: Literal["HS256"] = "HS256"
    access_token_expire_minutes: int = Field(15, ge=1, le=1440)
    refresh_token_expire_days: int = Field(30, ge=1, le=365)
    bcrypt_rounds: int = Field(12, ge=4, le=16)

    database_url: SecretStr
    database_direct_url: SecretStr | None = None
    database_wait_seconds: int = Field(0, ge=0, le=60)
    database_pool_size: int = Field(20, ge=1, le=200)
    database_replica_url: SecretStr | None = None
    # With the second for which the edge keeps it, two: what riders are promised.
    database_replica_max_lag_seconds: float = Field(1, ge=0.1, le=1)
    redis_url: SecretStr | None = None
    storage_url: str = "file:///var/lib/contravento/storage"
    storage_fallback_url: str | None = None
    storage_s3_endpoint: str | None = None
    storage_s3_region: str | None = None
    storage_s3_access_key: SecretStr | None = None
    storage_s3_secret_key: SecretStr | None = None

    rider_quota_megabytes: int = Field(20_000, ge=100, le=10_000_000)

    smtp_host: str | None = None
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_from: str | None = None
    smtp_tls: bool = True
    mail_folder: Path | None = None
    mail_allow_list: Annotated[tuple[str, ...], NoDecode] = ()

    domain: str = "localhost"
    public_url: str | None = None
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    trusted_proxies: str = "127.0.0.1"
    map_tiles_url: str | None = None
    x_robots_tag: str | None = None

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"
    metrics: bool = False
    git_commit: str = "unknown"
    sentry_dsn: SecretStr | None = None
    sentry_environment: str | None = None
    otel_exporter_otlp_endpoint: str | None = None

    web_concurrency: int = Field(1, ge=1, le=64)
    worker_processes: int = Field(2, ge=1, le=64)

    @property
    def base_url(self) -> str:
        """Where riders reach us, without a slash at the end; links in mails start with it."""
        return (self.public_url or f"https://{self.domain}").rstrip("/")

    @property
    def release(self) -> str:
        """What an error report or a trace says it comes from: version and commit."""
        return f"{__version__}+{self.git_commit}"

    @property
    def database(self) -> str:
        return self.database_url.get_secret_value()

    @property
    def database_direct(self) -> str:
        """For what needs a connection of its own: listening for jobs, migrations and their lock."""
        return (self.database_direct_url or self.database_url).get_secret_value()

    @property
    def is_pooled(self) -> bool:
        """Whether DATABASE_URL leads to a pooler, which lends a connection for a transaction."""
        return self.database_direct_url is not None

    @field_validator("cors_origins", "mail_allow_list", mode="before")
    @classmethod
    def _split_at_commas(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())

    @field_validator("cors_origins")
    @classmethod
    def _check_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            scheme, _, host = origin.partition("://")
            if scheme not in ("http", "https") or not host or "/" in host or "*" in host:
                raise ValueError(
                    f"'{origin}' is not an origin; write it like https://app.example.org"
                )
        return origins

    @field_validator("mail_allow_list")
    @classmethod
    def _check_allowed(cls, allowed: tuple[str, ...]) -> tuple[str, ...]:
        for address in allowed:
            if address.count("@") != 1 or "." not in address.partition("@")[2] or " " in address:
                raise ValueError(
                    f"'{address}' is neither an address nor a domain like @example.org"
                )
        return tuple(address.lower() for address in allowed)

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("http://", "https://")):
            raise ValueError("must start with https:// (or http:// on this machine only)")
        return url

    @field_validator("otel_exporter_otlp_endpoint", "storage_s3_endpoint")
    @classmethod
    def _check_address(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return url

    @field_validator("domain")
    @classmethod
    def _check_domain(cls, domain: str) -> str:
        if "/" in domain or " " in domain:
            raise ValueError("must be a bare host name such as diary.example.org")
        return domain

    @field_validator("database_url", "database_direct_url", "database_replica_url")
    @classmethod
    def _check_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value:
            read_address(value.get_secret_value())
        return value

    @field_validator("redis_url")
    @classmethod
    def _check_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must start with redis:// or rediss://")
        return value

    @field_validator("storage_url", "storage_fallback_url")
    @classmethod
    def _check_storage(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("file:///", "s3://")):
            raise ValueError("must start with file:/// or s3://")
        return url

    @field_validator("secret_key")
    @classmethod
    def _check_secret(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        secret = value.get_secret_value()
        weak = (
            len(secret) < MIN_SECRET_CHARACTERS
            or len(set(secret)) < MIN_SECRET_DIFFERENT_CHARACTERS
            or any(word in secret.lower() for word in PLACEHOLDERS)
        )
        if weak and info.data.get("app_env") == "production":
            raise ValueError(
                "is weak or a placeholder; make one with"
                ' python -c "import secrets; print(secrets.token_urlsafe(96))"'
            )
        return value

    @field_validator("bcrypt_rounds")
    @classmethod
    def _check_rounds(cls, rounds: int, info: ValidationInfo) -> int:
        if rounds < MIN_PRODUCTION_BCRYPT_ROUNDS and info.data.get("app_env") == "production":
            raise ValueError(
                f"{rounds} is too few when APP_ENV=production;"
                f" use {MIN_PRODUCTION_BCRYPT_ROUNDS} or more"
            )
        return rounds

    @model_validator(mode="after")
    def _check_places(self) -> Self:
        sentences = []
        if self.storage_fallback_url == self.storage_url:
            sentences.append("STORAGE_FALLBACK_URL: is STORAGE_URL itself; unset it")
        if bool(self.storage_s3_access_key) != bool(self.storage_s3_secret_key):
            sentences.append(
                "STORAGE_S3_SECRET_KEY: and STORAGE_S3_ACCESS_KEY go together; set both or neither"
            )
        if sentences:
            raise ValueError("\n".join(sentences))
        return self

    @model_validator(mode="after")
    def _check_mail(self) -> Self:
        sentences = []
        if not self.smtp_host and not self.mail_folder:
            sentences.append("SMTP_HOST: is missing, so nobody could confirm an address; set it")
        if self.app_env == "production" and self.mail_folder:
            sentences.append("MAIL_FOLDER: keeps mails where they can be read; unset it")
        if self.smtp_host and not self.smtp_from:
            sentences.append("SMTP_FROM: is missing; set the address that mails come from")
        if bool(self.smtp_user) != bool(self.smtp_password):
            sentences.append("SMTP_PASSWORD: and SMTP_USER go together; set both or neither")
        if sentences:
            raise ValueError("\n".join(sentences))
        return self


def load_settings(**suggestions: Any) -> Settings:
    """Settings from the environment; `suggestions` hold where the environment is silent.

    Raises SettingsError with one sentence for each wrong or missing value.
    """
    try:
        return Settings(**suggestions)
    except ValidationError as error:
        sentences = [line for problem in error.errors() for line in _sentences(problem)]
        raise SettingsError(sentences) from None


def _sentences(problem: Any) -> list[str]:
    name = "_".join(str(part) for part in problem["loc"]).upper()
    if problem["type"] == "missing":
        return [f"{name} is missing; set it in the environment."]
    message = str(problem["msg"]).removeprefix("Value error, ")
    if name:
        return [f"{name}: {message}."]
    return [f"{line}." for line in message.splitlines()]
