"""The certificate that a real server shows, read and judged."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from contravento.operations.certificates import (
    Certificate,
    NoCertificate,
    fetch_certificate,
    read_certificate,
)

DAY = timedelta(days=1)


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("certificate")
    shown, key = folder / "shown.pem", folder / "key.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "20000",
            "-subj",
            "/C=ES/O=Señales de Riaño/CN=localhost",
            "-utf8",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-keyout",
            str(key),
            "-out",
            str(shown),
        ],
        check=True,
        capture_output=True,
    )
    return shown, key


@pytest.fixture
async def port(pair: tuple[Path, Path]) -> AsyncIterator[int]:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*pair)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=tls)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_a_certificate_that_nobody_vouches_for_is_shown_with_the_reason(port: int) -> None:
    seen = await fetch_certificate("localhost", port, address="127.0.0.1")

    assert seen.issuer == "Señales de Riaño"
    assert "self-signed" in seen.refusal
    now = datetime.now(UTC)
    assert round(seen.days_left(now)) == 20_000  # beyond 2049, where dates are written otherwise
    assert seen.lifetime_left(now) > 0.999


async def test_a_trusted_certificate_is_not_refused(port: int, pair: tuple[Path, Path]) -> None:
    trusting = ssl.create_default_context(cafile=str(pair[0]))
    seen = await fetch_certificate("localhost", port, context=trusting)
    assert seen.refusal == ""


async def test_a_certificate_for_another_name_is_refused(
    port: int, pair: tuple[Path, Path]
) -> None:
    trusting = ssl.create_default_context(cafile=str(pair[0]))
    seen = await fetch_certificate("diary.example.org", port, address="127.0.0.1", context=trusting)
    assert "diary.example.org" in seen.refusal


async def test_where_nobody_listens_there_is_an_error() -> None:
    with pytest.raises(OSError, match=r"refused|failed"):
        await fetch_certificate("localhost", 1, address="127.0.0.1")


def test_openssl_agrees_about_the_dates(pair: tuple[Path, Path]) -> None:
    said = subprocess.run(
        ["openssl", "x509", "-in", str(pair[0]), "-noout", "-dates", "-dateopt", "iso_8601"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    seen = read_certificate(ssl.PEM_cert_to_DER_cert(pair[0].read_text()))
    assert f"notBefore={seen.not_before:%Y-%m-%d %H:%M:%S}Z" in said
    assert f"notAfter={seen.not_after:%Y-%m-%d %H:%M:%S}Z" in said


def test_the_share_of_a_lifetime_stays_between_none_and_all() -> None:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    seen = Certificate("", began, began + 90 * DAY)
    assert [seen.lifetime_left(began + days * DAY) for days in (-5, 0, 60, 90, 99)] == (
        pytest.approx([1, 1, 1 / 3, 0, 0])
    )


@given(st.binary(max_size=200))
def test_what_is_no_certificate_is_said_to_be_none(encoded: bytes) -> None:
    with pytest.raises(NoCertificate):
        read_certificate(encoded)


@given(st.data())
def test_a_damaged_certificate_is_read_or_refused(
    pair: tuple[Path, Path], data: st.DataObject
) -> None:
    whole = bytearray(ssl.PEM_cert_to_DER_cert(pair[0].read_text()))
    whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(NoCertificate):
        read_certificate(bytes(whole))


def test_a_certificate_of_no_known_version_is_refused(pair: tuple[Path, Path]) -> None:
    whole = bytearray(ssl.PEM_cert_to_DER_cert(pair[0].read_text()))
    whole[12] = 1  # the version's number
    with pytest.raises(NoCertificate):
        read_certificate(bytes(whole))
