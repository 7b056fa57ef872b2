"""docs/deployment/swarm.md, typed on three nodes as a reader would type it."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.docs.pages import ROOT, Command, commands, missing
from tests.stack.nodes import ACCESS_KEY, SECRET_KEY, Nodes
from tests.stack.releases import Host

PAGE = ROOT / "docs" / "deployment" / "swarm.md"
TYPED_SECONDS = 420
NOT_TYPED = {
    "./deploy.sh prod --swarm --registry registry.example.org/diary": "needs a registry",
    "./deploy.sh prod stop": "needs another host, on which Compose serves",
    "./deploy.sh prod --swarm": "takes what the check of staging has just proven",
}
PACE = " --bake-seconds 5 --healthy-seconds 60"
TOLD_MORE = {
    "./deploy.sh prod --swarm --image contravento:1a2b3c4d5e6f": PACE,
    "./deploy.sh prod rollback --swarm": PACE,
}


@dataclass
class Reader:
    """Types each command with what is true here, and notes which."""

    nodes: Nodes
    typed: set[str] = field(default_factory=set)
    true_here: dict[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    def make_a_swarm(self) -> None:
        """The first section; joining is typed on both others."""
        self.true_here["10.0.0.1"] = self.nodes.first.address
        for each in self._in("Make the nodes a Swarm"):
            if "swarm join " in each.words:
                for node in self.nodes.all[1:]:
                    self._type(each, DOCKER_HOST=node.engine)
                continue
            said = self._type(each, DOCKER_HOST=self.nodes.first.engine)
            if "join-token" in each.words:
                self.true_here["TOKEN"] = said.split()[-1]

    def sits_at(self, host: Host, certificate: str) -> None:
        self.environment = {
            **host.environment,
            "PYTHONPATH": str(ROOT / "src"),
            "DOCKER_HOST": self.nodes.first.engine,
            "COLUMNS": "200",
        }
        on_nodes = {
            f"ssh {each.name} docker": f"docker --host {each.engine}" for each in self.nodes.all
        }
        self.true_here |= {
            "./deploy.sh": f"{sys.executable} -m contravento_ops",
            "docker save": "env -u DOCKER_HOST docker save",  # where it was built
            "contravento:1a2b3c4d5e6f": host.base,
            "contravento-prod_grafana.": f"{host.project}_backup.",  # monitoring takes time
            "contravento-prod": host.project,
            "/srv/certificate": certificate,
            "https://s3.example.org": self.nodes.s3,
            "YOUR-KEY": ACCESS_KEY,
            "YOUR-SECRET": SECRET_KEY,
            **on_nodes,
        }

    def type(self, section: str, beginning: str = "") -> str:
        """Those of a section that are typed, or only those that begin so; what they printed."""
        return "\n".join(
            self._type(each, **self.environment)
            for each in self._in(section)
            if each.words.startswith(beginning) and each.words not in NOT_TYPED
        )

    def _in(self, section: str) -> Iterator[Command]:
        found = [command for command in commands(PAGE) if command.section == section]
        assert found, section
        yield from found

    def _type(self, command: Command, **environment: str) -> str:
        self.typed.add(command.words)
        words = self.here(command.words + TOLD_MORE.get(command.words, ""))
        done = subprocess.run(
            ["bash", "-c", words],
            env={**os.environ, **environment},
            cwd=environment.get("CONTRAVENTO_ROOT"),
            capture_output=True,
            text=True,
            timeout=TYPED_SECONDS,
            check=False,
        )
        printed = done.stdout + done.stderr
        assert done.returncode == 0, f"{command}\n{words}\n{printed}"
        shown = tuple(self.here(line) for line in command.shown)
        assert missing(shown, printed) is None, f"{command}\n{printed}"
        return printed

    def here(self, words: str) -> str:
        for said, instead in self.true_here.items():
            words = words.replace(said, instead)
        return words


def untyped(reader: Reader) -> set[str]:
    return {command.words for command in commands(PAGE)} - reader.typed - {*NOT_TYPED}
