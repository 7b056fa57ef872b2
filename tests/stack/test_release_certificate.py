"""renew-certificate and status where a certificate authority really answers."""

import time
from pathlib import Path

import pytest

from contravento_ops.kit.errors import Exit
from tests.stack.deployment import OVERLAY, wait_until, write_pebble
from tests.stack.docker import ROOT, docker
from tests.stack.releases import Host, a_host

pytestmark = pytest.mark.stack

AUTHORITY = "https://pebble:14000/dir"


def issuer(host: Host) -> str:
    certificate = host.ops("status", "--json").report["certificate"]
    return str(certificate["issuer"]) if certificate else ""


def test_a_renewed_certificate_is_what_visitors_get(tmp_path: Path, images: str) -> None:
    write_pebble(tmp_path / "pebble")
    with a_host(
        tmp_path,
        f"contravento:{images}",
        overlay=(ROOT / OVERLAY).read_text(),
        TEST_FOLDER=str(tmp_path),
        ACME_DIRECTORY=AUTHORITY,
        ACME_DRY_RUN_DIRECTORY=AUTHORITY,
        ACME_CA_BUNDLE=str(tmp_path / "pebble" / "ca.pem"),
        DATABASE_POOL_SIZE="5",
    ) as host:
        done = host.deploy(host.good("first"), "--skip", "firewall")
        assert done.status == Exit.DONE, done.words
        wait_until(lambda: "Pebble" in issuer(host), 120, "a certificate", every=2)
        before = host.ops("status", "--json").report["certificate"]
        time.sleep(1.1)  # the times in a certificate are whole seconds

        renewed = host.ops("renew-certificate", "--force", "--json")

        assert renewed.status == Exit.DONE, renewed.words
        assert renewed.report["seconds_until_served"] < 30
        after = host.ops("status", "--json").report["certificate"]
        assert after["issuer"].startswith("CN")
        assert after["not_before"] != before["not_before"]
        attempts = {
            each["name"]: each["verdict"]
            for each in host.ops("check-host", "--json").report["checks"]
        }
        assert attempts["ports"] == "ok"
        check_that_the_first_one_is_asked_for_at_once(host)


def check_that_the_first_one_is_asked_for_at_once(host: Host) -> None:
    """With the self-signed one only; what the authority answers, or that it does not, is said."""
    stored = "cd /etc/letsencrypt && rm -r live archive renewal accounts"  # Pebble forgets them
    docker("exec", f"{host.project}-certbot-1", "sh", "-c", stored)
    wait_until(lambda: "Pebble" not in issuer(host), 60, "the self-signed one", every=1)
    docker("stop", "--time", "1", f"{host.project}-pebble-1")

    refused = host.ops("renew-certificate", "--json")

    assert refused.status == Exit.DOCKER, refused.words
    assert "pebble" in refused.words
    docker("start", f"{host.project}-pebble-1")
    asked = host.ops("renew-certificate", "--json")
    assert asked.status == Exit.DONE, asked.words
    assert "Pebble" in issuer(host)
