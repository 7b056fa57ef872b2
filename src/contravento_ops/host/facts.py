"""Gathering the facts that host.py judges: from Docker, sockets, and the domain's addresses."""

import contextlib
import http.client
import json
import secrets
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from contravento_ops.host.checks import READ_INSIDE, Facts, PublishedPort, Reached
from contravento_ops.kit import compose
from contravento_ops.kit.compose import Project, docker
from contravento_ops.kit.errors import CommandError

CHALLENGE = "/.well-known/acme-challenge/"
TIMEOUT_SECONDS = 5
WEEK_SECONDS = 7 * 24 * 3600
HISTORY = "/etc/letsencrypt/contravento-history.json"
SEEN_BY_CONTAINERS = "nproc; df -Pk / | tail -1; grep MemTotal /proc/meminfo"


def gather(project: Project, values: Mapping[str, str]) -> Facts:
    """Never raises: what cannot be found out is None, with the reason beside it."""
    why: dict[str, str] = {}
    info = _info(why)
    config = _config(project, why)
    published = tuple(_ports(project, config)) if config else ()
    seen = _seen_by_a_container(config) if info and config else None
    needs_name = any(each.port in (80, 443) for each in published)
    domain = values.get("DOMAIN", "")
    asks = needs_name and values.get("ACME_DIRECTORY") != "off"
    return Facts(
        engine=info.get("ServerVersion"),
        compose=_compose_version(why),
        processors=seen.processors if seen else info.get("NCPU"),
        memory_bytes=seen.memory_bytes if seen else info.get("MemTotal"),
        disk_bytes=seen.disk_bytes if seen else _disk_here(info),
        ports=published,
        domain=domain,
        needs_name=needs_name,
        reached=_reached(project, domain, published, why) if needs_name else None,
        skew_seconds=_skew(values, why),
        issued_this_week=_issued(project) if asks else None,
        asks_authority=asks,
        firewall=_firewall(),
        has_data=any(each.is_ours for each in published),
        closed=tuple(closed_to_others(project.paths.root)),
        why=why,
    )


def _info(why: dict[str, str]) -> dict[str, Any]:
    done = compose.run(docker("info", "--format", "{{json .}}"))
    found: dict[str, Any] = json.loads(done.out) if done.ok and done.out.startswith("{") else {}
    if not found.get("ServerVersion"):
        why["engine"] = "no Docker engine answers"
        return {}
    return found


def _compose_version(why: dict[str, str]) -> str | None:
    try:
        words = compose.compose_command()
    except CommandError as refusal:
        why["compose"] = refusal.sentences[0]
        return None
    return compose.run(compose.Call((*words, "version", "--short"))).out.strip() or None


def _config(project: Project, why: dict[str, str]) -> dict[str, Any]:
    try:
        return project.config()
    except CommandError as refusal:
        why["ports"] = refusal.sentences[0]
        return {}


@dataclass(frozen=True, slots=True)
class Seen:
    processors: int
    memory_bytes: int
    disk_bytes: int


def _seen_by_a_container(config: Mapping[str, Any]) -> Seen | None:
    """In the first of our images that is here already; None where none is."""
    for service in config["services"].values():
        image = service.get("image", "")
        if compose.run(docker("image", "inspect", image)).ok:
            words = ("run", "--rm", "--network", "none", "--entrypoint", "sh", image)
            done = compose.run(docker(*words, "-c", SEEN_BY_CONTAINERS), timeout=60)
            if done.ok:
                return read_seen(done.out)
    return None


def read_seen(said: str) -> Seen:
    processors, disk, memory = said.strip().splitlines()
    return Seen(int(processors), int(memory.split()[1]) * 1024, int(disk.split()[3]) * 1024)


def _disk_here(info: Mapping[str, Any]) -> int | None:
    with contextlib.suppress(OSError):
        return shutil.disk_usage(info.get("DockerRootDir", "/")).free
    return None


def _ports(project: Project, config: Mapping[str, Any]) -> Iterator[PublishedPort]:
    ours = {port for container in project.containers() for _, port, _ in container.ports}
    for service in config["services"].values():
        for each in service.get("ports", ()):
            if each.get("protocol", "tcp") == "tcp" and each.get("published"):
                port = int(each["published"])
                address = each.get("host_ip", "")
                is_ours = port in ours
                yield PublishedPort(address, port, not is_ours and is_taken(port), is_ours)


def is_taken(port: int) -> bool:
    """Somebody listens there; asked by connecting, which needs no rights."""
    for host in ("127.0.0.1", "::1"):
        with contextlib.suppress(OSError), socket.create_connection((host, port), 1):
            return True
    with contextlib.suppress(PermissionError), socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except PermissionError:
            raise
        except OSError:
            return True
    return False


