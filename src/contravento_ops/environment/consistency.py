"""Values that are fine each for itself and wrong together, or wrong for the environment."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from contravento_ops.environment import urls
from contravento_ops.kit.paths import EnvironmentName

type Values = Mapping[str, str]
type Finding = tuple[str, str, str]
type Rule = Callable[[Values, EnvironmentName], Iterator[Finding]]

BCRYPT_ROUNDS: Mapping[EnvironmentName, tuple[int, int]] = {
    "dev": (4, 11),
    "staging": (12, 14),
    "prod": (14, 15),
}
REPLICAS: Mapping[EnvironmentName, int] = {"dev": 1, "staging": 1, "prod": 3}
MAX_CONNECTIONS = 100
KEPT_FOR_OTHERS = 10
POOL_OVERFLOW = 10
DEFAULT_POOL = 20
LEAST_POOL = 5  # with fewer a process' riders wait for each other
MOST_CLIENTS = 1000  # of PgBouncer, in docker-compose.pooler.yml
PLAIN_SMTP_PORT = 25
SMTPS_PORT = 465


def _production_settings(values: Values, environment: EnvironmentName) -> Iterator[Finding]:
    if environment == "dev":
        return
    if values.get("APP_ENV", "production") != "production":
        yield "APP_ENV", f"is {values['APP_ENV']} in {environment}", "write production"
    if values.get("DEBUG") == "true":
        yield "DEBUG", "is true, which shows the inside of the program to everybody", "write false"
    if environment == "prod" and values.get("LOG_LEVEL") == "DEBUG":
        yield "LOG_LEVEL", "is DEBUG in prod, which fills the disk", "write WARNING"
    if values.get("LOG_FORMAT") == "console":
        yield (
            "LOG_FORMAT",
            "is console, which programs that read logs do not understand",
            "write json",
        )


def _bcrypt(values: Values, environment: EnvironmentName) -> Iterator[Finding]:
    least, most = BCRYPT_ROUNDS[environment]
    rounds = _number(values, "BCRYPT_ROUNDS")
    if rounds is not None and rounds < least:
        yield "BCRYPT_ROUNDS", f"is {rounds}, too few for {environment}", f"write {least}"
    if rounds is not None and rounds > most:
        slow = "so slow that signing in would hold the processors"
        yield "BCRYPT_ROUNDS", f"is {rounds}, {slow}", f"write at most {most}"


def _connections(values: Values, environment: EnvironmentName) -> Iterator[Finding]:
    """Everything may be at its most while a release is replaced by the next, one backend more."""
    pool = _number(values, "DATABASE_POOL_SIZE", DEFAULT_POOL)
    processes = _number(values, "WEB_CONCURRENCY", 1)
    replicas, limit = REPLICAS[environment], MAX_CONNECTIONS
    if not (pool and processes):
        return
    if urls.is_elsewhere(values):
        return  # how many connections that server takes, its keeper knows
    there = MOST_CLIENTS if values.get("DATABASE_POOLER") == "on" else limit - KEPT_FOR_OTHERS
    needed = (pool + POOL_OVERFLOW) * processes * (replicas + 1)
    if needed > there:
        sum_of_it = f"({pool} + {POOL_OVERFLOW}) × {processes} × ({replicas} + 1) = {needed}"
        most = there // (processes * (replicas + 1)) - POOL_OVERFLOW
        yield (
            "DATABASE_POOL_SIZE",
            f"asks for {sum_of_it} connections, but there are {there} for it",
            f"write at most {most}" if most >= LEAST_POOL else _instead(values),
        )


def _instead(values: Values) -> str:
    if values.get("DATABASE_POOLER") == "on":
        return "write a smaller WEB_CONCURRENCY"
    return "write DATABASE_POOLER=on, or a smaller WEB_CONCURRENCY"


def _database_elsewhere(values: Values, environment: EnvironmentName) -> Iterator[Finding]:
    """Riders' data leave the host, so the way is encrypted and its end is known."""
    if not urls.is_elsewhere(values):
        return
    for name in (
        "DATABASE_URL",
        "DATABASE_DIRECT_URL",
        "DATABASE_OWNER_URL",
        "DATABASE_MONITOR_URL",
    ):
        if url := values.get(name):
            yield from _not_verified(name, url, values)
    for name, whose in (("OWNER", "owner of its tables"), ("MONITOR", "one who sees figures")):
        if f"DATABASE_{name}_URL" not in values:
            mend = f"set it, with the {whose} as its user; docs/guides/databases.md makes both"
            what = "is not set, but DATABASE_URL names a server elsewhere"
            yield f"DATABASE_{name}_URL", what, mend
    if values.get("DATABASE_POOLER") == "on":
        what = "is on, but ours stands before our own PostgreSQL only"
        mend = (
            "write off; let DATABASE_URL lead to that server's pooler, DATABASE_DIRECT_URL past it"
        )
        yield "DATABASE_POOLER", what, mend


