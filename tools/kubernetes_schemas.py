"""Writes the schemas of other people's kinds that tests compare manifests with.

    python -m tools.kubernetes_schemas

npm has typed models, generated from the definitions that operators install; what they declare is
turned into JSON schemas: names, types, what is required, what may be said. Lengths and patterns
are not in them. Fetches by `npm pack`; run it after raising a version here.
"""

import gzip
import json
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "kubernetes" / "schemas"
# The package's version, then that of the operator whose definitions it was made from.
PACKAGES = {
    ("prometheus-operator", "5.0.1", "0.90.1"): (
        "monitoring.coreos.com/v1/ServiceMonitor",
        "monitoring.coreos.com/v1/PodMonitor",
        "monitoring.coreos.com/v1/PrometheusRule",
    ),
    ("cert-manager", "5.0.1", "1.20.2"): ("cert-manager.io/v1/ClusterIssuer",),
    ("cloudnative-pg", "1.0.0", "1.29.0"): (
        "postgresql.cnpg.io/v1/Cluster",
        "postgresql.cnpg.io/v1/ScheduledBackup",
    ),
}
SIMPLE: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "any": {},
    "IObjectMeta": {"type": "object"},
}
WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\w+|\[key: string\]|[{}<>;:?|]')


class Reader:
    """Of one interface: its words, one after the other."""

    def __init__(self, text: str) -> None:
        declared = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        body = re.search(r"export interface \w+ (\{.*?^\})", declared, re.S | re.M)
        assert body, "no interface is declared"  # noqa: S101
        self._words: Iterator[str] = iter(WORD.findall(body[1]))
        self._word = next(self._words)

    def _take(self) -> str:
        taken, self._word = self._word, next(self._words, "")
        return taken

    def schema(self) -> dict[str, Any]:
        """One type, and what else it may be instead."""
        kinds = [self._kind()]
        while self._word == "|":
            self._take()
            kinds.append(self._kind())
        if all("const" in each for each in kinds):
            return {"enum": [kind["const"] for kind in kinds]}
        return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}

    def _kind(self) -> dict[str, Any]:
        word = self._take()
        if word == "{":
            return self._members()
        if word == "Array":
            self._take()
            items = self.schema()
            self._take()
            return {"type": "array", "items": items}
        return {"const": json.loads(word)} if word.startswith('"') else SIMPLE[word]

    def _members(self) -> dict[str, Any]:
        found: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
        required = []
        while self._word != "}":
            name = self._take()
            is_optional = self._word == "?"
            if is_optional:
                self._take()
            self._take()  # the colon
            if name == "[key: string]":
                found["additionalProperties"] = self.schema()
            else:
                found["properties"][json.loads(name)] = self.schema()
                required += [] if is_optional else [json.loads(name)]
            self._take()  # the semicolon
        self._take()
        return {**found, "required": required} if required else found


def fetch(name: str, version: str, into: Path) -> Path:
    words = ("npm", "pack", "--silent", f"@kubernetes-models/{name}@{version}")
    subprocess.run(words, cwd=into, check=True, capture_output=True)  # noqa: S603
    with tarfile.open(into / f"kubernetes-models-{name}-{version}.tgz") as packed:
        packed.extractall(into / name, filter="data")
    return into / name / "package"


def write(kind: str, package: Path, source: str) -> None:
    schema = Reader((package / f"{kind}.d.ts").read_text()).schema()
    text = json.dumps({"$comment": source, **schema}, separators=(",", ":"))
    path = FOLDER / f"{kind.rpartition('/')[2]}.json.gz"
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for (name, version, operator), kinds in PACKAGES.items():
            package = fetch(name, version, Path(folder))
            for kind in kinds:
                write(kind, package, f"{name} {operator}, by @kubernetes-models/{name} {version}")
