"""Is the host fit: each check over facts that need no host, and those that can run here."""

import http.server
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from contravento_ops.host import checks, facts as host_facts
from contravento_ops.host.checks import CHECKS, Facts, PublishedPort, Reached

FIT = Facts(
    engine="26.1.5+dfsg1",
    compose="2.26.1-4",
    processors=4,
    memory_bytes=8 * 10**9,
    disk_bytes=60 * 10**9,
    ports=(PublishedPort("", 80), PublishedPort("", 443), PublishedPort("127.0.0.1", 3000)),
    domain="staging.velo.test",
    reached=(Reached("192.0.2.7", True), Reached("2001:db8::7", True)),
    skew_seconds=0.4,
    issued_this_week=1,
)

ASTRAY = Reached("192.0.2.8", False, "is another server (status 404)")

CASES: list[tuple[str, Facts, str]] = [
    ("engine", replace(FIT, engine="24.0.9"), "failed"),
    ("engine", replace(FIT, engine="25.0.0"), "ok"),
    ("engine", replace(FIT, engine=None), "failed"),
    ("compose", replace(FIT, compose="2.24.3"), "failed"),
    ("compose", replace(FIT, compose="v2.24.4"), "ok"),
    ("compose", replace(FIT, compose="1.29.2"), "failed"),
    ("compose", replace(FIT, compose="dev"), "failed"),
    ("processors", replace(FIT, processors=1), "failed"),
    ("processors", replace(FIT, processors=None), "warning"),
    ("memory", replace(FIT, memory_bytes=2 * 10**9), "failed"),
    ("memory", replace(FIT, memory_bytes=3_900_000_000), "ok"),
    ("disk", replace(FIT, disk_bytes=15 * 10**9), "failed"),
    ("disk", replace(FIT, disk_bytes=15 * 10**9, has_data=True), "ok"),
    ("disk", replace(FIT, disk_bytes=4 * 10**9, has_data=True), "failed"),
    ("ports", replace(FIT, ports=(PublishedPort("", 80, is_taken=True),)), "failed"),
    ("ports", replace(FIT, ports=(PublishedPort("", 80, is_taken=True, is_ours=True),)), "ok"),
    ("dns", replace(FIT, reached=()), "failed"),
    ("dns", replace(FIT, reached=(Reached("192.0.2.7", True), ASTRAY)), "failed"),
    ("dns", replace(FIT, reached=None), "warning"),
    ("dns", replace(FIT, needs_name=False), "skipped"),
    ("clock", replace(FIT, skew_seconds=-75.0), "failed"),
    ("clock", replace(FIT, skew_seconds=None), "warning"),
    ("attempts", replace(FIT, issued_this_week=5), "failed"),
    ("attempts", replace(FIT, issued_this_week=4), "warning"),
    ("attempts", replace(FIT, issued_this_week=None), "ok"),
    ("attempts", replace(FIT, asks_authority=False), "skipped"),
    ("firewall", replace(FIT, ports=(PublishedPort("", 5432),)), "failed"),
    ("firewall", replace(FIT, ports=(PublishedPort("192.0.2.7", 9090),)), "failed"),
    ("firewall", replace(FIT, ports=(PublishedPort("127.0.0.1", 5432),)), "ok"),
    ("checkout", replace(FIT, closed=("deploy/nginx", "deploy/nginx/nginx.conf")), "failed"),
]


def test_a_fit_host_passes_every_check() -> None:
    assert {each.mark for each in checks.judge(FIT)} == {"ok"}


@pytest.mark.parametrize(("name", "facts", "mark"), CASES)
def test_a_check_says_what_it_found(name: str, facts: Facts, mark: str) -> None:
    verdict = CHECKS[name](facts)

    assert (verdict.name, verdict.mark) == (name, mark)
    assert verdict.found
    assert verdict.mend or mark != "failed"


def test_every_check_can_fail_or_say_that_it_does_not_know() -> None:
    assert {name for name, _, mark in CASES if mark in ("failed", "warning")} == set(CHECKS)


def test_a_skipped_check_is_a_warning() -> None:
    verdicts = {
        each.name: each for each in checks.judge(replace(FIT, processors=1), ["processors"])
    }

    assert verdicts["processors"].mark == "warning"


def test_firewall_rules_are_shown_for_both_kinds() -> None:
    rules = checks.rules_for()

    assert "ufw allow 443/tcp" in rules
    assert "tcp dport { 80, 443 } accept" in rules


# -- what can run on any machine -------------------------------------------------------------------


@pytest.fixture
def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def test_a_taken_port_is_seen(free_port: int) -> None:
    assert not host_facts.is_taken(free_port)
    with closing(socket.create_server(("127.0.0.1", free_port))):
        assert host_facts.is_taken(free_port)


def test_the_token_comes_back_over_both_families(free_port: int) -> None:
    addresses = ["127.0.0.1", *(["::1"] if socket.has_dualstack_ipv6() else [])]

    with host_facts.shown_by_us("a-token", free_port) as port:
        reached = [host_facts.reach(each, port, "velo.test", "a-token") for each in addresses]

    assert reached == [Reached(address, True) for address in addresses]


def test_another_server_behind_the_name_is_noticed(free_port: int) -> None:
    with host_facts.shown_by_us("another-token", free_port) as port:
        found = host_facts.reach("127.0.0.1", port, "velo.test", "a-token")

    assert found == Reached("127.0.0.1", False, "is another server (status 404)")


def test_nobody_behind_the_name_is_noticed(free_port: int) -> None:
    found = host_facts.reach("127.0.0.1", free_port, "velo.test", "a-token")

    assert found == Reached("127.0.0.1", False, "does not answer (ConnectionRefusedError)")


@contextmanager
def clock_at(date: str) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(200)
            self.send_header("Date", date)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/directory"
        server.shutdown()


def test_the_clock_is_compared_with_a_servers() -> None:
    with clock_at("Mon, 01 Jan 2024 00:00:00 GMT") as url:
        assert host_facts.skew_against(url) > 365 * 24 * 3600


def test_a_name_has_its_addresses() -> None:
    assert "127.0.0.1" in host_facts.resolve("localhost")
    assert host_facts.resolve("no-such-name.invalid") == ()


def test_a_clone_that_only_its_owner_can_read_is_noticed(tmp_path: Path) -> None:
    nginx = tmp_path / "deploy" / "nginx"
    nginx.mkdir(parents=True)
    (nginx / "nginx.conf").write_text("")
    (tmp_path / "alembic.ini").write_text("")
    (tmp_path / ".env.staging").write_text("")
    subprocess.run(["chmod", "-R", "go-rwx", tmp_path], check=True)

    closed = tuple(host_facts.closed_to_others(tmp_path))

    verdict = CHECKS["checkout"](replace(FIT, closed=closed))
    assert closed == ("deploy", "deploy/nginx", "deploy/nginx/nginx.conf", "alembic.ini")
    assert verdict.found == "deploy and 3 more can be read by their owner only"
    (tmp_path / "src").mkdir()
    subprocess.run(verdict.mend.removeprefix("run ").split(), cwd=tmp_path, check=True)
    assert tuple(host_facts.closed_to_others(tmp_path)) == ()


def test_what_a_container_sees_is_read() -> None:
    said = "4\noverlay 100 60 41943040 60% /\nMemTotal:        8138176 kB\n"

    assert host_facts.read_seen(said) == host_facts.Seen(4, 8138176 * 1024, 41943040 * 1024)