def _reached(
    project: Project, domain: str, published: tuple[PublishedPort, ...], why: dict[str, str]
) -> tuple[Reached, ...] | None:
    token = secrets.token_urlsafe(24)
    addresses = resolve(domain)
    if not addresses:
        return ()
    is_up = any(each.is_ours and each.port == 80 for each in published)
    shown = _shown_by_certbot(project, token) if is_up else shown_by_us(token)
    try:
        with shown as port:
            return tuple(reach(address, port, domain, token) for address in addresses)
    except (OSError, CommandError) as error:
        why["dns"] = f"port 80 could not be used for the test ({error})"
        return None


def resolve(domain: str) -> tuple[str, ...]:
    """Its IPv4 and IPv6 addresses."""
    try:
        found = socket.getaddrinfo(domain, 80, type=socket.SOCK_STREAM)
    except OSError:
        return ()
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


def reach(address: str, port: int, domain: str, token: str) -> Reached:
    """Fetch the token through one address of the name."""
    connection = http.client.HTTPConnection(address, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", CHALLENGE + token, headers={"Host": domain})
        reply = connection.getresponse()
        said = reply.read(200).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return Reached(address, False, f"does not answer ({type(error).__name__})")
    finally:
        connection.close()
    if said == token:
        return Reached(address, True)
    return Reached(address, False, f"is another server (status {reply.status})")


@contextlib.contextmanager
def shown_by_us(token: str, port: int = 80) -> Iterator[int]:
    """A server of our own for as long as the test takes, on both families where there are two."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_asked = self.path == CHALLENGE + token
            body = token.encode() if is_asked else b"no"
            self.send_response(200 if is_asked else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET

        def server_bind(self) -> None:
            if self.address_family == socket.AF_INET6:
                self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            super().server_bind()

    with Server(("", port), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()


@contextlib.contextmanager
def _shown_by_certbot(project: Project, token: str) -> Iterator[int]:
    """nginx has port 80 already; certbot can write where it serves challenges from."""
    folder = f"/var/www/acme{CHALLENGE}"
    write = f"mkdir -p {folder} && printf %s {token} > {folder}{token}"
    compose.run_well(project.call("exec", "-T", "certbot", "sh", "-c", write))
    try:
        yield 80
    finally:
        compose.run(project.call("exec", "-T", "certbot", "rm", "-f", folder + token))


def closed_to_others(root: Path) -> Iterator[str]:
    """Files and folders that a clone made with umask 077 keeps from everybody but its owner."""
    for name in READ_INSIDE:
        for path in (root / name, *sorted((root / name).rglob("*"))):
            if path.exists() and not path.is_symlink():
                needed = 0o005 if path.is_dir() else 0o004
                if path.stat().st_mode & needed != needed:
                    yield path.relative_to(root).as_posix()


def _skew(values: Mapping[str, str], why: dict[str, str]) -> float | None:
    directory = values.get("ACME_DIRECTORY", "https://acme-v02.api.letsencrypt.org/directory")
    if directory == "off":
        why["clock"] = "ACME_DIRECTORY is off, so there is no clock to compare with"
        return None
    try:
        return skew_against(directory, values.get("ACME_CA_BUNDLE"))
    except (OSError, http.client.HTTPException, ValueError, TypeError) as error:
        why["clock"] = f"{urlsplit(directory).hostname} does not answer ({type(error).__name__})"
        return None


def skew_against(url: str, ca_bundle: str | None = None) -> float:
    """Our clock minus the server's Date, in seconds. Raises OSError or ValueError."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=ca_bundle or None)
        connection = http.client.HTTPSConnection(
            host, port, timeout=TIMEOUT_SECONDS, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    with contextlib.closing(connection):
        connection.request("HEAD", parts.path or "/")
        theirs = parsedate_to_datetime(connection.getresponse().headers["Date"])
        return time.time() - theirs.timestamp()


def _issued(project: Project) -> int | None:
    """What certbot's container has counted in the certificates' volume."""
    done = compose.run(project.call("exec", "-T", "nginx", "cat", HISTORY))
    if not done.ok:
        return None
    try:
        times = json.loads(done.out).get("issued", [])
    except ValueError:
        return None
    return sum(1 for each in times if float(each) > time.time() - WEEK_SECONDS)


def _firewall() -> str:
    """What is in place, in a few words; looking needs rights that we may not have."""
    for words in (("ufw", "status"), ("nft", "list", "ruleset")):
        if shutil.which(words[0]):
            done = compose.run(compose.Call(words))
            if done.ok and done.out.strip():
                return f"{words[0]}: {done.out.strip().splitlines()[0]}; Docker passes it by"
    return ""
