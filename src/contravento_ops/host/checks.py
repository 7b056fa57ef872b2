"""Whether this host is fit, each check a small function over facts that somebody else gathered."""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from contravento_ops.kit.console import Mark

MIN_ENGINE = (25, 0, 0)  # start_interval; see docs/decisions/docker-25.md
MIN_COMPOSE = (2, 24, 4)  # !override
MIN_PROCESSORS = 2
MIN_MEMORY_BYTES = 3_600_000_000  # what a machine sold with 4 GB has left after its kernel
MIN_DISK_BYTES = 20_000_000_000
MAX_SKEW_SECONDS = 60
CERTIFICATES_A_WEEK = 5
PUBLIC_PORTS = frozenset({80, 443})
VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?")
READ_INSIDE = ("deploy", "src", "alembic.ini")  # mounted, or copied into the image as they are
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Verdict:
    name: str
    mark: Mark
    found: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Reached:
    """One address of the domain: whether our token came back from it, else what did."""

    address: str
    is_ours: bool
    words: str = ""


@dataclass(frozen=True, slots=True)
class PublishedPort:
    address: str
    port: int
    is_taken: bool = False
    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """None is what could not be found out; `why` says the reason by check."""

    engine: str | None = None
    compose: str | None = None
    processors: int | None = None
    memory_bytes: int | None = None
    disk_bytes: int | None = None
    ports: tuple[PublishedPort, ...] = ()
    domain: str = ""
    needs_name: bool = True
    reached: tuple[Reached, ...] | None = None
    skew_seconds: float | None = None
    issued_this_week: int | None = None
    asks_authority: bool = True
    firewall: str = ""
    has_data: bool = False
    closed: tuple[str, ...] = ()
    why: dict[str, str] = field(default_factory=dict)


type Check = Callable[[Facts], Verdict]


def engine(facts: Facts) -> Verdict:
    """Docker 25 or newer."""
    return _version("engine", "Docker", facts.engine, MIN_ENGINE, facts.why.get("engine", ""))


def compose(facts: Facts) -> Verdict:
    """Compose 2.24.4 or newer."""
    return _version("compose", "Compose", facts.compose, MIN_COMPOSE, facts.why.get("compose", ""))


def _version(
    name: str, words: str, found: str | None, least: tuple[int, int, int], why: str
) -> Verdict:
    needed = f"install {words} {'.'.join(str(part) for part in least)} or newer"
    numbers = VERSION.match(found or "")
    if numbers is None:
        return Verdict(name, "failed", why or "not found", needed)
    if tuple(int(part or 0) for part in numbers.groups()) < least:
        return Verdict(name, "failed", f"{words} {found}", needed)
    return Verdict(name, "ok", f"{words} {found}")


def processors(facts: Facts) -> Verdict:
    """Two processors, as containers see them."""
    if facts.processors is None:
        return _unknown("processors", facts)
    mark: Mark = "ok" if facts.processors >= MIN_PROCESSORS else "failed"
    return Verdict("processors", mark, str(facts.processors), f"take at least {MIN_PROCESSORS}")


def memory(facts: Facts) -> Verdict:
    """4 GB of memory, as containers see it."""
    if facts.memory_bytes is None:
        return _unknown("memory", facts)
    mark: Mark = "ok" if facts.memory_bytes >= MIN_MEMORY_BYTES else "failed"
    return Verdict("memory", mark, f"{facts.memory_bytes / 1e9:.1f} GB", "take at least 4 GB")


def disk(facts: Facts) -> Verdict:
    """20 GB free where containers write; 5 once everything is there."""
    if facts.disk_bytes is None:
        return _unknown("disk", facts)
    needed = MIN_DISK_BYTES // 4 if facts.has_data else MIN_DISK_BYTES
    mark: Mark = "ok" if facts.disk_bytes >= needed else "failed"
    mend = f"free {needed / 1e9:.0f} GB: see docker system df, or take a larger disk"
    return Verdict("disk", mark, f"{facts.disk_bytes / 1e9:.1f} GB free", mend)


def ports(facts: Facts) -> Verdict:
    """The ports that we publish are free, or ours already."""
    taken = [f"{each.port}" for each in facts.ports if each.is_taken and not each.is_ours]
    if taken:
        return Verdict(
            "ports",
            "failed",
            f"{', '.join(taken)} taken by another program",
            f"see who it is with ss -ltnp '( sport = :{taken[0]} )' and stop it",
        )
    said = ", ".join(f"{port.port}{' (ours)' if port.is_ours else ''}" for port in facts.ports)
    return Verdict("ports", "ok", f"{said or 'none'} free")


