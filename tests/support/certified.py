"""A certificate for this machine that is its own authority."""

import subprocess
from pathlib import Path

NAME = "diary.example.test"
NAMES = f"subjectAltName=IP:127.0.0.1,DNS:{NAME}"
USAGE = "keyUsage=keyCertSign,digitalSignature"


def write_certificate(folder: Path) -> Path:
    """`server.pem` for 127.0.0.1 and NAME, which is returned, and `server.key` beside it."""
    certificate = folder / "server.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=tests",
            "-addext",
            NAMES,
            "-addext",
            USAGE,
            "-keyout",
            str(folder / "server.key"),
            "-out",
            str(certificate),
        ],
        check=True,
        capture_output=True,
    )
    return certificate
