"""A certificate for this machine that is its own authority."""

import subprocess
from pathlib import Path


def write_certificate(folder: Path) -> Path:
    """`server.pem` for 127.0.0.1, which is returned, and `server.key` beside it."""
    certificate = folder / "server.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *(
                "-addext",
                "subjectAltName=IP:127.0.0.1",
                "-addext",
                "keyUsage=keyCertSign,digitalSignature",
            ),
            *("-keyout", str(folder / "server.key"), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate
