"""TLS as Mozilla's intermediate configuration says it, seen by clients of several kinds."""

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.stack.deployment import DOMAIN, Deployment, wait_until
from tests.stack.docker import docker
from tests.stack.load import steady

pytestmark = pytest.mark.stack

SCAN_SECONDS = 300
ABOVE_LOW = {"MEDIUM", "HIGH", "CRITICAL"}
# What the scanner may complain about, and why it is so all the same.
EXPECTED = {
    "cert_chain_of_trust": "Pebble's root is private",
    "cert_revocation": "Pebble names no revocation list; Let's Encrypt does",
    "BREACH": "no page holds a secret that stays the same (docs/decisions/compressed-pages.md)",
    "cipher_order": "all suites are good, and a phone knows best which of them is fast on it",
}
ECDSA_SUITES = {
    *("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"),
    "ECDHE-ECDSA-CHACHA20-POLY1305",
}
OTHER_SUITES = (
    *("ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-RSA-AES128-GCM-SHA256"),
    *("AES128-GCM-SHA256", "DHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-CCM"),
)


def handshake(deployment: Deployment, *options: str) -> str:
    """What a current OpenSSL, in a container beside, says about a connection."""
    line = f"openssl s_client -connect {DOMAIN}:443 -servername {DOMAIN} {' '.join(options)}"
    return docker(
        "run",
        "--rm",
        "--network",
        f"{deployment.project}_edge",
        "nginx:1.30-trixie",
        "sh",
        "-c",
        f"{line} </dev/null 2>&1 || true",
    )


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_current_versions_are_spoken(staging: Deployment, version: str) -> None:
    said = handshake(staging, version)
    assert f"New, TLSv1.{version[-1]}, Cipher is" in said
    assert "Cipher is (NONE)" not in said


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_versions_are_not(staging: Deployment, version: str) -> None:
    assert "Cipher is (NONE)" in handshake(staging, version, "-cipher", "ALL:@SECLEVEL=0")


def test_only_good_suites_are_spoken(staging: Deployment) -> None:
    for suite in ECDSA_SUITES:
        assert f"Cipher is {suite}" in handshake(staging, "-tls1_2", "-cipher", suite), suite
    for suite in OTHER_SUITES:
        said = handshake(staging, "-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0")
        assert "Cipher is (NONE)" in said, suite


def test_keys_are_agreed_upon_in_good_groups(staging: Deployment) -> None:
    """The one that withstands quantum computers comes first."""
    assert "Negotiated TLS1.3 group: X25519MLKEM768" in handshake(staging)
    for group in ("X25519", "prime256v1", "secp384r1"):
        said = handshake(staging, "-tls1_3", "-groups", group)
        assert "Cipher is TLS_" in said, group
    for group in ("secp521r1", "X448", "ffdhe2048"):
        assert "Cipher is (NONE)" in handshake(staging, "-tls1_3", "-groups", group), group


def test_the_certificate_is_ecdsa_and_nothing_is_stapled_or_ticketed(staging: Deployment) -> None:
    said = handshake(staging, "-tls1_2", "-status")
    assert "OCSP Response Status" not in said
    assert "TLS session ticket:" not in said
    shown = openssl(staging.served(), "-text", "-noout")
    assert "ASN1 OID: prime256v1" in shown
    assert f"DNS:{DOMAIN}" in shown


def test_a_scanner_finds_nothing_above_low(staging: Deployment, tmp_path: Path) -> None:
    scanner = shutil.which("testssl") or shutil.which("testssl.sh")
    if scanner is None:
        if os.environ.get("CI"):
            pytest.fail("testssl.sh is not installed in CI")
        pytest.skip("testssl.sh is not installed; apt install testssl.sh")
    found = tmp_path / "found.json"
    aspects = ("-p", "-s", "-f", "-P", "-S", "-h", "-U")
    subprocess.run(
        [
            scanner,
            "--quiet",
            "--color",
            "0",
            "--warnings",
            "off",
            "--ip",
            "127.0.0.1",
            *aspects,
            "-oj",
            str(found),
            f"https://{DOMAIN}:{staging.port('HTTPS')}",
        ],
        capture_output=True,
        timeout=SCAN_SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )

    findings = json.loads(found.read_text())
    assert len(findings) > 60, "the scan broke off"
    bad = [finding for finding in findings if finding["severity"] in ABOVE_LOW]
    unexpected = [each for each in bad if not each["id"].startswith(tuple(EXPECTED))]
    assert unexpected == []


def test_a_forced_renewal_changes_the_certificate_and_fails_no_request(staging: Deployment) -> None:
    before = serial(staging)
    with staging.client() as client, steady(client, lambda each: each.get("/health")) as stream:
        staging.exec("certbot", "certbot", "renew", "--force-renewal")
        wait_until(lambda: serial(staging) != before, 30, "nginx takes the new certificate over")
        wait_until(lambda: "serving the stored" in staging.logs("nginx"), 15, "and compares")
        answered = len(stream.answers)
        wait_until(lambda: len(stream.answers) > answered + 20, 10, "the stream goes on")

    assert stream.unwell == []
    assert len(stream.answers) > 50
    with staging.client() as client:  # a new connection, judged by the authority's root
        assert client.get("/health").status_code == 200


def test_the_plain_renewal_command_leaves_a_fresh_certificate_alone(staging: Deployment) -> None:
    before = serial(staging)
    said = staging.exec("certbot", "certbot", "renew")
    assert "not yet due" in said
    assert serial(staging) == before


def test_the_plain_reload_command_works(staging: Deployment) -> None:
    staging.exec("nginx", "nginx", "-s", "reload")
    with staging.client() as client:
        assert client.get("/health").status_code == 200


def test_a_visitor_who_speaks_no_tls_is_told_so(staging: Deployment) -> None:
    with socket.create_connection(("127.0.0.1", staging.port("HTTPS")), timeout=5) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert plain.recv(100)[:12] in (b"", b"HTTP/1.1 400")


def serial(deployment: Deployment) -> str:
    return openssl(deployment.served(), "-serial", "-noout")


def openssl(certificate: bytes, *options: str) -> str:
    done = subprocess.run(
        ["openssl", "x509", "-inform", "DER", *options],
        input=certificate,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode()
