"""Settings: what is wrong is said in one sentence each, and nothing secret is shown."""

import os
from pathlib import Path

import pytest

from contravento.kit.settings import Settings, SettingsError, load_settings
from tests.conftest import SECRET

GOOD = {
    "SECRET_KEY": SECRET,
    "DATABASE_URL": "postgresql://diary:pa55word@db/diary",
    "SMTP_HOST": "mail.example.org",
    "SMTP_FROM": "diary@example.org",
}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a test says is in the environment."""
    for name in list(os.environ):
        if name.lower() in Settings.model_fields:
            monkeypatch.delenv(name)


def load(monkeypatch: pytest.MonkeyPatch, **changes: str | None) -> Settings:
    for name, value in {**GOOD, **changes}.items():
        if value is not None:
            monkeypatch.setenv(name, value)
    return load_settings()


def test_a_server_needs_little_said(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = load(monkeypatch)
    assert (chosen.app_env, chosen.debug, chosen.bcrypt_rounds) == ("production", False, 12)
    assert chosen.base_url == "https://localhost"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SECRET_KEY", None, "SECRET_KEY is missing; set it in the environment."),
        ("SECRET_KEY", "short", "SECRET_KEY: is weak or a placeholder;"),
        ("SECRET_KEY", "a" * 64, "SECRET_KEY: is weak or a placeholder;"),
        ("SECRET_KEY", "change-me-" + SECRET, "SECRET_KEY: is weak or a placeholder;"),
        ("DATABASE_URL", None, "DATABASE_URL is missing; set it in the environment."),
        ("DATABASE_URL", "mysql://db/diary", "DATABASE_URL: must start with postgresql://"),
        ("DATABASE_URL", "no url", "DATABASE_URL: is not a database URL."),
        (
            "DATABASE_REPLICA_URL",
            "mysql://db/x",
            "DATABASE_REPLICA_URL: must start with postgresql",
        ),
        ("DATABASE_REPLICA_MAX_LAG_SECONDS", "2", "DATABASE_REPLICA_MAX_LAG_SECONDS: "),
        ("DATABASE_REPLICA_MAX_LAG_SECONDS", "0", "DATABASE_REPLICA_MAX_LAG_SECONDS: "),
        ("BCRYPT_ROUNDS", "4", "BCRYPT_ROUNDS: 4 is too few when APP_ENV=production;"),
        ("BCRYPT_ROUNDS", "many", "BCRYPT_ROUNDS: "),
        ("REDIS_URL", "http://cache", "REDIS_URL: must start with redis:// or rediss://."),
        ("STORAGE_URL", "/srv/files", "STORAGE_URL: must start with file:/// or s3://."),
        ("CORS_ORIGINS", "*", "CORS_ORIGINS: '*' is not an origin;"),
        (
            "CORS_ORIGINS",
            "https://a.org/x",
            "CORS_ORIGINS: 'https://a.org/x' is not an origin",
        ),
        ("DOMAIN", "https://diary.org", "DOMAIN: must be a bare host name"),
        ("PUBLIC_URL", "diary.org", "PUBLIC_URL: must start with https://"),
        ("SMTP_HOST", None, "SMTP_HOST: is missing, so nobody could confirm an address; set it."),
        ("SMTP_FROM", None, "SMTP_FROM: is missing;"),
        ("SMTP_USER", "diary", "SMTP_PASSWORD: and SMTP_USER go together; set both or neither."),
        ("SMTP_PORT", "70000", "SMTP_PORT: "),
        ("MAIL_FOLDER", "/tmp/mail", "MAIL_FOLDER: keeps mails where they can be read; unset it."),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL: "),
        ("APP_ENV", "staging", "APP_ENV: "),
        ("ALGORITHM", "none", "ALGORITHM: "),
        ("DATABASE_POOL_SIZE", "0", "DATABASE_POOL_SIZE: "),
    ],
)
def test_each_wrong_value_has_its_sentence(
    name: str, value: str | None, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError) as refused:
        load(monkeypatch, **{name: value})
    assert any(each.startswith(sentence) for each in refused.value.sentences), refused.value
    assert all(sentence.endswith((".", ")", '"')) for sentence in refused.value.sentences)


def test_every_wrong_value_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as refused:
        load(monkeypatch, SECRET_KEY=None, DATABASE_URL="mysql://x", STORAGE_URL="x")
    assert len(refused.value.sentences) == 3


def test_no_sentence_repeats_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as refused:
        load(monkeypatch, SECRET_KEY="hunter2", DATABASE_URL="mysql://u:hunter2@db/x")
    assert "hunter2" not in str(refused.value)


def test_settings_do_not_print_their_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = load(
        monkeypatch, SMTP_USER="u", SMTP_PASSWORD="hunter2", REDIS_URL="redis://:hunter2@cache"
    )
    shown = f"{chosen!r} {chosen} {chosen.model_dump()}"
    for secret in ("hunter2", "pa55word", SECRET):
        assert secret not in shown


def test_the_environment_wins_over_a_suggestion(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DOMAIN", "diary.example.org")
    chosen = load_settings(domain="suggested.example.org", storage_url=tmp_path.as_uri())
    assert chosen.base_url == "https://diary.example.org"
    assert chosen.storage_url == tmp_path.as_uri()


def test_an_empty_value_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, REDIS_URL="", SENTRY_DSN="").redis_url is None


def test_origins_are_a_list_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = load(monkeypatch, CORS_ORIGINS="https://a.org, http://localhost:5173,")
    assert chosen.cors_origins == ("https://a.org", "http://localhost:5173")
