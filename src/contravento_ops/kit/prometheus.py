"""Asking the environment's own Prometheus, which listens on this host alone."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from contravento_ops.kit.compose import Project

PORT = 9090
ANSWER_SECONDS = 20


class Unreachable(Exception):
    """Prometheus does not run, listens nowhere on this host, or does not understand."""


@dataclass(frozen=True, slots=True)
class Series:
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Prometheus:
    url: str

    def instant(self, query: str) -> list[Series]:
        """Numbers that there are now. Raises Unreachable."""
        found = [
            Series(each["metric"], float(each["value"][1]))
            for each in self.ask("query", query=query)["result"]
        ]
        return [each for each in found if not math.isnan(each.value)]

    def has_any(self, query: str, *, start: float, end: float, step: float) -> bool:
        """Whether there was a number at any moment of this time. Raises Unreachable."""
        wanted = {"query": query, "start": start, "end": end, "step": step}
        found = self.ask("query_range", **{name: str(each) for name, each in wanted.items()})
        return any(value != "NaN" for each in found["result"] for _, value in each["values"])

    def ask(self, path: str, **asked: str) -> Any:
        url = f"{self.url}/api/v1/{path}?{urlencode(asked)}"
        try:
            with urlopen(url, timeout=ANSWER_SECONDS) as answer:  # noqa: S310  (Docker's own)
                return json.load(answer)["data"]
        except (URLError, HTTPException, OSError, ValueError, KeyError) as error:
            raise Unreachable(f"Prometheus does not answer: {error}") from error


def of(project: Project) -> Prometheus:
    """Raises Unreachable where it does not run."""
    for container in project.containers("prometheus"):
        for _, published, target in container.ports:
            if target == PORT and container.state == "running":
                return Prometheus(f"http://127.0.0.1:{published}")
    raise Unreachable("the service prometheus does not run")
