"""One environment as it is set: by its files, and by what runs. Of a secret its length is told."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contravento_ops.environment.file import EnvFile
from contravento_ops.environment.secret_ages import SECRETS
from contravento_ops.environment.variables.table import VARIABLES
from contravento_ops.kit import compose
from contravento_ops.kit.compose import Call, Project, docker
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.operate import support
from contravento_ops.parity.diff import flat
from contravento_ops.release import facts

SETTINGS = ("contravento", "settings")
PARAMETERS = "SELECT name || '=' || setting FROM pg_settings ORDER BY name"
PARTS = ("services", "networks", "volumes")
DEFAULT_PREFIX = "10.213.42"

type Found = dict[str, str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`running` is empty where nothing runs."""

    environment: str
    at: str
    files: Found
    running: Found = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> "Snapshot":
        """As another host wrote it. Raises CommandError."""
        try:
            return cls(**json.loads(file.read_text()))
        except (OSError, ValueError, TypeError) as error:
            raise CommandError(f"{file} cannot be read: {error}.", status=Exit.USAGE) from error

    def write(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n")


@dataclass(frozen=True, slots=True)
class Inspector:
    """Looks at one environment. Names that must differ are written alike. By files alone, `image`
    is what is asked which settings follow from them; without one they are left out."""

    project: Project
    file: EnvFile
    image: str = ""

    def look(self) -> Snapshot:
        config = self.project.config()
        found = Snapshot(
            environment=self.project.paths.environment,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            files=dict(self._of_files(config)),
            running=dict(self._of_what_runs(config)),
        )
        self._refuse_secrets(found)
        return found

    # --- by the files

    def _of_files(self, config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for name in SECRETS:
            if value := self.file.values.get(name):
                yield f"secrets/{name}", f"{len(value)} characters"
        yield "names/domain", self.file.values.get("DOMAIN", "")
        for key, value in flat({name: config.get(name) for name in PARTS}, "compose"):
            if key.endswith("/image"):  # which is told below, by what it is here
                continue
            told = self._plain(value, config)
            yield self._plain(key, config), told if told != value else _unless_secret(key, value)
        for service, each in config["services"].items():
            image = str(each.get("image", ""))
            yield f"images/{service}", self._plain(id_of(image) or image, config)
        if self.image:
            yield from self._settings(self._asked_apart(config), config)

    def _asked_apart(self, config: Mapping[str, Any]) -> Call:
        """The image of the release with backend's settings, and nothing else of the environment."""
        backend = config["services"]["backend"]
        told = {name: str(value) for name, value in backend["environment"].items() if value}
        names = [part for name in told for part in ("--env", name)]
        words = ("docker", "run", "--rm", "--network", "none", *names, self.image, *SETTINGS)
        return Call(words, told)

    # --- by what runs

    def _of_what_runs(self, config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        running = [
            container for container in self.project.containers() if container.state == "running"
        ]
        services = {each.service for each in running}
        for each in running:
            yield f"images/{each.service}", str(compose.inspect(each.id)["Image"])
        if "backend" in services:
            asked = self.project.call("exec", "-T", "backend", *SETTINGS)
            yield from self._settings(asked, config)
        if "nginx" in services:
            yield from self._nginx(config)
        if "postgres" in services:
            said = _said(facts.psql(self.project, PARAMETERS), "PostgreSQL's settings")
            for line in said.splitlines():
                name, _, value = line.partition("=")
                yield f"postgresql/{name}", self._plain(value, config)

    def _nginx(self, config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Each line of each file, and how often it stands there."""
        said = _said(self.project.call("exec", "-T", "nginx", "nginx", "-T"), "nginx -T")
        lines: Counter[str] = Counter()
        file = "nginx.conf"
        for written in said.splitlines():
            line = written.strip()
            if line.startswith("# configuration file "):
                file = line.removeprefix("# configuration file ").rstrip(":").rpartition("/")[2]
            elif line and not line.startswith("#"):
                lines[f"nginx/{file}: {self._plain(line, config)}"] += 1
        yield from ((line, str(count)) for line, count in lines.items())

    def _settings(self, call: Call, config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        try:
            found = json.loads(_said(call, "the application's settings").splitlines()[-1])
        except (ValueError, IndexError):
            raise CommandError("The application does not tell its settings.") from None
        for name, value in found.items():
            yield f"settings/{name}", self._plain(str(value), config)

    # --- what must differ, and what nobody may see

    def _plain(self, text: str, config: Mapping[str, Any]) -> str:
        values = self.file.values
        alike = {
            str(self.project.paths.root): "FOLDER",
            str(config["name"]): "PROJECT",
            values.get("DOMAIN", ""): "DOMAIN",
            values.get("NETWORK_PREFIX", DEFAULT_PREFIX): "NETWORK",
        }
        text = support.redact(text, self._secrets)
        for each in sorted(filter(None, alike), key=len, reverse=True):
            text = text.replace(each, alike[each])
        return text

    @property
    def _secrets(self) -> dict[str, str]:
        return support.secrets_of([self.file])

    def _refuse_secrets(self, found: Snapshot) -> None:
        support.refuse_secrets({"the comparison": json.dumps(asdict(found))}, self._secrets)


def _said(call: Call, what: str) -> str:
    """Without the call's own words, which may hold what nobody is to see."""
    done = compose.run(call, timeout=120)
    if not done.ok:
        status = f"status {done.status}"
        raise CommandError(f"{what} cannot be read ({status}).", status=Exit.DOCKER)
    return done.out


def _unless_secret(key: str, value: str) -> str:
    """One that is too short to be looked for is hidden by its name."""
    variable = VARIABLES.get(key.rpartition("/")[2])
    return "[hidden]" if value and variable and variable.is_sensitive else value


def id_of(image: str) -> str:
    """Of an image that is here; nothing of one that is not."""
    done = compose.run(docker("image", "inspect", "--format", "{{.Id}}", image))
    return done.out.strip() if done.ok else ""
