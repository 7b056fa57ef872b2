"""What is secret is sent in every way there is, and looked for in everything that the product says:
logs, figures, error reports and traces."""

import json
from collections.abc import Iterator
from pathlib import Path
from signal import SIGTERM
from uuid import uuid4

import httpx
import jwt
import psycopg
import pytest

from contravento.kit.database.session import libpq_url
from contravento.kit.security.tokens import new_token
from tests.support.receivers import Receiver, receiver
from tests.support.served import Served, served, wait_until

pytestmark = pytest.mark.servers

PASSWORD = "Hunter2-canary-word"
ADDRESS = "canary.rider@secret.example"
OPAQUE = new_token()
PERSONAL = f"cv_{new_token()}"
SIGNED = jwt.encode({"sub": "canary", "sid": str(uuid4())}, "k" * 40, headers={"kid": "x"})
CANARIES = {
    "password": PASSWORD,
    "address": ADDRESS,
    "address in a query": ADDRESS.replace("@", "%40"),
    "cookie or refresh token": OPAQUE,
    "personal token": PERSONAL,
    "access token": SIGNED,
    "an access token's signature": SIGNED.rpartition(".")[2],
}
ALL = " ".join((PASSWORD, ADDRESS, OPAQUE, PERSONAL, SIGNED))
WORDS = (PASSWORD, ADDRESS, OPAQUE, PERSONAL, SIGNED)


@pytest.fixture
def elsewhere() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture
def product(own_database: str, tmp_path: Path, elsewhere: Receiver) -> Iterator[Served]:
    with served(
        own_database,
        tmp_path,
        SENTRY_DSN=elsewhere.dsn,
        SENTRY_ENVIRONMENT="canaries",
        GIT_COMMIT="c0ffee",
        OTEL_EXPORTER_OTLP_ENDPOINT=elsewhere.collector,
        OTEL_BSP_SCHEDULE_DELAY="200",
        LOG_LEVEL="DEBUG",
    ) as running:
        yield running


def send_everything(product: Served, trip: str, token: str) -> None:
    """Every kind of input with every canary. What is answered does not matter here."""
    gpx = f"<gpx><trk><name>{ALL}</name><trkseg><trkpt lat='{PASSWORD}' lon='1'/></trkseg></trk>"
    headers = {"User-Agent": ALL, "Referer": f"http://test/?q={ALL}", "X-Canary": ALL}
    with product.client() as client:
        for word in WORDS:
            for path in ("", "trips/", "riders/", "confirm/", "reset/", "api/v1/trips/", "static/"):
                client.get(f"/{path}{word}", params={"q": word, "cursor": word}, headers=headers)
            client.get("/api/v1/feed", params={"cursor": word, "tag": word, "limit": word})
            client.get("/api/v1/me", headers={"Authorization": f"Bearer {word}"})
            client.get("/settings", headers={"Cookie": f"session={word}; language={word}"})
            client.get("/", headers={"Accept-Language": word, "X-Request-ID": f"{word}!"})
            client.request(f"BREW{word.partition('@')[0]}"[:20], "/")
            credentials = {"login": word, "password": word}
            client.post("/api/v1/sessions", json=credentials)
            client.post("/api/v1/sessions", json={"login": {"deep": [word]}, word: word})
            client.post(
                "/api/v1/sessions",
                content=f'{{"login": "{word}',
                headers={"Content-Type": "application/json"},
            )
            client.post("/api/v1/sessions/refresh", json={"refresh_token": word})
            client.post("/sign-in", data=credentials)
            client.post("/sign-up", data={"username": word, "email": ADDRESS, "password": word})
            client.post(
                "/api/v1/accounts", json={"username": "canary", "email": ADDRESS, "password": word}
            )
            client.post("/forgotten", data={"email": word})
            bearer = {"Authorization": f"Bearer {token}", "Idempotency-Key": word}
            client.post("/api/v1/trips", json={"title": word, "starts_on": word}, headers=bearer)
            for noun, content in (("tracks", gpx), ("photos", ALL)):
                file = (f"{word}.{'gpx' if noun == 'tracks' else 'jpg'}", content.encode())
                client.post(
                    f"/api/v1/trips/{trip}/{noun}",
                    files={"file": file},
                    data={"caption": word},
                    headers={"Authorization": f"Bearer {token}"},
                )