def _not_verified(name: str, url: str, values: Values) -> Iterator[Finding]:
    options = urls.take_apart(url).options
    root = options.get("sslrootcert", "")
    if options.get("sslmode") != "verify-full":
        mend = "end it with ?sslmode=verify-full&sslrootcert=system, or whom else to believe"
        yield name, "does not ask who the server elsewhere is", mend
    elif root not in ("system", urls.AUTHORITY):
        mend = f"write sslrootcert=system, or {urls.AUTHORITY} and set DATABASE_CA_FILE"
        yield name, f"says sslrootcert={root}, which no container has", mend
    elif root == urls.AUTHORITY and "DATABASE_CA_FILE" not in values:
        yield name, "believes DATABASE_CA_FILE, which is not set", "set it to the authority's file"


def _direct_url(values: Values, environment: EnvironmentName) -> Iterator[Finding]:
    if "DATABASE_DIRECT_URL" in values and not urls.is_elsewhere(values):
        mend = "remove the line; DATABASE_POOLER=on sets it by itself"
        yield "DATABASE_DIRECT_URL", "is set, but DATABASE_URL leads to no pooler elsewhere", mend


def _database_url(values: Values, environment: EnvironmentName) -> Iterator[Finding]:
    url = values.get("DATABASE_URL")
    if not url:
        return
    parts = urls.take_apart(url)
    rebuild = f"remove the line and run ./deploy.sh {environment} init, which builds it"
    if not urls.is_encoded(parts):
        yield "DATABASE_URL", "holds a password that breaks a URL", rebuild
        return
    if urls.is_elsewhere(values):
        return
    if parts.user not in urls.APPLICATION_ROLES:
        who = f"'{parts.user}', who may do more than {urls.APPLICATION_ROLE}"
        yield "DATABASE_URL", f"signs in as {who}", rebuild
    elif parts.user != urls.role_in(values):
        said = f"'{parts.user}', but POSTGRES_APP_ROLE says '{urls.role_in(values)}'"
        yield "DATABASE_URL", f"signs in as {said}", rebuild
    name = values.get("POSTGRES_DB", parts.path)
    if parts.path != name:
        yield "DATABASE_URL", f"says '{parts.path}', but POSTGRES_DB says '{name}'", rebuild
    password = values.get("POSTGRES_APP_PASSWORD")
    if password and not urls.agrees(parts, password):
        yield "DATABASE_URL", "holds another password than POSTGRES_APP_PASSWORD", rebuild


def _replica_url(values: Values, environment: EnvironmentName) -> Iterator[Finding]:
    url = values.get("DATABASE_REPLICA_URL")
    if not url:
        return
    parts, name = urls.take_apart(url), "DATABASE_REPLICA_URL"
    if not urls.is_encoded(parts):
        yield name, "holds a password that breaks a URL", "write % / ? # @ : as %25 %2F %3F …"
        return
    if _place(parts) == _place(urls.take_apart(_written_database(values))):
        yield name, "names the database itself, which follows nobody", "name a server that does"
    if "." in parts.host:
        yield from _not_verified(name, url, values)
    password = values.get("POSTGRES_APP_PASSWORD")
    if parts.user not in urls.APPLICATION_ROLES or urls.is_elsewhere(values):
        return
    if parts.user != urls.role_in(values) or not urls.agrees(parts, password or ""):
        who = f"{urls.role_in(values)} and its password, POSTGRES_APP_PASSWORD"
        yield name, "signs in as the application does not", f"write {who}"


def _written_database(values: Values) -> str:
    return values.get("DATABASE_URL") or "postgresql://postgres:5432/" + values["POSTGRES_DB"]


def _place(parts: urls.Address) -> tuple[str, str, str]:
    return parts.host.lower(), parts.port or "5432", parts.path


def _passwords_in_urls(values: Values, environment: EnvironmentName) -> Iterator[Finding]:
    """Compose puts these into URLs as they stand, where no URL of ours is given."""
    own = {"POSTGRES_APP_PASSWORD": "DATABASE_URL", "REDIS_PASSWORD": "REDIS_URL"}
    for name in ("POSTGRES_OWNER_PASSWORD", "POSTGRES_APP_PASSWORD", "REDIS_PASSWORD"):
        unsafe = set(values.get(name, "")) - urls.SAFE_IN_URL
        if not unsafe or own.get(name) in values:
            continue
        what = f"holds {' '.join(sorted(unsafe))}, which breaks the URL that it goes into"
        if name in own:
            yield name, what, f"run ./deploy.sh {environment} init, which encodes it"
        else:
            yield name, what, f"remove the line and run ./deploy.sh {environment} init"


def _redis_url(values: Values, environment: EnvironmentName) -> Iterator[Finding]:
    url = values.get("REDIS_URL")
    if not url:
        return
    parts = urls.take_apart(url)
    rebuild = f"remove the line and run ./deploy.sh {environment} init, which builds it"
    if not urls.is_encoded(parts):
        yield "REDIS_URL", "holds a password that breaks a URL", rebuild
        return
    password = values.get("REDIS_PASSWORD")
    if password and parts.host == "redis" and not urls.agrees(parts, password):
        yield "REDIS_URL", "holds another password than REDIS_PASSWORD", rebuild
    if parts.host == "redis" and parts.path != "1":
        yield "REDIS_URL", f"names the index '{parts.path}'", "end it with /1"


