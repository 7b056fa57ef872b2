"""A certificate's times are read from the very bytes that nginx shows."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent.parent.parent / "deploy" / "monitoring"


@pytest.fixture
def certificate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(FOLDER))
    import certificate as module  # type: ignore[import-not-found]  # noqa: PLC0415

    yield module
    sys.modules.pop("certificate", None)


AUTHORITY = """
[ca]
default_ca = own
[own]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
[any]
commonName = supplied
"""


def made(folder: Path, begins: str, ends: str) -> bytes:
    """In DER, as OpenSSL makes it."""
    (folder / "ca.cnf").write_text(AUTHORITY)
    (folder / "index.txt").touch()
    (folder / "serial").write_text("01\n")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    name = ("-subj", "/CN=diary.example.org")
    dates = ("-startdate", begins, "-enddate", ends)
    for words in (
        ("req", *key, *name, "-keyout", "key.pem", "-out", "request.pem"),
        (
            "ca",
            "-batch",
            "-selfsign",
            "-config",
            "ca.cnf",
            "-keyfile",
            "key.pem",
            "-in",
            "request.pem",
            "-out",
            "it.pem",
            "-notext",
            *dates,
        ),
        ("x509", "-in", "it.pem", "-outform", "DER", "-out", "it.der"),
    ):
        subprocess.run(["openssl", *words], cwd=folder, capture_output=True, check=True)
    return (folder / "it.der").read_bytes()


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        ("20261123100000Z", "20270221095959Z"),
        ("20200101000000Z", "20200401000000Z"),  # expired
        ("19991231235959Z", "20000102000000Z"),
        ("20490101000000Z", "20560101000000Z"),  # from 2050 on the times are written differently
    ],
)
def test_both_times_are_read(certificate: Any, tmp_path: Path, begins: str, ends: str) -> None:
    found = certificate.validity(made(tmp_path, begins, ends))

    assert [f"{datetime.fromtimestamp(each, UTC):%Y%m%d%H%M%SZ}" for each in found] == [
        begins,
        ends,
    ]


def test_what_is_no_certificate_is_refused(certificate: Any) -> None:
    with pytest.raises(ValueError, match="no times"):
        certificate.validity(b"nothing of the kind")