def sign_up(product: Served, database: str) -> tuple[str, str]:
    """A trip of a new rider's, and their access token."""
    account = {"username": "maite", "email": "maite@example.org", "password": "over the far hills"}
    with product.client() as client:
        assert client.post("/api/v1/accounts", json=account).status_code == 201
        with psycopg.connect(libpq_url(database), autocommit=True) as connection:
            connection.execute("UPDATE riders SET confirmed_at = now()")
        credentials = {"login": "maite", "password": account["password"]}
        grant = client.post("/api/v1/sessions", json=credentials).json()
        bearer = {"Authorization": f"Bearer {grant['access_token']}"}
        trip = client.post("/api/v1/trips", json={"title": "Canaries"}, headers=bearer).json()
    return trip["id"], grant["access_token"]


def fail_for_good(database: str) -> None:
    """A job whose arguments hold canaries, at its last try."""
    with psycopg.connect(libpq_url(database), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, attempts, args)"
            " VALUES ('default', 'tracks.read', 5, %s)",
            (json.dumps({"track_id": ALL}),),
        )


def test_nothing_secret_is_told_to_anybody(
    product: Served, own_database: str, elsewhere: Receiver
) -> None:
    trip, token = sign_up(product, own_database)
    send_everything(product, trip, token)
    fail_for_good(own_database)
    with psycopg.connect(libpq_url(own_database), autocommit=True) as connection:
        connection.execute("ALTER TABLE riders RENAME COLUMN email TO gone")
        connection.execute("ALTER TABLE trips RENAME COLUMN excerpt TO gone")
    send_everything(product, trip, token)
    wait_until(lambda: '"outcome":"failed"' in product.printed())
    wait_until(lambda: len(elsewhere.envelopes()) > 5 and len(elsewhere.spans()) > 100)

    said = {
        "logs": product.printed(),
        "figures": product.figures(product.web) + product.figures(product.worker),
        "reports": "".join(elsewhere.envelopes()),
        "traces": "".join(str(span) for span in elsewhere.spans()),
    }
    found = [(place, kind) for place in said for kind in CANARIES if CANARIES[kind] in said[place]]
    assert found == []
    assert token not in "".join(said.values())
    assert "maite@example.org" not in "".join(said.values())
    product.lines()  # each is an object, though all loggers spoke at DEBUG

    assert '"status":500' in said["logs"]
    assert "UndefinedColumnError" in said["reports"]
    assert "contravento.job" in said["reports"]
    assert "tracks.read" in said["reports"]
    assert "0.1.0+c0ffee" in said["reports"]
    assert '"environment":"canaries"' in said["reports"]


def test_a_trace_leads_from_a_request_to_its_statements_and_to_its_job(
    product: Served, own_database: str, elsewhere: Receiver
) -> None:
    sign_up(product, own_database)
    ends = {"POST /api/v1/accounts", "job accounts.send_confirmation"}  # each process sends its own
    wait_until(lambda: ends <= {span.name for span in elsewhere.spans()})

    spans = {span.name: span for span in elsewhere.spans() if not span.name.isupper()}
    asked, ran = spans["POST /api/v1/accounts"], spans["job accounts.send_confirmation"]
    statements = [span for span in elsewhere.spans() if span.trace_id == asked.trace_id]
    assert ran.trace_id == asked.trace_id
    parents = {span.parent_span_id for span in statements if span.name.isupper()}
    assert {asked.span_id, ran.span_id} <= parents


def test_receivers_that_are_away_change_nothing(own_database: str, tmp_path: Path) -> None:
    """Nobody listens on that port. The product answers, works, and stops as ever."""
    nobody = "127.0.0.1:9"
    with served(
        own_database,
        tmp_path,
        SENTRY_DSN=f"http://public@{nobody}/1",
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{nobody}",
        OTEL_BSP_SCHEDULE_DELAY="100",
    ) as product:
        trip, _ = sign_up(product, own_database)
        fail_for_good(own_database)
        wait_until(lambda: '"outcome":"failed"' in product.printed())
        assert httpx.get(f"{product.web}/health/ready").status_code == 200
        assert trip
    assert product.web_process.returncode == -SIGTERM  # as uvicorn ends, in order
    assert product.worker_process.returncode == 0
    assert "Traceback" not in "".join(line.get("exception", "") for line in product.lines("web"))
