"""Tells Prometheus what the Docker engine knows of this project's containers, on port 9199.

The engine alone knows how often a container was started again, whether it is healthy and whether it
was killed for memory. Besides: the host's network cards, and the times of the certificate that is
served, and when each secret was made. Needs nothing but Python.
"""

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import certificate
from engine import Engine

PORT = 9199
PROXY = "nginx"
CARDS = Path("/host/net-dev")
AT_ONCE = 4
AGAIN_SECONDS = 5
NOT_OF_THE_HOST = ("lo", "veth", "br-", "docker")
COUNTER, GAUGE = "counter", "gauge"
FIGURES = {
    "container_up": (GAUGE, "Whether the container runs."),
    "container_healthy": (GAUGE, "Whether its health check succeeds; only where it has one."),
    "container_restarts_total": (COUNTER, "How often Docker started it again after it had ended."),
    "container_oom_kills_total": (COUNTER, "How often something in it was killed for memory."),
    "container_start_time_seconds": (GAUGE, "When it was started last, since 1970."),
    "container_memory_usage_bytes": (GAUGE, "Memory in use, without what can be dropped."),
    "container_memory_limit_bytes": (GAUGE, "Memory that it may use; 0 is no limit."),
    "container_cpu_seconds_total": (COUNTER, "Time of processors that it has used."),
    "container_cpu_limit_cores": (GAUGE, "Processors that it may use; 0 is no limit."),
    "container_network_receive_bytes_total": (COUNTER, "Received over all its networks."),
    "container_network_transmit_bytes_total": (COUNTER, "Sent over all its networks."),
    "container_disk_read_bytes_total": (COUNTER, "Read from disks."),
    "container_disk_written_bytes_total": (COUNTER, "Written to disks."),
    "host_network_receive_bytes_total": (COUNTER, "Received by a network card of the host."),
    "host_network_transmit_bytes_total": (COUNTER, "Sent by a network card of the host."),
    "contravento_certificate_not_before_seconds": (GAUGE, "When the served certificate begins."),
    "contravento_certificate_not_after_seconds": (GAUGE, "When the served certificate ends."),
    "contravento_secret_made_timestamp_seconds": (GAUGE, "When the secret was made."),
}

type Labels = tuple[tuple[str, str], ...]
type Figure = tuple[str, Labels, float]


class Kills:
    """Counts kills for memory from the engine's events, for as long as this process lives."""

    def __init__(self, engine: Engine, project: str) -> None:
        self.engine, self.project = engine, project
        self.by_container: Counter[str] = Counter()

    def follow(self, over: threading.Event) -> None:
        """Until it is over: when the engine restarts, from where it was left."""
        since = time.time()
        while not over.is_set():
            try:
                for at, labels in self.engine.kills(self.project, since):
                    since = at + 1e-6
                    self.by_container[labels["name"]] += 1
                    say("warning", "killed for memory", container=labels["name"])
            except (OSError, ValueError) as problem:
                say("warning", "the engine's events broke off", reason=str(problem))
            over.wait(AGAIN_SECONDS)


class Watch:
    """What is told when somebody asks."""

    def __init__(
        self,
        engine: Engine,
        project: str,
        *,
        domain: str = "",
        secrets: str = "",
        cards: Path = CARDS,
    ) -> None:
        self.engine, self.project, self.domain, self.cards = engine, project, domain, cards
        self.secrets = secrets
        self.kills = Kills(engine, project)

    def figures(self) -> Iterator[Figure]:
        listed = self.engine.containers(self.project)
        with ThreadPoolExecutor(AT_ONCE) as several:
            for found in several.map(self._of_container, [each["Id"] for each in listed]):
                yield from found
        yield from of_cards(self.cards)
        yield from self._of_certificate()
        yield from of_secrets(self.secrets)

    def _of_container(self, container: str) -> list[Figure]:
        """Nothing for one that is to end by itself, or that has gone since it was listed."""
        try:
            known = self.engine.inspect(container)
            if known["HostConfig"]["RestartPolicy"]["Name"] in ("", "no"):
                return []
            stats = self.engine.stats(container) if known["State"]["Running"] else {}
        except OSError:
            return []
        name = known["Name"].lstrip("/")
        labels = (
            ("service", known["Config"]["Labels"]["com.docker.compose.service"]),
            ("container", name),
        )
        told = {
            **of_state(known),
            **of_stats(stats),
            "container_oom_kills_total": self.kills.by_container[name],
        }
        return [(figure, labels, value) for figure, value in told.items()]

    def _of_certificate(self) -> Iterator[Figure]:
        if not self.domain:
            return
        try:
            begins, ends = certificate.validity(certificate.served(PROXY, self.domain))
        except (OSError, ValueError):
            return
        yield "contravento_certificate_not_before_seconds", (), begins
        yield "contravento_certificate_not_after_seconds", (), ends


