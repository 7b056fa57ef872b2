"""Ways to break a staging for real, each for one box of the checklist; mended at the end."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from tests.stack.checked import in_compose
from tests.stack.docker import ROOT, docker
from tests.stack.releases import Host
from tests.stack.troubles import EAT, HOLD

type Mutation = Callable[[Host], AbstractContextManager[None]]

SITE = "deploy/nginx/snippets/site.conf"
FIRST_LINE = "include snippets/headers.conf;\n"
BURN = "import multiprocessing as m\nwhile True: pass"
KILL = """\
import os, pathlib, signal
for each in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    if each.read_bytes().startswith(b"python3\\0-c") and int(each.parent.name) != os.getpid():
        os.kill(int(each.parent.name), signal.SIGKILL)
"""
EXPIRED = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=expired"
    " -not_before 20200101000000Z -not_after 20200201000000Z"
    " -keyout /tmp/expired.key -out /tmp/expired.pem 2>/dev/null"
)
MORE_STATEMENTS = """\
            if scope["path"] in ("/api/v1/feed", "/"):
                url = os.environ["DATABASE_URL"].replace("+asyncpg", "")
                async with await psycopg.AsyncConnection.connect(url) as connection:
                    for _ in range(20):
                        await connection.execute("SELECT count(*) FROM riders WHERE username = ''")
"""


@contextmanager
def changed(host: Host, path: str, change: Callable[[str], str]) -> Iterator[None]:
    """A file of the host's folder, in its place; containers see it at once."""
    file = host.folder / path
    before = file.read_text()
    after = change(before)
    assert after != before, path
    file.write_text(after)
    try:
        yield
    finally:
        file.write_text(before)


def reload(host: Host) -> None:
    docker("exec", f"{host.project}-nginx-1", "nginx", "-t")
    docker("exec", f"{host.project}-nginx-1", "nginx", "-s", "reload")


@contextmanager
def edge(host: Host, path: str, change: Callable[[str], str]) -> Iterator[None]:
    """nginx set otherwise."""
    with changed(host, path, change):
        reload(host)
        yield
    reload(host)


def answering(place: str, answer: str) -> Mutation:
    """A location that nginx answers by itself, instead of the application."""
    location = f"location {place} {{ {answer} }}\n"
    return lambda host: edge(
        host, SITE, lambda was: was.replace(FIRST_LINE, FIRST_LINE + location, 1)
    )


def replacing(path: str, pattern: str, instead: str) -> Mutation:
    return lambda host: edge(host, path, lambda was: re.sub(pattern, instead, was, count=1))


def rendered(script: str) -> Mutation:
    """What nginx made of its templates, changed in its container."""

    @contextmanager
    def mutate(host: Host) -> Iterator[None]:
        name = f"{host.project}-nginx-1"
        docker("exec", name, "sh", "-c", f"cp -r /run/nginx/conf /tmp/kept; {script}")
        reload(host)
        try:
            yield
        finally:
            docker("exec", name, "sh", "-c", "cp /tmp/kept/* /run/nginx/conf/; rm -r /tmp/kept")
            reload(host)

    return mutate


def data(breaking: str, mending: str) -> Mutation:
    @contextmanager
    def mutate(host: Host) -> Iterator[None]:
        host.psql(breaking)
        try:
            yield
        finally:
            host.psql(mending)

    return mutate


def trigger(table: str, statement: str) -> Mutation:
    """Something that the database does whenever a row of the table changes."""
    return data(
        f"CREATE FUNCTION mutate() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {statement}; RETURN NEW; END $$;"
        f" CREATE TRIGGER mutate BEFORE INSERT OR UPDATE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION mutate()",
        "DROP FUNCTION mutate CASCADE",
    )


def stopped(service: str) -> Mutation:
    @contextmanager
    def mutate(host: Host) -> Iterator[None]:
        in_compose(host, "stop", "--timeout", "2", service)
        try:
            yield
        finally:
            in_compose(host, "start", service)
            _up(host, service)

    return mutate


def set_otherwise(service: str, **settings: str) -> Mutation:
    """The service, made anew with other settings than the environment file's."""

    @contextmanager
    def mutate(host: Host) -> Iterator[None]:
        _up(host, service, **settings)
        try:
            yield
        finally:
            _up(host, service)

    return mutate


