"""The addresses that hold a password: built with what a URL needs encoded, and compared."""

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote


@dataclass(frozen=True, slots=True)
class Address:
    """What a URL says. `password` may hold characters that should have been encoded; of several
    hosts it is the first."""

    user: str
    password: str
    host: str
    port: str
    path: str
    options: Mapping[str, str] = field(default_factory=dict)


APPLICATION_ROLES = ("contravento_app", "contravento_app_2")
APPLICATION_ROLE = APPLICATION_ROLES[0]
OWN_SERVER = "postgres"  # what Compose's PostgreSQL is called
AUTHORITY = "/opt/contravento/database-ca.pem"  # where containers find DATABASE_CA_FILE
SAFE_IN_URL = frozenset(string.ascii_letters + string.digits + "-_.~")


def database_url(values: Mapping[str, str]) -> str:
    password = quote(values["POSTGRES_APP_PASSWORD"], safe="")
    place = f"postgres:5432/{values['POSTGRES_DB']}"
    return f"postgresql+asyncpg://{role_in(values)}:{password}@{place}"


def replica_url(values: Mapping[str, str]) -> str:
    """As it stands, but for who signs in, if that is the application."""
    url = values["DATABASE_REPLICA_URL"]
    if take_apart(url).user not in APPLICATION_ROLES:
        return url
    scheme, _, rest = url.partition("://")
    password = quote(values["POSTGRES_APP_PASSWORD"], safe="")
    return f"{scheme}://{role_in(values)}:{password}@{rest.rpartition('@')[2]}"


def role_in(values: Mapping[str, str]) -> str:
    """As which of its two roles the application signs in."""
    return values.get("POSTGRES_APP_ROLE", APPLICATION_ROLE)


def redis_url(values: Mapping[str, str]) -> str:
    return f"redis://:{quote(values['REDIS_PASSWORD'], safe='')}@redis:6379/1"


def take_apart(url: str) -> Address:
    """Leniently: the last @ ends the password, so that a / or @ in it does not mislead."""
    rest = url.partition("://")[2]
    credentials, _, place = rest.rpartition("@")
    user, _, password = credentials.partition(":")
    hosts_and_ports, _, path = place.partition("/")
    host, _, port = hosts_and_ports.partition(",")[0].partition(":")
    path, _, query = path.partition("?")
    return Address(user, password, host, port, path, dict(parse_qsl(query)))


def is_elsewhere(values: Mapping[str, str]) -> bool:
    """Whether DATABASE_URL names another server than the one that Compose runs."""
    url = values.get("DATABASE_URL")
    return bool(url) and take_apart(url or "").host != OWN_SERVER


def is_encoded(address: Address) -> bool:
    """Whether the password can stand in a URL as it is written."""
    return not set(address.password) & set("/?#[]@: ")


def agrees(address: Address, password: str) -> bool:
    """Written as it is, or encoded."""
    return password in (address.password, unquote(address.password))
