"""Obtains the site's certificate, keeps it fresh, and looks whether nginx serves it.

The name is proved against the authority's test directory first, so that a wrong DNS entry or a
closed port costs none of the few tries that the real one allows. Failures are counted in the
certificates' volume, and each wait is twice as long as the one before, restarts included.
`keep.py --check` is the container's health check, `keep.py --now` asks at once.
"""

import configparser
import contextlib
import hashlib
import json
import os
import random
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

DOMAIN = os.environ["DOMAIN"]
DIRECTORY = os.environ["ACME_DIRECTORY"]
DRY_RUN_DIRECTORY = os.environ["ACME_DRY_RUN_DIRECTORY"]
EMAIL = os.environ.get("ACME_EMAIL", "")
PROXY = "nginx"

STORE = Path("/etc/letsencrypt")
WEBROOT = Path("/var/www/acme")
LIVE = STORE / "live" / DOMAIN / "fullchain.pem"
HISTORY = STORE / "contravento-history.json"
ALIVE = Path("/tmp/alive")  # noqa: S108  (the container's own, in memory)
SETTINGS = Path(os.environ.get("XDG_CONFIG_HOME", "/tmp")) / "letsencrypt" / "cli.ini"  # noqa: S108

LOOK_EVERY_SECONDS = 12 * 3600
JITTER_SECONDS = 1800  # not everybody's server at the same second
STALE_SECONDS = 120
SERVED_WITHIN_SECONDS = 60
FIRST_WAIT_SECONDS = {"dry run": 20, "certificate": 900}
LONGEST_WAIT_SECONDS = 12 * 3600
WEEK_SECONDS = 7 * 24 * 3600
# Let's Encrypt issues five certificates for the same names in a week; one is left for a person.
CERTIFICATES_A_WEEK = 4


def say(words: str) -> None:
    print(f"certbot: {words}", flush=True)  # noqa: T201  (this is the container's log)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ALIVE.touch()
    if DIRECTORY == "off":
        say("ACME_DIRECTORY is off; nginx goes on with the self-signed certificate.")
        while True:
            wait(LOOK_EVERY_SECONDS)
    write_settings()
    if LIVE.exists():
        made = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(LIVE.stat().st_mtime))
        say(f"Successfully received certificate on {made}; it is kept fresh from here on.")
    while True:
        if is_missing():
            obtain()
        else:
            run("renew")
        compare()
        wait(LOOK_EVERY_SECONDS + random.uniform(0, JITTER_SECONDS))  # noqa: S311


def write_settings() -> None:
    """What all runs of certbot have in common, that of `exec certbot certbot renew` included."""
    SETTINGS.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        "non-interactive = true",
        "agree-tos = true",
        "key-type = ecdsa",
        "elliptic-curve = secp256r1",
        f"email = {EMAIL}" if EMAIL else "register-unsafely-without-email = true",
        "max-log-backups = 5",
        "no-random-sleep-on-renew = true",  # the loop has its own
    ]
    SETTINGS.write_text("\n".join(lines) + "\n")


def is_missing() -> bool:
    """No certificate, or one from another authority than is asked for now."""
    if not LIVE.exists():
        return True
    renewal = configparser.ConfigParser(strict=False, interpolation=None)
    with contextlib.suppress(OSError, configparser.Error):
        text = (STORE / "renewal" / f"{DOMAIN}.conf").read_text()
        renewal.read_string(f"[top]\n{text}")
    return renewal.get("renewalparams", "server", fallback=DIRECTORY) != DIRECTORY


def obtain() -> None:
    """Until there is a certificate."""
    while True:
        await_turn()
        await_proxy()
        if try_to_obtain():
            return


def try_to_obtain() -> bool:
    webroot = ("certonly", "--webroot", "--webroot-path", str(WEBROOT))
    certonly = (*webroot, "--cert-name", DOMAIN, "--domain", DOMAIN)
    is_proven = DRY_RUN_DIRECTORY == "off" or run(
        *certonly, "--dry-run", "--server", DRY_RUN_DIRECTORY
    )
    if not is_proven:
        note_failure("dry run")
        return False
    if run(*certonly, "--server", DIRECTORY, "--force-renewal"):
        note_success()
        return True
    note_failure("certificate")
    return False


