"""A support bundle holds no secret, however it is written; it looks twice."""

import base64
import io
import json
import tarfile
from pathlib import Path
from urllib.parse import quote

import pytest

from contravento_ops.environment import file
from contravento_ops.kit.errors import CommandError
from contravento_ops.operate import support
from tests.ops.making import make_file

SECRET = 'pa$s/"w+ö rd=7Qx'
SECRETS = {SECRET: "SMTP_PASSWORD"}

WRITTEN = {
    "plain": SECRET,
    "URL": quote(SECRET, safe=""),
    "URL with slashes": quote(SECRET),
    "form": quote(SECRET, safe="").replace("%20", "+"),
    "JSON": json.dumps(SECRET),
    "JSON with umlauts": json.dumps(SECRET, ensure_ascii=False),
    "Compose": SECRET.replace("$", "$$"),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "URL-safe base64": base64.urlsafe_b64encode(SECRET.encode()).decode(),
    "base64 without padding": base64.b64encode(SECRET.encode()).decode().rstrip("="),
    "Basic credentials": base64.b64encode(f"diary:{SECRET}".encode()).decode(),
    "hex": SECRET.encode().hex(),
    "HEX": SECRET.encode().hex().upper(),
}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN.keys())
def test_a_secret_is_removed_however_it_is_written(written: str) -> None:
    redacted = support.redact(f"before {written} after", SECRETS)

    assert "before " in redacted
    assert "after" in redacted
    assert "SMTP_PASSWORD" in redacted
    assert support.found_in(redacted, SECRETS) == []


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN.keys())
def test_the_second_look_finds_what_the_first_did_not_remove(written: str) -> None:
    assert support.found_in(f"x {written} y", SECRETS) == ["SMTP_PASSWORD"]


def test_a_bundle_with_a_secret_in_it_is_refused() -> None:
    canary = base64.b64encode(f"user:{support.CANARY}".encode()).decode()

    with pytest.raises(CommandError, match=r"logs\.txt still holds CANARY"):
        support.refuse_secrets({"logs.txt": f"Authorization: {canary}"}, {support.CANARY: "CANARY"})


def test_keys_and_addresses_go_by_their_look() -> None:
    key = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----"

    assert support.redact(f"{key} of maite@velo.test", {}) == "[private key] of [address]"


def test_every_sensitive_value_of_every_file_counts_as_a_secret(tmp_path: Path) -> None:
    found = file.read(make_file(tmp_path))
    assert found

    names = set(support.secrets_of([found]).values())

    assert {"SECRET_KEY", "POSTGRES_PASSWORD", "SMTP_PASSWORD", "DATABASE_URL"} <= names
    assert "DOMAIN" not in names


def test_an_unknown_name_is_taken_for_a_secret() -> None:
    assert support.secrets_of([file.parse("MY_TOKEN=abcdefgh")]) == {"abcdefgh": "MY_TOKEN"}


def test_the_bundle_is_a_readable_archive() -> None:
    packed = support.pack({"a.txt": "ä\n"})

    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        member = archive.extractfile("support/a.txt")
        assert member
        assert member.read().decode() == "ä\n"
