"""What Prometheus is told of containers, asked of an engine that answers on a real socket."""

import http.client
import json
import socketserver
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

FOLDER = Path(__file__).parent.parent.parent / "deploy" / "monitoring"
PROJECT = "diary"
OOM: dict[str, Any] = {
    "timeNano": 4_000_000_000_000_000_000,
    "Actor": {"Attributes": {"name": "diary-worker-1"}},
}


class Daemon(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Docker's, as far as it is asked: answers by path, and what was asked."""

    daemon_threads = True

    def __init__(self, path: str) -> None:
        super().__init__(path, Answers)
        self.answers: dict[str, Any] = {}
        self.events: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str, dict[str, list[str]]]] = []

    def handle_error(self, *_: object) -> None:
        """Whoever asked may leave before the answer's end."""

    def get_request(self) -> tuple[Any, Any]:
        connection, _ = super().get_request()
        return connection, ("socket", 0)


class Answers(BaseHTTPRequestHandler):
    server: Daemon

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        self.server.asked.append((self.command, url.path, parse_qs(url.query)))
        if url.path == "/events":
            lines = [json.dumps(event).encode() + b"\n" for event in self.server.events]
            self.server.events = []
            self._say(200, b"".join(lines))
        elif url.path in self.server.answers:
            self._say(200, json.dumps(self.server.answers[url.path]).encode())
        else:
            self._say(404, b"{}")

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    made = Daemon(str(tmp_path / "docker.sock"))
    serving = threading.Thread(target=made.serve_forever, args=(0.01,))
    serving.start()
    yield made
    made.shutdown()
    serving.join()
    made.server_close()


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module, from where it lies beside the ones that it takes in."""
    monkeypatch.syspath_prepend(str(FOLDER))
    import containers  # type: ignore[import-not-found]  # noqa: PLC0415

    monkeypatch.setattr(containers, "AGAIN_SECONDS", 0.01)
    yield containers
    for name in ("containers", "engine", "certificate"):
        sys.modules.pop(name, None)


@pytest.fixture
def watch(program: Any, daemon: Daemon, tmp_path: Path) -> Any:
    engine = program.Engine(str(daemon.server_address))
    return program.Watch(engine, PROJECT, cards=tmp_path / "net-dev")


def container(name: str = "backend", **changes: Any) -> dict[str, Any]:
    """As the engine tells of one."""
    state = {
        "Running": True,
        "Restarting": False,
        "StartedAt": "2026-11-23T10:00:00.123456789Z",
        "Health": {"Status": "healthy"},
        **changes.pop("state", {}),
    }
    host = {
        "Memory": 768 * 2**20,
        "NanoCpus": 1_500_000_000,
        "RestartPolicy": {"Name": "unless-stopped"},
        **changes.pop("host", {}),
    }
    return {
        "Name": f"/diary-{name}-1",
        "RestartCount": 2,
        "State": state,
        "HostConfig": host,
        "Config": {"Labels": {"com.docker.compose.service": name}},
        **changes,
    }


def stats(**changes: Any) -> dict[str, Any]:
    return {
        "memory_stats": {"usage": 5_000, "stats": {"inactive_file": 1_000}},
        "cpu_stats": {"cpu_usage": {"total_usage": 2_500_000_000}},
        "networks": {
            "eth0": {"rx_bytes": 10, "tx_bytes": 1},
            "eth1": {"rx_bytes": 5, "tx_bytes": 2},
        },
        "blkio_stats": {
            "io_service_bytes_recursive": [
                {"op": "Read", "value": 7},
                {"op": "write", "value": 3},
                {"op": "read", "value": 1},
            ]
        },
        **changes,
    }


def there(daemon: Daemon, *known: dict[str, Any], using: dict[str, Any] | None = None) -> None:
    daemon.answers["/containers/json"] = [{"Id": str(number)} for number in range(len(known))]
    for number, each in enumerate(known):
        daemon.answers[f"/containers/{number}/json"] = each
        daemon.answers[f"/containers/{number}/stats"] = using or stats()


def told(watch: Any) -> dict[str, float]:
    """Each figure of the first container, by its name."""
    return {name: value for name, _, value in watch.figures()}


def test_a_running_container_tells_everything(watch: Any, daemon: Daemon) -> None:
    there(daemon, container())

    assert told(watch) == {
        "container_up": 1.0,
        "container_healthy": 1.0,
        "container_restarts_total": 2,
        "container_oom_kills_total": 0,
        "container_start_time_seconds": 1795428000.123456,
        "container_memory_usage_bytes": 4_000,
        "container_memory_limit_bytes": 768 * 2**20,
        "container_cpu_seconds_total": 2.5,
        "container_cpu_limit_cores": 1.5,
        "container_network_receive_bytes_total": 15,
        "container_network_transmit_bytes_total": 3,
        "container_disk_read_bytes_total": 8,
        "container_disk_written_bytes_total": 3,
    }
    assert {labels for _, labels, _ in watch.figures()} == {
        (("service", "backend"), ("container", "diary-backend-1"))
    }


def test_only_the_own_project_is_asked_for_and_nothing_is_changed(
    watch: Any, daemon: Daemon
) -> None:
    there(daemon, container())
    told(watch)

    assert {command for command, _, _ in daemon.asked} == {"GET"}
    (asked,) = [query for _, path, query in daemon.asked if path == "/containers/json"]
    assert json.loads(asked["filters"][0])["label"] == [
        "com.docker.compose.project=diary",
        "com.docker.compose.oneoff=False",
    ]


def test_a_container_that_ended_is_down_and_uses_nothing(watch: Any, daemon: Daemon) -> None:
    never = {"Running": False, "StartedAt": "0001-01-01T00:00:00Z", "Health": None}
    there(daemon, container(state=never))
    found = told(watch)

    assert found["container_up"] == 0.0
    assert found["container_start_time_seconds"] == 0.0
    assert "container_healthy" not in found
    assert "container_memory_usage_bytes" not in found


def test_one_that_crashes_again_and_again_is_not_up(watch: Any, daemon: Daemon) -> None:
    there(daemon, container(state={"Restarting": True, "Health": {"Status": "starting"}}))
    found = told(watch)

    assert (found["container_up"], found["container_healthy"]) == (0.0, 0.0)


def test_one_that_does_its_work_and_ends_is_left_out(watch: Any, daemon: Daemon) -> None:
    there(daemon, container("migrate", host={"RestartPolicy": {"Name": "no"}}), container())

    assert {dict(labels)["service"] for _, labels, _ in watch.figures()} == {"backend"}


def test_one_that_goes_while_it_is_looked_at_spoils_nothing(watch: Any, daemon: Daemon) -> None:
    there(daemon, container("worker"), container())
    del daemon.answers["/containers/0/stats"]

    assert {dict(labels)["service"] for _, labels, _ in watch.figures()} == {"backend"}


@pytest.mark.parametrize("name", ["total_inactive_file", "inactive_file"])
def test_memory_leaves_out_what_can_be_dropped(watch: Any, daemon: Daemon, name: str) -> None:
    """By either version of cgroups."""
    using = stats(memory_stats={"usage": 900, "stats": {name: 300}})
    there(daemon, container(), using=using)

    assert told(watch)["container_memory_usage_bytes"] == 600


def test_a_container_without_networks_or_disks_is_told_of(watch: Any, daemon: Daemon) -> None:
    using = stats(networks=None, blkio_stats={"io_service_bytes_recursive": None})
    there(daemon, container(), using=using)
    found = told(watch)

    assert found["container_network_receive_bytes_total"] == 0
    assert found["container_disk_read_bytes_total"] == 0


def test_kills_for_memory_are_counted_from_where_it_was_left(
    watch: Any, daemon: Daemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.events = [OOM, {**OOM, "timeNano": OOM["timeNano"] + 1}]
    there(daemon, container("worker"))
    over = threading.Event()
    following = threading.Thread(target=watch.kills.follow, args=(over,))
    following.start()
    try:
        until(lambda: len(_events(daemon)) >= 2)
    finally:
        over.set()
        following.join()

    assert told(watch)["container_oom_kills_total"] == 2
    first, second = _events(daemon)[:2]
    assert json.loads(first["filters"][0])["event"] == ["oom"]
    assert float(second["since"][0]) > OOM["timeNano"] / 1e9
    assert all(json.loads(line) for line in capsys.readouterr().out.splitlines())


def _events(daemon: Daemon) -> list[dict[str, list[str]]]:
    return [query for _, path, query in list(daemon.asked) if path == "/events"]


def test_the_hosts_cards_are_told_without_those_that_docker_made(
    program: Any, tmp_path: Path
) -> None:
    cards = tmp_path / "net-dev"
    cards.write_text(
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets\n"
        "    lo: 11 1 0 0 0 0 0 0 11 1 0 0 0 0 0 0\n"
        "  eth0:4000 1 0 0 0 0 0 0 300 1 0 0 0 0 0 0\n"
        "veth12: 5 1 0 0 0 0 0 0 6 1 0 0 0 0 0 0\n"
    )

    assert list(program.of_cards(cards)) == [
        ("host_network_receive_bytes_total", (("device", "eth0"),), 4000.0),
        ("host_network_transmit_bytes_total", (("device", "eth0"),), 300.0),
    ]


def test_the_moments_of_secrets_are_told_by_their_names(program: Any) -> None:
    name = "contravento_secret_made_timestamp_seconds"
    found = list(program.of_secrets("SECRET_KEY:1700000000,REDIS_PASSWORD:1700000001"))

    assert found == [
        (name, (("secret", "SECRET_KEY"),), 1700000000.0),
        (name, (("secret", "REDIS_PASSWORD"),), 1700000001.0),
    ]
    assert list(program.of_secrets("")) == []
    assert list(program.of_secrets("SECRET_KEY:soon,:4,SECRET_KEY")) == []


def test_prometheus_gets_its_format(program: Any) -> None:
    figures = [("container_up", (("service", 'a"b\\'), ("container", "x")), 1.0)]

    assert program.exposition(figures) == (
        "# HELP container_up Whether the container runs.\n"
        "# TYPE container_up gauge\n"
        'container_up{service="a\\"b\\\\",container="x"} 1.0\n'
    )


def test_it_answers_and_says_so_when_the_engine_does_not(
    program: Any, watch: Any, daemon: Daemon
) -> None:
    there(daemon, container())
    server = program.server(watch, port=0)
    serving = threading.Thread(target=server.serve_forever, args=(0.01,))
    serving.start()
    try:
        answers = [ask(server.server_address[1], path) for path in ("/metrics", "/other")]
        daemon.answers.clear()
        answers.append(ask(server.server_address[1], "/metrics"))
    finally:
        server.shutdown()
        serving.join()
        server.server_close()

    assert [status for status, _ in answers] == [200, 404, 503]
    assert "container_up{" in answers[0][1]


def ask(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    connection.close()
    return found


def until(happens: Callable[[], bool]) -> None:
    ends = time.monotonic() + 10
    while not happens():
        assert time.monotonic() < ends
        time.sleep(0.01)
