"""A host of its own with staging on it, and releases of which some are broken on purpose."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from contravento.migrations import newest_revision
from contravento_ops.acceptance import promotion
from contravento_ops.acceptance.signing import Seal
from contravento_ops.environment import file as env_files
from contravento_ops.kit.compose import Project
from contravento_ops.kit.errors import Exit
from contravento_ops.kit.paths import EnvironmentName, EnvironmentPaths
from tests.stack.container_logs import shown_on_failure
from tests.stack.deployment import PORTS, Deployment, free_port
from tests.stack.docker import ROOT, docker

DOMAIN = "diary.host.test"
DEPLOYMENT_SECONDS = 600
OVERLAY = """\
services:
  postgres:
    container_name: !reset null
  nginx:
    ports: !override
      - "127.0.0.1:${TEST_HTTP_PORT}:80"
      - "127.0.0.1:${TEST_HTTPS_PORT}:443"
networks:
  application: { name: "${COMPOSE_PROJECT_NAME}-application" }
"""
HTTP_OVERLAY = """\
services:
  postgres:
    container_name: !reset null
networks:
  application: { name: "${COMPOSE_PROJECT_NAME}-application" }
"""
# The application, with something done to every request that is not about its health.
WRAPPED = """\
import asyncio
import os
import psycopg
import uvicorn
from contravento.cli import graceful_server
from contravento.main import serve

kept = []

def spoiled():
    application = serve()
    async def answer(scope, receive, send):
        if scope["type"] == "http" and not scope["path"].startswith("/health"):
            headers = dict(scope["headers"])
{spoil}
        await application(scope, receive, send)
    return answer

graceful_server.serve(uvicorn.Config("spoiled:spoiled", factory=True, host="0.0.0.0", port=8000,
    log_config=None, proxy_headers=True, forwarded_allow_ips="*", timeout_keep_alive=75))
""".replace(
    "graceful_server.serve(uvicorn", 'if __name__ == "__main__":\n    graceful_server.serve(uvicorn'
)
ANSWER_500 = """\
            await send({"type": "http.response.start", "status": 500, "headers": []})
            await send({"type": "http.response.body", "body": b"oops"})
            return
"""
ANSWER_500_TO_RIDERS = """\
            if b"x-real-ip" in headers or b"x-request-id" in headers:
                await send({"type": "http.response.start", "status": 500, "headers": []})
                await send({"type": "http.response.body", "body": b"oops"})
                return
"""
BE_SLOW = """\
            await asyncio.sleep(2.5)
"""
LEAK = """\
            url = os.environ["DATABASE_URL"].replace("+asyncpg", "")
            kept.append(await psycopg.AsyncConnection.connect(url))