def _up(host: Host, service: str, **settings: str) -> None:
    words = ("up", "--detach", "--no-deps", "--no-build", "--wait", "--wait-timeout", "60")
    call = host.compose.call(*words, service)
    done = subprocess.run(
        call.words,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def running(service: str, program: str, *, times: int = 1) -> Mutation:
    """Programs at work in the service's container."""

    @contextmanager
    def mutate(host: Host) -> Iterator[None]:
        name = host.compose.containers(service)[0].name
        for _ in range(times):
            docker("exec", "--detach", name, "python3", "-c", program)
        try:
            yield
        finally:
            docker("exec", name, "python3", "-c", KILL)

    return mutate


@contextmanager
def crowded(host: Host) -> Iterator[None]:
    """Nearly every connection is taken."""
    count = int(
        host.psql(
            "SELECT 92 - count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        )
    )
    with running("backend", HOLD.format(count=count))(host):
        yield


@contextmanager
def unmigrated(host: Host) -> Iterator[None]:
    """The database says that it is where it was one migration ago."""
    at = host.psql("SELECT version_num FROM alembic_version")
    found = [
        path.read_text() for path in (ROOT / "src/contravento/migrations/versions").glob("*.py")
    ]
    (newest,) = [each for each in found if f'\nrevision = "{at}"' in each]
    before = re.findall(r'\ndown_revision = "(\w+)"', newest)[0]
    host.psql(f"UPDATE alembic_version SET version_num = '{before}'")  # noqa: S608
    try:
        yield
    finally:
        host.psql(f"UPDATE alembic_version SET version_num = '{at}'")  # noqa: S608


@contextmanager
def with_more_statements(host: Host) -> Iterator[None]:
    """A build in which the feed asks for each of its trips."""
    image = host.spoiled("statements", MORE_STATEMENTS)
    with set_otherwise("backend", TAG=image.partition(":")[2])(host):
        yield


@contextmanager
def unvisited(host: Host) -> Iterator[None]:
    """The visitor from outside takes no answer for a good one."""
    name = f"{host.project}-blackbox-1"
    with changed(host, "monitoring/blackbox/config.yml", lambda was: was.replace("[200]", "[299]")):
        docker("kill", "--signal", "HUP", name)
        yield
    docker("kill", "--signal", "HUP", name)


@contextmanager
def reporting_to_nobody(host: Host) -> Iterator[None]:
    dsn = "http://0123456789abcdef@127.0.0.1:9/1"
    with (
        changed(host, ".env.staging", lambda was: f"{was}\nSENTRY_DSN={dsn}\n"),
        set_otherwise("backend")(host),
    ):
        yield


@contextmanager
def unlike_production(host: Host) -> Iterator[None]:
    """A production that is set as this staging is, but for one setting of its database."""
    file = host.folder / "var/ops/parity/prod.json"
    assert host.ops("parity", "--write", str(file)).status == 0
    look = json.loads(file.read_text())
    look["running"]["postgresql/work_mem"] = "65536"
    file.write_text(json.dumps(look))
    try:
        yield
    finally:
        file.unlink()


@contextmanager
def logging_addresses(host: Host) -> Iterator[None]:
    """nginx logs whole addresses; what it has logged goes with its container."""
    with replacing(
        "deploy/nginx/snippets/log.conf", r'"path":"\$logged_path"', '"path":"$request_uri"'
    )(host):
        yield
    in_compose(host, "up", "--detach", "--no-deps", "--force-recreate", "--wait", "nginx")


def panel_broken(host: Host) -> AbstractContextManager[None]:
    return changed(
        host,
        "monitoring/grafana/dashboards/overview.json",
        lambda was: was.replace("probe_success", "probe_succes"),
    )


MUTATIONS: dict[str, Mutation] = {
    "health": answering("= /health", 'return 200 "well";'),
    "sign-up": answering("= /api/v1/accounts", "return 503;"),
    "confirmation-mail": set_otherwise("worker", MAIL_ALLOW_LIST="@nobody.example"),
    "sign-in": answering("= /api/v1/sessions", "return 503;"),
    "publish-trip": trigger("trips", "NEW.title := NEW.title || '.'"),
    "photos": answering("= /api/v1/me/photo", "return 503;"),
    "gpx-on-map": answering("~ /vendor/maplibre-gl/", "return 404;"),
    "feed": answering("= /api/v1/feed", 'return 200 \'{"items": [], "next": null}\';'),
    "statistics": trigger("trips", "NEW.distance_metres := NEW.distance_metres + 2"),
    "https": rendered(
        "sed -i 's|return 308 https://[^;]*;|return 302 https://elsewhere.example;|'"
        " /run/nginx/conf/*.conf"
    ),
    "certificate": rendered(
        f"{EXPIRED}; sed -i -e 's|ssl_certificate .*;|ssl_certificate /tmp/expired.pem;|'"
        " -e 's|ssl_certificate_key .*;|ssl_certificate_key /tmp/expired.key;|'"
        " /run/nginx/conf/*.conf"
    ),
    "cors": replacing(
        "deploy/nginx/snippets/headers.conf",
        r"\Z",
        'add_header Access-Control-Allow-Origin "*" always;\n',
    ),
    "headers": replacing("deploy/nginx/snippets/headers.conf", r"add_header X-Frame.*\n", ""),
    "api-docs": set_otherwise("backend", DEBUG="true"),
    "logs": logging_addresses,
    "latency": answering("= /api/v1/feed", "limit_rate 4k; include snippets/proxy.conf;"),
    "pages": answering("= /map", "limit_rate 1k; include snippets/proxy.conf;"),
    "statements": with_more_statements,
    "photo-upload": trigger("photos", "PERFORM pg_sleep(1.5)"),
    "memory": running("backend", EAT.format(share=0.86)),
    "cpu": running("worker", BURN, times=2),
    "targets": stopped("redis-exporter"),
    "panels": panel_broken,
    "uptime": unvisited,
    "sentry": reporting_to_nobody,
    "migrations": unmigrated,
    "administrator": data(
        "UPDATE riders SET is_admin = false WHERE username = 'olive'",
        "UPDATE riders SET is_admin = true WHERE username = 'olive'",
    ),
    "backup": stopped("backup"),
    "connections": crowded,
    "parity": unlike_production,
}
