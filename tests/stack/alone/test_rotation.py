"""Every secret is replaced while a rider is about: no request fails, the old value is refused."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from contravento_ops.environment import secret_ages
from contravento_ops.kit.errors import Exit
from contravento_ops.kit.services import MONITORING
from tests.docs.pages import Command, commands, missing
from tests.stack.deployment import AtLoopback, tell, trusting_anybody, wait_until
from tests.stack.docker import ROOT, docker
from tests.stack.releases import DOMAIN, OVERLAY, Host, a_host

pytestmark = pytest.mark.stack

PAGE_OF_SECRETS = "secrets.md"
PAGE = ROOT / "docs" / "guides" / PAGE_OF_SECRETS
LIFETIME_MINUTES = 2
SETTLED_SECONDS = 180
PAUSE_SECONDS = 0.2
PACE = ("--bake-seconds", "3", "--healthy-seconds", "60")
MADE = (
    *("POSTGRES_PASSWORD", "POSTGRES_OWNER_PASSWORD", "POSTGRES_MONITOR_PASSWORD"),
    *("POSTGRES_APP_PASSWORD", "REDIS_PASSWORD", "GRAFANA_ADMIN_PASSWORD"),
    *("BACKUP_ENCRYPTION_KEY", "SECRET_KEY"),
)
GIVEN = {
    "SMTP_PASSWORD": "Lq8-wPz4_tXv2Rk9-new",
    "SENTRY_DSN": "http://fedcba9876543210@127.0.0.1:9/2",
}
# Grafana's own image is not to be had everywhere: this keeps one password as Grafana does, in a
# volume of its own, and changes it when asked for by who knows it.
GRAFANA = """
import base64, http.server, json, os, pathlib
kept = pathlib.Path("/var/lib/grafana/password")
if not kept.exists():
    kept.write_text(os.environ["GF_SECURITY_ADMIN_PASSWORD"])
