"""The database's URL, parsed once for both drivers."""

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

DEFAULT_PORT = 5432
CONNECT_SECONDS = 5
SCHEMES = ("postgresql", "postgresql+asyncpg", "postgresql+psycopg", "postgres")
MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
SYSTEM = "system"
KNOWN = frozenset(
    {
        "host",
        "port",
        "sslmode",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "target_session_attrs",
        "connect_timeout",
        "application_name",
    }
)
# So that a server that vanished without a word is noticed within some ten seconds, not two hours.
IDLE_SECONDS, PROBE_SECONDS, PROBES, UNANSWERED_SECONDS = 5, 2, 3, 10
NOTICING = {
    "keepalives_idle": str(IDLE_SECONDS),
    "keepalives_interval": str(PROBE_SECONDS),
    "keepalives_count": str(PROBES),
    "tcp_user_timeout": str(UNANSWERED_SECONDS * 1000),
}


class WrongAddress(ValueError):
    """Its words go on after the name of the setting."""


@dataclass(frozen=True, slots=True)
class Server:
    """`host` is a name, an address, or the folder of a socket."""

    host: str
    port: int

    @property
    def is_socket(self) -> bool:
        return self.host.startswith("/")

    def __str__(self) -> str:
        return self.host if self.port == DEFAULT_PORT else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Address:
    """One database, on one server or on several of which one takes writes."""

    user: str
    password: str
    servers: tuple[Server, ...]
    database: str
    options: Mapping[str, str]

    @property
    def verifies(self) -> bool:
        return self.options.get("sslmode", "").startswith("verify-")

    @property
    def target(self) -> str:
        """Which of the servers is wanted; of several the one that takes writes."""
        usual = "read-write" if len(self.servers) > 1 else "any"
        return self.options.get("target_session_attrs", usual)

    @property
    def connect_seconds(self) -> int:
        return int(self.options.get("connect_timeout", CONNECT_SECONDS))

    def libpq(self) -> str:
        """As libpq and its tools read it."""
        hosts = ",".join(server.host for server in self.servers)
        ports = ",".join(str(server.port) for server in self.servers)
        parameters = {
            **self.options,
            "host": hosts,
            "port": ports,
            "target_session_attrs": self.target,
        }
        if parameters.get("sslrootcert") == SYSTEM and (
            authorities := _authorities_of_the_system()
        ):
            parameters["sslrootcert"] = (
                authorities  # its own idea of where they are is its packager's
            )
        if not all(server.is_socket for server in self.servers):
            parameters |= {"connect_timeout": str(self.connect_seconds), **NOTICING}
        who = ":".join(quote(part, safe="") for part in (self.user, self.password) if part)
        query = urlencode(parameters, quote_via=quote, safe="/,-")
        return f"postgresql://{who}{'@' if who else ''}/{quote(self.database)}?{query}"

    def asyncpg(self, server: Server) -> dict[str, Any]:
        """What asyncpg takes, to connect to one of the servers."""
        options: dict[str, Any] = {
            "host": server.host,
            "port": server.port,
            "user": self.user or None,
            "password": self.password or None,
            "database": self.database or None,
            "target_session_attrs": self.target,
            "timeout": self.connect_seconds,
        }
        if self.verifies:
            options["ssl"] = self.context()
        elif "sslmode" in self.options:
            options["ssl"] = self.options["sslmode"]
        if name := self.options.get("application_name"):
            options["server_settings"] = {"application_name": name}
        return options

    def context(self) -> ssl.SSLContext:
        """For verify-ca and verify-full. Raises WrongAddress where a file cannot be read."""
        root = self.options["sslrootcert"]
        try:
            context = ssl.create_default_context(cafile=None if root == SYSTEM else root)
        except (OSError, ssl.SSLError):
            wrong = f"sslrootcert names {root}, which holds no certificate that can be read"
            raise WrongAddress(f"{wrong}; put the authority's there") from None
        context.check_hostname = self.options["sslmode"] == "verify-full"
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # libpq knows nothing of it
        if certificate := self.options.get("sslcert"):
            key = self.options.get("sslkey")
            try:
                context.load_cert_chain(certificate, key)
            except (OSError, ssl.SSLError):
                wrong = f"sslcert and sslkey name {certificate} and {key}"
                raise WrongAddress(f"{wrong}, which are no certificate and its key") from None
        return context


def read_address(url: str) -> Address:
    """Raises WrongAddress."""
    scheme, found, rest = url.partition("://")
    if not found:
        raise WrongAddress("is not a database URL")
    if scheme not in SCHEMES:
        raise WrongAddress("must start with postgresql:// or postgresql+asyncpg://")
    head, _, query = rest.partition("?")
    who, _, location = head.rpartition("@")
    user, _, password = who.partition(":")
    place, _, database = location.partition("/")
    options = _options(query)
    return Address(
        user=unquote(user),
        password=unquote(password),
        servers=tuple(_servers(place, options.pop("host", ""), options.pop("port", ""))),
        database=unquote(database),
        options=options,
    )


def _options(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        found[name] = f"{found[name]},{value}" if name == "host" and name in found else value
    if unknown := sorted(set(found) - KNOWN):
        raise WrongAddress(f"holds {unknown[0]}, which is not known here; remove it")
    mode = found.get("sslmode")
    if mode is not None and mode not in MODES:
        raise WrongAddress(f"says sslmode={mode}; write one of {', '.join(MODES)}")
    if mode and mode.startswith("verify-") and not found.get("sslrootcert"):
        whom = "sslrootcert=system, or sslrootcert= and the file of the authority"
        raise WrongAddress(f"says sslmode={mode}, but not whom to believe; add {whom}")
    if not found.get("connect_timeout", "1").isdigit():
        raise WrongAddress("says connect_timeout, but no number of seconds")
    return found


def _servers(place: str, hosts: str, ports: str) -> Iterator[Server]:
    """From both places where a URL may name them; the options win, as with libpq. Of the drivers'
    two ways to write several, host=one:1&host=two:2 is understood as well."""
    written = [address for address in (hosts or place).split(",") if address]
    numbers = ports.split(",") if ports else []
    if not written:
        raise WrongAddress("names no server")
    for index, address in enumerate(written):
        host, port = (address, "") if address.startswith("/") else _split(address)
        if numbers:
            port = numbers[min(index, len(numbers) - 1)]
        if not port.isdigit() and port:
            raise WrongAddress(f"names the port '{port}', which is no number")
        yield Server(unquote(host), int(port or DEFAULT_PORT))


def _split(place: str) -> tuple[str, str]:
    """Host and port; an address of IPv6 stands in brackets."""
    if place.startswith("["):
        host, _, rest = place[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, port = place.partition(":")
    return host, port


def _authorities_of_the_system() -> str | None:
    paths = ssl.get_default_verify_paths()
    bundle = Path("/etc/ssl/certs/ca-certificates.crt")
    return paths.cafile or (str(bundle) if bundle.exists() else None)