"""
MIGRATION = '''\
"""{title}."""

from alembic import op

revision = "{revision}"
down_revision = "{after}"
branch_labels = None
depends_on = None
compatible = {compatible}


def upgrade() -> None:
    op.execute("ALTER TABLE riders ADD COLUMN {revision} text")
'''


@dataclass(frozen=True)
class Answer:
    status: int
    report: dict[str, Any]
    words: str

    @property
    def cause(self) -> str:
        return str(self.report.get("cause"))

    @property
    def requests(self) -> dict[str, Any]:
        found: dict[str, Any] = self.report["requests"]
        return found


@dataclass(frozen=True)
class Host:
    """A folder with the files that deploy.sh finds beside it."""

    folder: Path
    project: str
    base: str
    mode: EnvironmentName = "staging"
    overlays: tuple[str, ...] = ("overlay.yml",)

    def ops(self, *words: str, said_to_it: str | None = None, **environment: str) -> Answer:
        """deploy.sh's program, with JSON for an answer."""
        done = subprocess.run(
            [sys.executable, "-m", "contravento_ops", self.mode, *words],
            env={**os.environ, **self.environment, "PYTHONPATH": str(ROOT / "src"), **environment},
            cwd=self.folder,
            input=said_to_it,
            capture_output=True,
            text=True,
            timeout=DEPLOYMENT_SECONDS,
            check=False,
        )
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            answer = {}
        return Answer(done.returncode, answer, done.stdout + done.stderr)

    def deploy(self, image: str, *words: str, bake_seconds: int = 3) -> Answer:
        seconds = ("--bake-seconds", str(bake_seconds), "--healthy-seconds", "45")
        return self.ops("deploy", "--image", image, *seconds, "--json", *words)

    def prove(self, image: str) -> str:
        """As the check of staging says so; the image."""
        prove(self.folder, image)
        return image

    @property
    def environment(self) -> dict[str, str]:
        return {
            "CONTRAVENTO_ROOT": str(self.folder),
            "CONTRAVENTO_OVERLAYS": " ".join(self.overlays),
            "CONTRAVENTO_EXTRA_NAMES": " ".join(
                ("COMPOSE_PROJECT_NAME", "TEST_FOLDER", *(f"TEST_{name}_PORT" for name in PORTS))
            ),
        }

    @property
    def compose(self) -> Project:
        return Project(
            EnvironmentPaths(
                self.folder, self.mode, tuple(self.folder / overlay for overlay in self.overlays)
            )
        )

    def serving(self) -> list[tuple[str, str]]:
        """Each backend that runs with its image."""
        return [
            (container.name, container.image)
            for container in self.compose.containers("backend")
            if container.state == "running"
        ]

    def psql(self, query: str) -> str:
        shell = 'psql -XAt -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "$0"'
        return docker("exec", f"{self.project}-postgres-1", "sh", "-c", shell, query)

    def image(self, name: str, dockerfile: str, files: Mapping[str, str]) -> str:
        """A tiny image on top of the real one."""
        folder = self.folder / "images" / name
        folder.mkdir(parents=True)
        (folder / "Dockerfile").write_text(f"FROM {self.base}\n{dockerfile}\n")
        for file, content in files.items():
            (folder / file).write_text(content)
        tag = f"contravento:{self.project}-{name}"
        docker("build", "--quiet", "--tag", tag, str(folder))
        return tag

    def good(self, name: str) -> str:
        return self.image(name, f"LABEL release={name}", {})

    def with_command(self, name: str, program: str) -> str:
        return self.image(name, f"CMD {json.dumps(['python3', '-uc', program])}", {})

    def spoiled(self, name: str, spoil: str) -> str:
        dockerfile = (
            "COPY spoiled.py /opt/spoiled/spoiled.py\nENV PYTHONPATH=/opt/spoiled\n"
            'CMD ["python3", "/opt/spoiled/spoiled.py"]'
        )
        return self.image(name, dockerfile, {"spoiled.py": WRAPPED.replace("{spoil}", spoil)})

    def migrating(self, name: str, *, compatible: bool) -> str:
        versions = "/app/.venv/lib/python3.13/site-packages/contravento/migrations/versions/"
        migration = MIGRATION.format(
            title=f"Add {name}", revision=name, after=newest_revision(), compatible=compatible
        )
        return self.image(name, f"COPY --chmod=644 {name}.py {versions}", {f"{name}.py": migration})


@dataclass(frozen=True)
class HostedDeployment(Deployment):
    """A host's environment, asked as one that Compose brought up by itself is."""

    host: Host = field(kw_only=True)

    @property
    def compose_line(self) -> tuple[str, ...]:
        return self.host.compose.call().words[1:]


def deployment_on(host: Host) -> HostedDeployment:
    """As it is set now."""
    found = env_files.read(host.folder / f".env.{host.mode}")
    assert found
    return HostedDeployment(host.mode, host.folder, host.project, found.values, host=host)


def check_that_it_went_back(host: Host, done: Answer, image: str, *, lost: int | None = 0) -> None:
    """This image serves alone, with its worker, and nginx asks nobody else."""
    assert done.status == Exit.WENT_BACK, done.words
    assert done.report["outcome"] == "went back"
    assert {serving for _, serving in host.serving()} == {image}
    workers = [
        container.image for container in host.compose.containers("worker") if container.is_well
    ]
    assert workers == [image]
    assert host.ops("status", "--json").status == Exit.DONE
    if lost is not None:
        assert done.requests["lost"] == lost, done.requests
    assert done.requests["acknowledged_but_gone"] == []