class Answers(http.server.BaseHTTPRequestHandler):
    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def is_known(self):
        pair = base64.b64decode(self.headers.get("Authorization", "Basic ")[6:]).decode()
        return pair == os.environ["GF_SECURITY_ADMIN_USER"] + ":" + kept.read_text()
    def do_GET(self):
        self.answer(200 if self.path != "/api/user" or self.is_known() else 401)
    def do_PUT(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.is_known() or asked["oldPassword"] != kept.read_text():
            return self.answer(401)
        kept.write_text(asked["newPassword"])
        self.answer(200)
http.server.ThreadingHTTPServer(("", 3000), Answers).serve_forever()
"""
# A mail server that wants a password, and knows those of a file.
MAIL = """
import base64, socketserver
class Mail(socketserver.StreamRequestHandler):
    def handle(self):
        self.say("220 mail")
        for line in self.rfile:
            words = line.decode().split()
            if words[0].upper() == "EHLO":
                self.say("250-mail\\r\\n250 AUTH PLAIN LOGIN")
            elif words[:2] == ["AUTH", "PLAIN"]:
                password = base64.b64decode(words[2]).decode().split("\\0")[2]
                known = open("/passwords").read().split()
                self.say("235 ok" if password in known else "535 no")
            elif words[0].upper() == "QUIT":
                return self.say("221 bye")
            else:
                self.say("250 ok")
    def say(self, words):
        self.wfile.write(words.encode() + b"\\r\\n")
socketserver.ThreadingTCPServer(("", 25), Mail).serve_forever()
"""
STANDS_IN = """\
  grafana:
    image: {image}
    user: "0:0"
    entrypoint: ["python3", "-u", "/stands-in.py"]
    volumes: ["./grafana.py:/stands-in.py:ro"]
    healthcheck: {{ disable: true }}
  smtp:
    image: {image}
    init: true
    user: "0:0"
    entrypoint: ["python3", "-u", "/stands-in.py"]
    volumes: ["./mail.py:/stands-in.py:ro", "./passwords:/passwords:ro"]
    networks: [application]
    healthcheck: {{ disable: true }}
networks:
"""


# The off-site copy's repository in a folder, by the methods that rotation uses.
OFFSITE = """
from contravento_backup.offsite import OffsiteRepository
class Carrier(OffsiteRepository):
    def __init__(self, key):
        self._environment = {"RESTIC_REPOSITORY": "/tmp/copy", "RESTIC_PASSWORD": key,
                             "RESTIC_CACHE_DIR": "/tmp/cache"}
    def _reach(self):
        pass
old, new = Carrier("o" * 48), Carrier("n" * 48)
old.open()
assert old.lets_in("o" * 48) and not old.lets_in("n" * 48)
old.let_in("n" * 48)
old.let_in("n" * 48)
assert new.lets_in("o" * 48) and new.lets_in("n" * 48)
new.keep_this_key_only()
assert not new.lets_in("o" * 48) and new.lets_in("n" * 48)
print("only the new key opens it")
"""


@dataclass
class Rider:
    """Signed in twice, by a cookie and by tokens, and at it all the time."""

    client: httpx.Client
    login: dict[str, str]
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    access: str = ""
    again: str = ""
    cookie: str = ""
    renewed_at: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)

    def sign_in(self) -> None:
        by_hand = {"Sec-Fetch-Site": "same-origin"}
        form = self.client.post("/sign-in", data=self.login, headers=by_hand)
        assert form.status_code == 303, form.text
        self.cookie = form.headers["Set-Cookie"].partition(";")[0]
        self.client.cookies.clear()  # each request says itself by which of the two it comes
        self._take(self.client.post("/api/v1/sessions", json=self.login))

    def _take(self, answer: httpx.Response) -> None:
        assert answer.status_code in (200, 201), answer.text
        granted = answer.json()
        self.access, self.again = granted["access_token"], granted["refresh_token"]
        self.renewed_at = time.monotonic()

    def ride(self) -> None:
        while not self.over.wait(PAUSE_SECONDS):
            if time.monotonic() - self.renewed_at > LIFETIME_MINUTES * 30:
                self._take(
                    self.client.post("/api/v1/sessions/refresh", json={"refresh_token": self.again})
                )
            self._ask("/settings", {"Cookie": self.cookie})
            self._ask("/api/v1/me", {"Authorization": f"Bearer {self.access}"})
            self._ask("/", {})

    def _ask(self, path: str, headers: dict[str, str]) -> None:
        try:
            answer = self.client.get(path, headers=headers)
        except httpx.HTTPError as error:
            self.wrong.append(f"{path}: {type(error).__name__}")
            return
        self.statuses[path, answer.status_code] += 1
        if answer.status_code != 200:
            self.wrong.append(f"{path}: {answer.status_code}")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, images: str) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("rotation")
    (folder / "grafana.py").write_text(GRAFANA)
    (folder / "mail.py").write_text(MAIL)
    (folder / "passwords").write_text("Lq8-wPz4_tXv2Rk9-old\n")
    image = f"contravento:{images}"
    overlay = OVERLAY.replace("networks:\n", STANDS_IN.format(image=image))
    with a_host(
        folder,
        image,
        overlay=overlay,
        is_watched=True,
        SMTP_HOST="smtp",
        SMTP_PORT="25",
        SMTP_TLS="false",
        SMTP_USER="diary",
        SMTP_PASSWORD="Lq8-wPz4_tXv2Rk9-old",
        SENTRY_DSN="http://0123456789abcdef@127.0.0.1:9/1",
        ACCESS_TOKEN_EXPIRE_MINUTES=str(LIFETIME_MINUTES),
    ) as host:
        done = host.deploy(host.base, "--skip", "firewall")
        assert done.status == Exit.DONE, done.words
        wait_until(lambda: sets(host, "proven"), SETTLED_SECONDS, "a proven set", every=3)
        yield host


@pytest.fixture(scope="module")
def rider(host: Host) -> Iterator[Rider]:
    """Rides until the last test of this file has ended."""
    made = json.loads(
        docker("exec", host.serving()[0][0], "contravento", "riders", "probe").splitlines()[-1]
    )
    port = int(value_in(host, "TEST_HTTPS_PORT"))
    with httpx.Client(
        base_url=f"https://{DOMAIN}:{port}", transport=AtLoopback(trusting_anybody()), timeout=30
    ) as client:
        found = Rider(client, {"login": made["username"], "password": made["password"]})
        found.sign_in()
        riding = threading.Thread(target=found.ride)
        riding.start()
        yield found
        found.over.set()
        riding.join()


def value_in(host: Host, name: str) -> str:
    lines = (host.folder / ".env.staging").read_text().splitlines()
    return next((line.partition("=")[2] for line in lines if line.startswith(f"{name}=")), "")


def sets(host: Host, state: str) -> list[str]:
    said = docker("exec", f"{host.project}-backup-1", "contravento-backup", "list", "--json")
    return [load["name"] for load in json.loads(said) if load["state"] == state]


def made_at(host: Host) -> dict[str, int]:
    return secret_ages.read({secret_ages.VARIABLE: value_in(host, secret_ages.VARIABLE)})


def look(
    rider: Rider, capsys: pytest.CaptureFixture[str], name: str, report: dict[str, Any]
) -> None:
    rode = f"{sum(rider.statuses.values())} requests of the rider, {len(rider.wrong)} failed"
    tell(capsys, f"{name}: {report['proof']} {report['requests']}; {rode}")


@pytest.mark.parametrize("name", MADE)
def test_a_secret_is_replaced_and_no_request_fails(
    host: Host, rider: Rider, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    before, postgres = (
        value_in(host, name),
        docker("inspect", "-f", "{{.Id}}", of(host, "postgres")),
    )
    kept = sets(host, "proven")

    done = host.ops("rotate", name, *PACE, "--json")

    assert done.status == Exit.DONE, done.words
    look(rider, capsys, name, done.report)
    assert "refuses the old" in done.report["proof"] or "old one" in done.report["proof"]
    assert done.report["requests"]["lost"] == 0, done.words
    assert rider.wrong == []
    assert rider.statuses["/settings", 200] > 0
    assert rider.statuses["/api/v1/me", 200] > 0
    assert value_in(host, name) not in ("", before)
    assert before not in (done.words, json.dumps(done.report))
    assert docker("inspect", "-f", "{{.Id}}", of(host, "postgres")) == postgres
    assert set(kept) <= set(sets(host, "proven"))
    assert time.time() - made_at(host)[name] < SETTLED_SECONDS


def running(host: Host) -> dict[str, str]:
    return {
        container.name: container.id
        for container in host.compose.containers()
        if container.state == "running"
    }


def of(host: Host, service: str) -> str:
    return f"{host.project}-{service}-1"


def test_the_off_site_copy_takes_another_key(images: str) -> None:
    program = f"{ROOT}/src/contravento_backup:/opt/contravento/contravento_backup:ro"
    said = docker(
        "run",
        "--rm",
        "--network",
        "none",
        "--volume",
        program,
        "--workdir",
        "/opt/contravento",
        "--entrypoint",
        "python3",
        "contravento-postgres:18",
        "-c",
        OFFSITE,
    )
    assert "only the new key opens it" in said


@pytest.mark.parametrize("name", GIVEN)
def test_what_others_gave_is_read_and_taken_up(
    host: Host, rider: Rider, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (host.folder / "passwords").write_text(GIVEN["SMTP_PASSWORD"] + "\n")

    done = host.ops("rotate", name, "--stdin", *PACE, "--json", said_to_it=f"{GIVEN[name]}\n")

    assert done.status == Exit.DONE, done.words
    look(rider, capsys, name, done.report)
    assert rider.wrong == []
    assert value_in(host, name) == GIVEN[name]


def test_a_password_that_the_mail_server_refuses_changes_nothing(host: Host, rider: Rider) -> None:
    before = (host.folder / ".env.staging").read_text()

    done = host.ops("rotate", "SMTP_PASSWORD", "--stdin", "--json", said_to_it="Another-4711-x\n")

    assert done.status == Exit.REFUSED, done.words
    assert (host.folder / ".env.staging").read_text() == before
    assert rider.wrong == []


def test_what_fails_on_the_way_goes_back(host: Host, rider: Rider) -> None:
    """A limit that no backend starts under; the application's password is what it was."""
    file, overlay = host.folder / ".env.staging", host.folder / "overlay.yml"
    before, was = file.read_text(), overlay.read_text()
    overlay.write_text(
        was.replace("services:\n", 'services:\n  backend: { command: ["false"] }\n', 1)
    )

    done = host.ops("rotate", "POSTGRES_APP_PASSWORD", *PACE, "--json")
    overlay.write_text(was)

    assert done.status == Exit.WENT_BACK, done.words
    assert file.read_text() == before
    assert rider.wrong == []
    assert host.ops("rotate", "POSTGRES_APP_PASSWORD", *PACE, "--json").status == Exit.DONE
    assert rider.wrong == []


def test_everything_runs_as_the_file_says_and_is_watched(host: Host, rider: Rider) -> None:
    """A plain `up` finds nothing to replace; old sets are proven anew; ages are figures."""
    before = running(host)
    docker(*host.compose.call("up", "--detach").words[1:])
    assert running(host) == before

    drilled = host.ops("backup", "drill", sets(host, "proven")[0], "--json")
    assert drilled.status == Exit.DONE, drilled.words
    assert {container.service for container in host.compose.containers()} >= MONITORING

    def told() -> set[str]:
        url = f"http://127.0.0.1:{value_in(host, 'TEST_PROMETHEUS_PORT')}/api/v1/query"
        asked = {"query": "contravento_secret_made_timestamp_seconds > time() - 7200"}
        found = httpx.get(url, params=asked).json()["data"]["result"]
        return {each["metric"]["secret"] for each in found}

    wait_until(lambda: told() >= {*MADE, *GIVEN}, 60, "Prometheus knows each", every=2)
    assert rider.wrong == []


@pytest.mark.parametrize("command", commands(PAGE), ids=str)
def test_a_command_of_the_page_does_what_it_says(host: Host, command: Command) -> None:
    assert command.words.startswith("./deploy.sh staging ")
    words = command.words.split()[2:]

    done = host.ops(*words, *(PACE if "--list" not in words else ()))

    assert done.status == Exit.DONE, done.words
    assert missing(command.shown, done.words) is None, done.words
