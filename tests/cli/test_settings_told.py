"""`contravento settings` tells what counts, and no secret."""

import json

import pytest
from typer.testing import CliRunner

from contravento.cli import main

SECRETS = {
    "SECRET_KEY": "Lq8-wPz4_tXv2Rk9" * 6,
    "DATABASE_URL": "postgresql+asyncpg://contravento_app:Zx7_mNb3-vCq@postgres:5432/diary",
    "DATABASE_REPLICA_URL": "postgresql://reader:Gh2_kLm9-sDf@replica/diary",
    "REDIS_URL": "redis://:Rt5_yHn8-bGv@redis:6379/1",
    "SENTRY_DSN": "https://0f1e2d3c4b5a@sentry.velo.test/7",
    "SMTP_PASSWORD": "Pk6_wQs1-xDz",
}
OTHERS = {"SMTP_HOST": "smtp.velo.test", "SMTP_FROM": "diary@velo.test", "SMTP_USER": "diary"}


def test_of_secrets_only_lengths_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**SECRETS, **OTHERS, "BCRYPT_ROUNDS": "14"}.items():
        monkeypatch.setenv(name, value)

    done = CliRunner().invoke(main.app, ["settings"])

    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert told["BCRYPT_ROUNDS"] == 14
    assert told["SECRET_KEY"] == "96 characters"
    assert told["DATABASE_URL"] == "postgresql+asyncpg://contravento_app:…@postgres:5432/diary"
    assert told["REDIS_URL"] == "redis://:…@redis:6379/1"
    assert told["SENTRY_DSN"] == "https://…@sentry.velo.test/7"
    assert told["DATABASE_REPLICA_URL"] == "postgresql://reader:…@replica/diary"
    for hidden in ("wPz4", "Zx7_", "Gh2_", "Rt5_", "0f1e", "Pk6_"):
        assert hidden not in done.output