def prove(folder: Path, image: str) -> None:
    """A fresh GO for the image and for the files that lie in the folder."""
    statement: dict[str, object] = {
        "verdict": "GO",
        "environment": "staging",
        "image": image,
        "digest": None,
        "image_id": docker("image", "inspect", "--format", "{{.Id}}", image),
        "configuration": promotion.configuration(folder),
        "migration": None,
        "waived": [],
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    Seal(folder / "var" / "ops").sign(statement)


@contextmanager
def a_host(
    folder: Path,
    base: str,
    mode: EnvironmentName = "staging",
    *,
    overlay: str = "",
    is_watched: bool = False,
    **settings: str,
) -> Iterator[Host]:
    """With an environment file, and nothing running; nothing is left of it afterwards.

    Without monitoring, unless a test is about it: it takes time.
    """
    project = f"contravento-release-{uuid4().hex[:8]}"
    for file in ROOT.glob("docker-compose*.yml"):
        shutil.copy(file, folder)
    for name in ("deploy", "monitoring", "scripts"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copytree(ROOT / "src" / "contravento_backup", folder / "src" / "contravento_backup")
    overlays = ["overlay.yml"]
    if mode != "dev":
        overlays.append("monitoring.test.yml" if is_watched else "unwatched.test.yml")
        shutil.copy(ROOT / "tests" / "stack" / overlays[-1], folder)
    overlay = overlay or (HTTP_OVERLAY if mode == "dev" else OVERLAY)
    (folder / "overlay.yml").write_text(overlay)
    own = f"contravento:{project}-base"  # the name it was built under may be built anew meanwhile
    docker("tag", base, own)
    host = Host(folder, project, own, mode, tuple(overlays))
    values = {**_names(project), **({} if mode == "dev" else _served(mode)), **settings}
    _set_up(host, values)
    try:
        with shown_on_failure(project):
            yield host
    finally:
        _down(host)
        tags = docker("images", "--format", "{{.Repository}}:{{.Tag}}", "contravento").split()
        for tag in [each for each in tags if project in each]:
            subprocess.run(["docker", "rmi", tag], capture_output=True, check=False)


@contextmanager
def a_serving_host(folder: Path, images: str) -> Iterator[Host]:
    """With a good release on it."""
    with a_host(folder, f"contravento:{images}") as host:
        done = host.deploy(host.good("good"))
        assert done.status == Exit.DONE, done.words
        yield host


@contextmanager
def production_beside(staging: Host, domain: str, overlays: tuple[str, ...] = ()) -> Iterator[Host]:
    """In the same folder, with one word changed in each name; nothing runs yet."""
    project = f"contravento-release-{uuid4().hex[:8]}"
    host = replace(staging, mode="prod", project=project, overlays=overlays or staging.overlays)
    values = {**_names(project), **_served("prod"), "DOMAIN": domain}
    _set_up(host, values)
    try:
        with shown_on_failure(project):
            yield host
    finally:
        _down(host)
        (host.folder / ".env.prod").unlink()


def _set_up(host: Host, values: Mapping[str, str]) -> None:
    given = [part for name, value in values.items() for part in ("--set", f"{name}={value}")]
    made = host.ops("init", "--no-questions", *given)
    assert made.status == 0, made.words


def _down(host: Host) -> None:
    down = host.compose.call("down", "--volumes", "--remove-orphans", "--timeout", "3")
    subprocess.run(down.words, capture_output=True, timeout=120, check=False)


def _names(project: str) -> dict[str, str]:
    """Of its own, so that several run beside each other."""
    return {
        "COMPOSE_PROJECT_NAME": project,
        "NETWORK_PREFIX": f"10.{200 + os.getpid() % 50}.{int(project[-2:], 16)}",
        **{f"{name}_PORT": str(free_port()) for name in ("HTTP", "MAIL", "POSTGRES", "REDIS")},
        **{f"TEST_{name}_PORT": str(free_port()) for name in PORTS},
    }


def _served(mode: EnvironmentName) -> dict[str, str]:
    """A site with a name, which asks no certificate authority and lets no mail out."""
    return {
        "DOMAIN": DOMAIN,
        "SMTP_HOST": "smtp.host.test",
        "SMTP_FROM": f"diary@{DOMAIN}",
        "ACME_EMAIL": f"host@{DOMAIN}",
        "ACME_DIRECTORY": "off",
        "MAIL_ALLOW_LIST": "" if mode == "prod" else "@host.test",
    }