def of_state(known: dict[str, Any]) -> dict[str, float]:
    state, host = known["State"], known["HostConfig"]
    told = {
        "container_up": float(state["Running"] and not state.get("Restarting", False)),
        "container_restarts_total": known["RestartCount"],
        "container_memory_limit_bytes": host["Memory"],
        "container_cpu_limit_cores": host["NanoCpus"] / 1e9,
        "container_start_time_seconds": seconds(state["StartedAt"]),
    }
    if health := state.get("Health"):
        told["container_healthy"] = float(health["Status"] == "healthy")
    return told


def of_stats(stats: dict[str, Any]) -> dict[str, float]:
    """Figures of a running container; the names differ between the two versions of cgroups."""
    memory = stats.get("memory_stats") or {}
    if "usage" not in memory:
        return {}
    pages = memory.get("stats") or {}
    inactive = pages.get("total_inactive_file", pages.get("inactive_file", 0))
    networks = (stats.get("networks") or {}).values()
    return {
        "container_memory_usage_bytes": max(memory["usage"] - inactive, 0),
        "container_cpu_seconds_total": stats["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9,
        "container_network_receive_bytes_total": sum(network["rx_bytes"] for network in networks),
        "container_network_transmit_bytes_total": sum(network["tx_bytes"] for network in networks),
        "container_disk_read_bytes_total": _moved(stats, "read"),
        "container_disk_written_bytes_total": _moved(stats, "write"),
    }


def _moved(stats: dict[str, Any], direction: str) -> float:
    entries = (stats.get("blkio_stats") or {}).get("io_service_bytes_recursive") or ()
    return float(sum(entry["value"] for entry in entries if entry["op"].lower() == direction))


def of_cards(file: Path) -> Iterator[Figure]:
    """The host's own network cards; nothing where they cannot be seen."""
    try:
        lines = file.read_text().splitlines()[2:]
    except OSError:
        return
    for line in lines:
        device, _, counted = line.strip().partition(":")
        if device.startswith(NOT_OF_THE_HOST):
            continue
        numbers = counted.split()
        yield "host_network_receive_bytes_total", (("device", device),), float(numbers[0])
        yield "host_network_transmit_bytes_total", (("device", device),), float(numbers[8])


def of_secrets(written: str) -> Iterator[Figure]:
    """Of `NAME:moment,…`, as the environment file has it; what is no such thing is left out."""
    for part in written.split(","):
        name, _, moment = part.partition(":")
        if name and moment.isdecimal():
            yield "contravento_secret_made_timestamp_seconds", (("secret", name),), float(moment)


def seconds(written: str) -> float:
    """Since 1970, of a time as Docker writes it: with nanoseconds, and year 1 for never."""
    moment = datetime.fromisoformat(written[:26].rstrip("Z") + "+00:00")
    return max(moment.timestamp(), 0.0)


def exposition(figures: Iterable[Figure]) -> str:
    """As Prometheus reads it, each figure's lines together."""
    lines: dict[str, list[str]] = {}
    for name, labels, value in figures:
        named = ",".join(f'{label}="{_escaped(said)}"' for label, said in labels)
        lines.setdefault(name, []).append(
            f"{name}{{{named}}} {value!r}" if named else f"{name} {value!r}"
        )
    return "".join(
        f"# HELP {name} {meaning}\n# TYPE {name} {kind}\n" + "\n".join(lines[name]) + "\n"
        for name, (kind, meaning) in FIGURES.items()
        if name in lines
    )


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def say(level: str, event: str, **more: str) -> None:
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    print(json.dumps({"timestamp": moment, "level": level, "event": event, **more}), flush=True)  # noqa: T201


def server(watch: Watch, port: int = PORT) -> ThreadingHTTPServer:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != "/metrics":
                self.send_error(404)
                return
            try:
                body = exposition(watch.figures()).encode()
            except (OSError, ValueError, KeyError) as problem:
                say("error", "the engine cannot be asked", reason=repr(problem))
                self.send_error(503)
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Prometheus asks every fifteen seconds; that is no news."""

    return ThreadingHTTPServer(("", port), Answers)


def main() -> None:
    engine = Engine()
    project = engine.own_project()
    watch = Watch(
        engine,
        project,
        domain=os.environ.get("DOMAIN", ""),
        secrets=os.environ.get("SECRETS_MADE", ""),
    )
    threading.Thread(target=watch.kills.follow, args=(threading.Event(),), daemon=True).start()
    say("info", "watching", project=project)
    server(watch).serve_forever()


if __name__ == "__main__":
    main()