def obtain_now() -> None:
    """At a person's word, whatever the loop is waiting for. certbot says what it was answered."""
    if DIRECTORY == "off":
        sys.exit("ACME_DIRECTORY is off, so there is no authority to ask.")
    write_settings()
    if not try_to_obtain():
        sys.exit(1)


def run(*arguments: str) -> bool:
    """certbot, its words on our own output; we stay alive for the health check meanwhile."""
    process = subprocess.Popen(["certbot", *arguments])  # noqa: S603, S607
    while process.poll() is None:
        ALIVE.touch()
        time.sleep(0.2)
    return process.returncode == 0


# --- whose turn it is -----------------------------------------------------------------------------


def history() -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(HISTORY.read_text())
    except (OSError, ValueError):
        found = {}
    return {"failures": 0, "not_before": 0.0, "issued": [], "kind": "", **found}


def keep(record: dict[str, Any]) -> None:
    unfinished = HISTORY.with_suffix(".new")
    unfinished.write_text(json.dumps(record))
    unfinished.replace(HISTORY)


def note_failure(kind: str) -> None:
    record = history()
    record["failures"] = record["failures"] + 1 if record["kind"] == kind else 1
    record["kind"] = kind
    pause = min(FIRST_WAIT_SECONDS[kind] * 2 ** (record["failures"] - 1), LONGEST_WAIT_SECONDS)
    record["not_before"] = time.time() + pause
    keep(record)
    say(
        f"ERROR: the {kind} failed, {record['failures']} in a row;"
        f" the next try is in {pause:.0f} seconds."
        f" Does {DOMAIN} point to this host, and is port 80 open?"
    )


def note_success() -> None:
    record = history()
    keep({"failures": 0, "issued": [*record["issued"], time.time()]})


def await_turn() -> None:
    record = history()
    lately = sorted(each for each in record["issued"] if each > time.time() - WEEK_SECONDS)
    until = record["not_before"]
    if len(lately) >= CERTIFICATES_A_WEEK:
        until = max(until, lately[-CERTIFICATES_A_WEEK] + WEEK_SECONDS)
    if (pause := until - time.time()) > 0:
        say(f"waiting {pause:.0f} seconds before the next try.")
        wait(pause)


def await_proxy() -> None:
    """Until a file of the webroot comes back from nginx under our name, as an authority would."""
    token = secrets.token_urlsafe(16)
    folder = WEBROOT / ".well-known" / "acme-challenge"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / token
    file.write_text(token)
    try:
        while _fetch(f"/.well-known/acme-challenge/{token}") != token:
            wait(1)
    finally:
        file.unlink()


def _fetch(path: str) -> str:
    connection = HTTPConnection(PROXY, 80, timeout=5)
    with contextlib.closing(connection):
        try:
            connection.request("GET", path, headers={"Host": DOMAIN})
            return connection.getresponse().read(1000).decode("ascii", "replace")
        except OSError:
            return ""


def wait(seconds: float) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        ALIVE.touch()
        time.sleep(min(left, STALE_SECONDS / 4))


# --- what riders get ------------------------------------------------------------------------------


def compare() -> None:
    """nginx takes a new certificate over by itself; say so, or say that it has not."""
    if not LIVE.exists():
        return
    first, end, _ = LIVE.read_text().partition("-----END CERTIFICATE-----\n")
    stored = ssl.PEM_cert_to_DER_cert(first + end)
    until = time.monotonic() + SERVED_WITHIN_SECONDS
    while served() != stored:
        if time.monotonic() > until:
            say("ERROR: nginx does not serve the stored certificate; see its log.")
            return
        wait(1)
    digest = hashlib.sha256(stored).hexdigest()
    say(f"nginx serves the stored certificate (SHA-256 {digest[:16]}…).")


def served() -> bytes | None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = (
        False,
        ssl.CERT_NONE,
    )  # compared byte by byte instead
    try:
        with (
            socket.create_connection((PROXY, 443), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname=DOMAIN) as tls,
        ):
            return tls.getpeercert(binary_form=True)
    except OSError:
        return None


def check() -> None:
    try:
        age = time.time() - ALIVE.stat().st_mtime
    except OSError:
        age = float("inf")
    if age > STALE_SECONDS:
        sys.exit("the loop has stopped")


if __name__ == "__main__":
    {"--check": check, "--now": obtain_now}.get(sys.argv[-1], main)()
