"""A host with a whole staging on it, ready to be checked: certified, administered, backed up."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from contravento_ops.kit.errors import Exit
from tests.stack.deployment import OVERLAY, tell, trusting_anybody, wait_until, write_pebble
from tests.stack.docker import PATIENT_SECONDS, ROOT
from tests.stack.releases import Host, a_host

AUTHORITY = "https://pebble:14000/dir"
BACKUP_SECONDS = 120
COUNTED = (
    "SELECT (SELECT count(*) FROM riders), (SELECT count(*) FROM trips),"
    " (SELECT count(*) FROM tracks), (SELECT count(*) FROM photos)"
)
FILL = """\
INSERT INTO riders (username, email, password_hash, name, confirmed_at)
SELECT 'rider_' || n, 'rider' || n || '@example.org', '$2b$', 'Rider ' || n, now()
FROM generate_series(1, 100) AS n;
INSERT INTO trips (rider_id, key, title, story, excerpt, starts_on, ends_on, tags, published_at,
                   distance_metres, ascent_metres, descent_metres, highest_metres, lowest_metres,
                   countries)
SELECT (SELECT array_agg(id) FROM riders WHERE username LIKE 'rider\\_%')[1 + n % 100],
       translate(lpad(to_hex(n), 12, '0'), '01', 'xy'),
       'Day ' || n || ' along the river', repeat('The road keeps to the north bank. ', 40),
       'After Zamora the only shade was our own (' || n || ').',
       date '2020-01-01' + n % 2000, date '2020-01-05' + n % 2000, ARRAY['gravel', 'river'],
       timestamptz '2015-01-01' + n * interval '10 minutes',
       100000 + n, 1000 + n % 900, 990, 1200, 4, ARRAY['ES', 'PT']
FROM generate_series(1, 10000) AS n;
ANALYZE trips;
ANALYZE riders;
"""


@contextmanager
def a_checked_host(
    folder: Path,
    tag: str,
    *,
    prepare: Callable[[Path], None] = lambda folder: None,
    **settings: str,
) -> Iterator[Host]:
    """Everything of staging, as the check of a release finds it; 10,000 trips are in it.

    `prepare` may change the host's files before anything is started.
    """
    write_pebble(folder / "pebble")
    bundle = folder / "pebble" / "ca.pem"
    with a_host(
        folder,
        f"contravento:{tag}",
        "staging",
        overlay=(ROOT / OVERLAY).read_text(),
        is_watched=True,
        TEST_FOLDER=str(folder),
        ACME_DIRECTORY=AUTHORITY,
        ACME_DRY_RUN_DIRECTORY=AUTHORITY,
        ACME_CA_BUNDLE=str(bundle),
        SMTP_HOST="mail",
        SMTP_PORT="1025",
        SMTP_TLS="false",
        MAIL_ALLOW_LIST="",
        **settings,
    ) as host:
        leave_grafana_out(folder)
        prepare(folder)
        done = host.deploy(host.base, "--skip", "firewall")
        assert done.status == Exit.DONE, done.words
        wait_until(lambda: "Pebble" in _issuer(host), 120, "a certificate", every=2)
        trust(host, bundle)
        host.psql(FILL)
        make_administrator(host)
        wait_until(lambda: _is_backed_up(host), BACKUP_SECONDS, "a proven set", every=3)
        yield host


def assert_is_go(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    """Every box is green, and what the check made for it is gone."""
    before = host.psql(COUNTED)

    answer = host.ops("check", "--json")

    report: dict[str, Any] = answer.report
    bad = {each["name"]: each for each in report["boxes"] if each["outcome"] != "green"}
    tell(capsys, f"{report['verdict']} after {report['seconds']} s")
    for each in sorted(report["boxes"], key=lambda each: -each["seconds"])[:6]:
        tell(capsys, f"  {each['seconds']:5.1f} s  {each['name']}: {each['sentence']}")
    assert bad == {}, json.dumps(bad, indent=1)
    assert answer.status == Exit.DONE
    assert report["verdict"] == "GO"
    assert host.psql(COUNTED) == before


def leave_grafana_out(folder: Path) -> None:
    """What stands in for it here draws nothing and has no figures of its own."""
    file = folder / "monitoring" / "prometheus" / "prometheus.yml"
    before, job, _ = file.read_text().partition("  - job_name: grafana\n")
    assert job
    file.write_text(before)


def trust(host: Host, bundle: Path) -> None:
    """The test's authority, as a host trusts a private one: by ACME_CA_BUNDLE."""
    port = value_in(host, "TEST_PEBBLE_PORT")
    url = f"https://127.0.0.1:{port}/roots/0"
    found = httpx.get(url, verify=trusting_anybody(), timeout=PATIENT_SECONDS)
    with bundle.open("a") as opened:
        opened.write(found.raise_for_status().text)
    in_compose(host, "restart", "--timeout", "3", "blackbox")
    wait_until(
        lambda: all(container.is_well for container in host.compose.containers("blackbox")),
        PATIENT_SECONDS,
        "blackbox is well again",
    )


def make_administrator(host: Host) -> None:
    host.psql(
        "INSERT INTO riders (username, email, password_hash, confirmed_at, is_admin)"
        " VALUES ('olive', 'olive@example.org', '$2b$', now(), true)"
    )


def in_compose(host: Host, *words: str) -> str:
    call = host.compose.call(*words)
    done = subprocess.run(call.words, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{call}\n{done.stdout}{done.stderr}"
    return done.stdout


def value_in(host: Host, name: str) -> str:
    lines = (host.folder / ".env.staging").read_text().splitlines()
    (found,) = [line.partition("=")[2] for line in lines if line.startswith(f"{name}=")]
    return found


def _issuer(host: Host) -> str:
    certificate = host.ops("status", "--json").report.get("certificate")
    return str(certificate["issuer"]) if certificate else ""


def _is_backed_up(host: Host) -> bool:
    said = in_compose(host, "exec", "-T", "backup", "contravento-backup", "list", "--json")
    return any(load["state"] == "proven" for load in json.loads(said))