def _mail(values: Values, environment: EnvironmentName) -> Iterator[Finding]:
    host, port = values.get("SMTP_HOST", ""), values.get("SMTP_PORT", "587")
    tls = values.get("SMTP_TLS", "true")
    if bool(values.get("SMTP_USER")) != bool(values.get("SMTP_PASSWORD")):
        missing = "SMTP_PASSWORD" if values.get("SMTP_USER") else "SMTP_USER"
        yield missing, "is not set, but its other half is", "set both SMTP_USER and SMTP_PASSWORD"
    if port == str(PLAIN_SMTP_PORT) and tls == "true":
        yield "SMTP_PORT", "is 25, between mail servers, where no one signs in by TLS", "write 587"
    if port == str(SMTPS_PORT) and tls == "false":
        yield "SMTP_TLS", "is false on port 465, which speaks nothing but TLS", "write true"
    if values.get("SMTP_PASSWORD") and tls == "false" and not _is_catcher(host):
        yield "SMTP_TLS", "is false, so the password would travel in the open", "write true"
    if environment == "prod" and host and _is_catcher(host):
        yield "SMTP_HOST", f"is '{host}', which keeps mails and sends none", "name a mail server"


def _real_riders(values: Values, environment: EnvironmentName) -> Iterator[Finding]:
    host, allowed = values.get("SMTP_HOST", ""), values.get("MAIL_ALLOW_LIST", "")
    if environment == "staging" and host and not _is_catcher(host) and not allowed:
        yield (
            "MAIL_ALLOW_LIST",
            "is not set, so staging could write to real riders",
            "name who may be written to, such as @your-company.org, or let SMTP_HOST be a catcher",
        )
    if environment == "prod" and allowed:
        yield "MAIL_ALLOW_LIST", "holds back riders' mails in prod", "remove the line"


def _is_catcher(host: str) -> bool:
    """A name without a dot is a service of this project; it delivers nothing."""
    return "." not in host


def _site(values: Values, environment: EnvironmentName) -> Iterator[Finding]:
    domain, public = values.get("DOMAIN", ""), values.get("PUBLIC_URL", "")
    if environment == "dev":
        return
    if domain and ("." not in domain or domain.endswith((".local", ".localhost"))):
        yield (
            "DOMAIN",
            f"is '{domain}', for which nobody gives a certificate",
            "write a public name",
        )
    if domain.replace(".", "").isdigit():
        yield "DOMAIN", "is an address; certificates are for names", "write the host name"
    if public.startswith("http://"):
        yield "PUBLIC_URL", "says http://, but this environment speaks HTTPS", "write https://"
    with suppress(ValueError):
        if urlsplit(public).port not in (None, 443):
            yield "PUBLIC_URL", "names a port, but nginx serves 443 only", "remove the port"
    if public and domain and urlsplit(public).hostname != domain.lower():
        yield "PUBLIC_URL", f"names another host than DOMAIN ({domain})", "remove the line"
    for origin in (part.strip() for part in values.get("CORS_ORIGINS", "").split(",")):
        if origin.startswith("http://"):
            yield (
                "CORS_ORIGINS",
                f"holds {origin}, which anybody on the way can change",
                "use https",
            )


TOGETHER = (
    ("BACKUP_S3_ENDPOINT", "BACKUP_S3_BUCKET", "BACKUP_S3_ACCESS_KEY", "BACKUP_S3_SECRET_KEY"),
    ("STORAGE_S3_ACCESS_KEY", "STORAGE_S3_SECRET_KEY"),
)


def _together(values: Values, environment: EnvironmentName) -> Iterator[Finding]:
    for names in TOGETHER:
        present = [name for name in names if values.get(name)]
        for name in names if present else ():
            if name not in present:
                yield name, f"is not set, but {present[0]} is", f"set all of {', '.join(names)}"


def _key_rotation(values: Values, environment: EnvironmentName) -> Iterator[Finding]:
    if values.get("SECRET_KEY") and values.get("SECRET_KEY") == values.get("SECRET_KEY_PREVIOUS"):
        yield "SECRET_KEY_PREVIOUS", "is the key that is used now", "remove the line"


def _number(values: Values, name: str, default: int | None = None) -> int | None:
    """None for what is no number; that is said elsewhere."""
    written = values.get(name)
    if written is None:
        return default
    return int(written) if written.isdigit() else None


RULES: tuple[Rule, ...] = (
    _production_settings,
    _bcrypt,
    _connections,
    _database_url,
    _database_elsewhere,
    _direct_url,
    _replica_url,
    _redis_url,
    _passwords_in_urls,
    _mail,
    _real_riders,
    _site,
    _together,
    _key_rotation,
)
