"""A bundle for whoever helps: versions, states, logs and configuration, without a single secret."""

import base64
import io
import json
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote_plus

from contravento_ops.environment import file as env_files
from contravento_ops.environment.variables.table import VARIABLES
from contravento_ops.kit import audit, compose
from contravento_ops.kit.compose import Project, docker
from contravento_ops.kit.errors import CommandError, Exit

LOG_LINES = 300
SHORTEST_SECRET = 6
CANARY = "canary-Vt7qLm2ZxKd9RfWs4HbNpYcG"
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*-----|\Z)", re.S)
EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
BASE64_RUN = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
HEX_RUN = re.compile(r"(?:[0-9a-fA-F]{2}){6,}")
CALLS: Mapping[str, tuple[str, ...]] = {
    "docker-version.txt": ("version",),
    "docker-info.txt": ("info",),
    "resource-use.txt": ("stats", "--no-stream"),
    "disk-use.txt": ("system", "df"),
    "images.txt": ("image", "ls", "--digests"),
}


def secrets_of(files: Iterable[env_files.EnvFile]) -> dict[str, str]:
    """Every value that is nobody's business, by the name that stands in its place."""
    found: dict[str, str] = {}
    for file in files:
        for name, value in file.values.items():
            variable = VARIABLES.get(name)
            if len(value) >= SHORTEST_SECRET and (variable is None or variable.is_sensitive):
                found.setdefault(value, name)
    return found


def encodings(value: str) -> set[str]:
    """How a value may be written: as it is, in URLs, in JSON, in base64 and hex."""
    plain = value.encode()
    return {
        value,
        quote(value, safe=""),
        quote(value),
        quote_plus(value),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        value.replace("$", "$$"),
        plain.hex(),
        plain.hex().upper(),
        base64.b64encode(plain).decode(),
        base64.urlsafe_b64encode(plain).decode(),
        base64.b64encode(plain).decode().rstrip("="),
        base64.urlsafe_b64encode(plain).decode().rstrip("="),
        *_inside_base64(plain),
    }


def _inside_base64(plain: bytes) -> Iterator[str]:
    """The part that stays the same when the value is encoded after other bytes, as in Basic
    credentials: its first and last characters depend on its neighbours and are left out."""
    for before in (1, 2):
        written = base64.b64encode(b"\0" * before + plain).decode().rstrip("=")
        middle = written[before + 1 : -1]
        if len(middle) >= 2 * SHORTEST_SECRET:
            yield middle


def redact(text: str, secrets: Mapping[str, str]) -> str:
    """Secrets by their values, longest first; then keys and e-mail addresses by their look."""
    spellings = {spelling: name for value, name in secrets.items() for spelling in encodings(value)}
    for spelling in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelling, f"[{spellings[spelling]}]")
    return EMAIL.sub("[address]", PRIVATE_KEY.sub("[private key]", text))


def found_in(text: str, secrets: Mapping[str, str]) -> list[str]:
    """The names of secrets that are there all the same.

    Looks another way than `redact` does: it decodes what looks encoded, and searches in that.
    """
    readable = [each.encode() for each in (text, unquote_plus(text), _unescaped(text))]
    readable += _decoded(text)
    return sorted(
        {
            name
            for value, name in secrets.items()
            if any(value.encode() in each for each in readable)
        }
    )


def _unescaped(text: str) -> str:
    """Without what JSON and Compose put before some characters."""
    plain = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    return re.sub(r"\\(.)", r"\1", plain).replace("$$", "$")


def _decoded(text: str) -> Iterator[bytes]:
    """What every run of base64 or hex says, from whichever character it is read."""
    for run in BASE64_RUN.findall(text):
        plain = run.replace("-", "+").replace("_", "/").rstrip("=")
        for start in range(4):
            part = plain[start:]
            whole = part[: len(part) - 1] if len(part) % 4 == 1 else part
            yield base64.b64decode(whole + "=" * (-len(whole) % 4))
    for run in HEX_RUN.findall(text):
        yield bytes.fromhex(run)


def make(project: Project, files: list[env_files.EnvFile]) -> tuple[Path, list[str]]:
    """The bundle's path and what is in it. Raises CommandError if a secret is still in it."""
    secrets = {**secrets_of(files), CANARY: "CANARY"}
    content = {name: redact(text, secrets) for name, text in _gather(project)}
    canary = redact(f"{CANARY} {base64.b64encode(CANARY.encode()).decode()}", secrets)
    content["scan.txt"] = f"A planted canary was found and removed: {canary}\n"
    packed = pack(content)
    refuse_secrets(content, secrets)
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    path = project.paths.memory / f"support-{project.paths.environment}-{moment}.tar.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(packed)
    path.chmod(0o600)
    return path, sorted(content)


def refuse_secrets(content: Mapping[str, str], secrets: Mapping[str, str]) -> None:
    for name, text in content.items():
        if left := found_in(text, secrets):
            raise CommandError(
                f"The bundle was not written: {name} still holds {', '.join(left)}.",
                status=Exit.FAILED,
            )


def pack(content: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in sorted(content.items()):
            member = tarfile.TarInfo(f"support/{name}")
            member.size, member.mode = len(text.encode()), 0o600
            archive.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def _gather(project: Project) -> Iterator[tuple[str, str]]:
    for name, words in CALLS.items():
        yield name, _said(docker(*words))
    yield "compose-version.txt", _said(compose.Call((*compose.compose_command(), "version")))
    yield "services.txt", _said(project.call("ps", "--all"))
    yield "configuration.yml", _said(project.call("config"))
    for service in project.services():
        lines = ("logs", "--no-color", "--timestamps", "--tail", str(LOG_LINES), service)
        yield f"logs/{service}.txt", _said(project.call(*lines))
    yield "audit.jsonl", "\n".join(audit.newest(project.paths.audit)) + "\n"
    if project.paths.state.exists():
        yield "state.json", project.paths.state.read_text()
    reports = sorted(project.paths.reports.glob("*.json"))[-3:]
    for report in reports:
        yield f"reports/{report.name}", report.read_text()


def _said(call: compose.Call) -> str:
    done = compose.run(call, timeout=60)
    return done.out + done.err