def dns(facts: Facts) -> Verdict:
    """Every address of the domain, of both families, leads to this host."""
    if not facts.needs_name:
        return Verdict("dns", "skipped", "no public name here")
    if facts.reached is None:
        return _unknown("dns", facts)
    if not facts.reached:
        mend = f"make an A record (and AAAA, if the host has IPv6) for {facts.domain}"
        return Verdict("dns", "failed", f"{facts.domain} has no address", mend)
    astray = [each for each in facts.reached if not each.is_ours]
    if astray:
        said = "; ".join(f"{each.address} {each.words}" for each in astray)
        mend = "mend the A and AAAA records, and open port 80 for everybody"
        return Verdict("dns", "failed", f"does not lead here: {said}", mend)
    return Verdict("dns", "ok", ", ".join(each.address for each in facts.reached))


def clock(facts: Facts) -> Verdict:
    """The clock agrees with the certificate authority's."""
    if facts.skew_seconds is None:
        return _unknown("clock", facts)
    if abs(facts.skew_seconds) > MAX_SKEW_SECONDS:
        mend = "switch time synchronisation on: timedatectl set-ntp true"
        return Verdict("clock", "failed", f"{facts.skew_seconds:+.0f} s off", mend)
    return Verdict("clock", "ok", f"{facts.skew_seconds:+.0f} s")


def attempts(facts: Facts) -> Verdict:
    """Certificates left this week, as counted here; Let's Encrypt issues five for the same name."""
    if not facts.asks_authority:
        return Verdict("attempts", "skipped", "no certificate authority is asked")
    if facts.issued_this_week is None:
        return Verdict("attempts", "ok", "none used here yet")
    left = CERTIFICATES_A_WEEK - facts.issued_this_week
    if left <= 0:
        mend = "wait a week, or keep the certificate: do not delete the volume ssl_certificates"
        return Verdict("attempts", "failed", "none left this week", mend)
    return Verdict("attempts", "warning" if left == 1 else "ok", f"{left} left this week")


def firewall(facts: Facts) -> Verdict:
    """Docker publishes ports past ufw and nftables rules: only 80 and 443 may be open to all."""
    open_to_all = sorted(
        {
            each.port
            for each in facts.ports
            if each.address not in LOOPBACK and each.port not in PUBLIC_PORTS
        }
    )
    if open_to_all:
        named = ", ".join(str(port) for port in open_to_all)
        mend = "publish it on 127.0.0.1 only, and reach it by ssh -L"
        return Verdict("firewall", "failed", f"{named} would be open past the firewall", mend)
    return Verdict("firewall", "ok", facts.firewall or "nothing but 80 and 443 leaves 127.0.0.1")


def checkout(facts: Facts) -> Verdict:
    """What containers read of this folder can be read by them, who are not root."""
    if facts.closed:
        more = f" and {len(facts.closed) - 1} more" if len(facts.closed) > 1 else ""
        found = f"{facts.closed[0]}{more} can be read by their owner only"
        return Verdict("checkout", "failed", found, f"run chmod -R go+rX {' '.join(READ_INSIDE)}")
    return Verdict("checkout", "ok", "can be read by containers")


def _unknown(name: str, facts: Facts) -> Verdict:
    return Verdict(name, "warning", f"not known: {facts.why.get(name, 'could not be asked')}")


CHECKS: dict[str, Check] = {
    "engine": engine,
    "compose": compose,
    "processors": processors,
    "memory": memory,
    "disk": disk,
    "ports": ports,
    "dns": dns,
    "clock": clock,
    "attempts": attempts,
    "firewall": firewall,
    "checkout": checkout,
}


def judge(facts: Facts, skip: Collection[str] = ()) -> Iterator[Verdict]:
    for name, check in CHECKS.items():
        if name in skip:
            yield Verdict(name, "warning", "skipped, as you said")
        else:
            yield check(facts)


def rules_for(ports: Collection[int] = PUBLIC_PORTS) -> str:
    """The firewall rules that fit, for ufw and for nftables."""
    named = sorted(ports)
    ufw = "\n".join(f"  ufw allow {port}/tcp" for port in named)
    nft = ", ".join(str(port) for port in named)
    return (
        "ufw (22 only from addresses that you know):\n"
        "  ufw default deny incoming\n  ufw allow from YOUR.OWN.ADDRESS to any port 22 proto tcp\n"
        f"{ufw}\n  ufw allow 443/udp\n  ufw enable\n"
        "nftables, the same in a chain of type filter hook input:\n"
        "  policy drop; ct state established,related accept; iif lo accept;\n"
        f"  tcp dport {{ {nft} }} accept; udp dport 443 accept;\n"
        "  ip saddr YOUR.OWN.ADDRESS tcp dport 22 accept;\n"
        "Docker's published ports pass both by: what must stay inside is bound to 127.0.0.1."
    )
