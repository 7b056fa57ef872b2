"""What nobody may do or see."""

import http.client
import re
import secrets
import socket
import ssl
import time
from datetime import UTC, datetime

from contravento_ops.acceptance.context import CheckContext
from contravento_ops.environment.variables.table import VARIABLES
from contravento_ops.kit import certificate as certificates, compose
from contravento_ops.kit.certificate_authorities import trusted
from contravento_ops.kit.check_result import CheckFailed, Evidence, Inconclusive
from contravento_ops.operate.support import encodings

HTTP = 80
LEAST_DAYS = 7
YEAR_SECONDS = 31_536_000
STRANGER = "https://stranger.example"
DOCUMENTATION = ("/docs", "/redoc", "/openapi.json")
PAGES = ("/", "/health", "/no-such-page", "/api/v1/feed")
LOG_LINES = "20000"  # of each
SHORTEST_SECRET = 12
LOGGED_SECONDS = 1.5
# Each header with what must stand in it.
HEADERS = {
    "x-content-type-options": r"nosniff",
    "x-frame-options": r"DENY|SAMEORIGIN",
    "referrer-policy": r"no-referrer|same-origin|strict-origin(-when-cross-origin)?",
    "content-security-policy": r".*default-src.*",
    "permissions-policy": r".+",
}
SHAPES = {
    "a bearer token": re.compile(r"Bearer\s+[A-Za-z0-9_-]{20,}"),
    "an access token": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\."),
    "a password in an address": re.compile(r"[?&](password|token)=[^&\s\"…]+"),
}


def https(context: CheckContext) -> Evidence:
    """HTTP leads to HTTPS"""
    address = context.address
    if not address.is_https:
        raise CheckFailed("the site is not served over HTTPS")
    port = next(
        (
            port
            for container in context.project.containers("nginx")
            for _, port, target in container.ports
            if target == HTTP
        ),
        None,
    )
    if port is None:
        raise CheckFailed("nothing listens for HTTP, so that who types the bare name is lost")
    connection = http.client.HTTPConnection(address.host, port, timeout=10)
    try:
        connection.request("GET", "/trips?page=2", headers={"Host": address.name})
        answer = connection.getresponse()
        target, found = answer.getheader("Location") or "", answer.status
    except OSError as error:
        raise CheckFailed(f"HTTP does not answer: {error}") from error
    finally:
        connection.close()
    told = {"status": found, "leads to": target}
    if found not in (301, 308) or target != f"https://{address.name}/trips?page=2":
        raise CheckFailed("HTTP does not lead to the same page over HTTPS", told)
    return Evidence("the same page over HTTPS, for good", told)


def certificate(context: CheckContext) -> Evidence:
    """The certificate is valid, trusted and for this name"""
    address = context.address
    tls_context = trusted(context.project, context.values)
    try:
        with (
            socket.create_connection((address.host, address.port), 10) as plain,
            tls_context.wrap_socket(plain, server_hostname=address.name) as tls,
        ):
            der, version = tls.getpeercert(binary_form=True), tls.version()
    except (ssl.SSLError, OSError) as error:
        shown = certificates.served(address)
        until = certificates.moment(shown.not_after) if shown else ""
        seen = {"issuer": shown.issuer, "until": until} if shown else {}
        raise CheckFailed(f"browsers refuse it: {error}", seen) from error
    ends = certificates.read(der).not_after.timestamp() if der else 0.0
    left = (ends - datetime.now(UTC).timestamp()) / 86400
    told: dict[str, object] = {"days left": round(left), "TLS": version or ""}
    if left < LEAST_DAYS:
        raise CheckFailed("it ends soon, and should have been renewed", told)
    return Evidence(f"browsers trust it for {left:.0f} days more", told)


def cors(context: CheckContext) -> Evidence:
    """Scripts of other origins may not use the API, configured ones may"""
    wanted = [part.strip() for part in context.values.get("CORS_ORIGINS", "").split(",")]
    configured = [each for each in wanted if each]
    if "*" in configured:
        raise CheckFailed("CORS_ORIGINS lets every origin in")
    for path in ("/api/v1/feed", "/api/v1/me", "/"):
        for origin in (STRANGER, f"https://{context.address.name}.stranger.example", "null"):
            _refuses(context, path, origin)
    for origin in configured:
        allowed = context.site.get("/api/v1/feed", Origin=origin).headers
        if allowed.get("access-control-allow-origin") != origin:
            raise CheckFailed("a configured origin is not let in", {"origin": origin})
    return Evidence("strangers are not let in", {"let in": ", ".join(configured) or "nobody else"})


def _refuses(context: CheckContext, path: str, origin: str) -> None:
    plain = context.site.get(path, Origin=origin)
    asking = {"Origin": origin, "Access-Control-Request-Method": "DELETE"}
    before = context.site.ask("OPTIONS", path, headers=asking)
    for answer in (plain, before):
        allowed = answer.headers.get("access-control-allow-origin")
        if allowed:
            raise CheckFailed("a stranger's script is let in", {"path": path, "for": allowed})


def headers(context: CheckContext) -> Evidence:
    """Security headers are on pages, answers of the API and errors"""
    for path in PAGES:
        found = context.site.get(path).headers
        for name, wanted in HEADERS.items():
            if not re.fullmatch(wanted, found.get(name, ""), re.DOTALL):
                told = {"path": path, "header": name, "is": found.get(name, "missing")}
                raise CheckFailed("a security header is missing or weak", told)
        age = re.search(r"max-age=(\d+)", found.get("strict-transport-security", ""))
        if not age or int(age[1]) < YEAR_SECONDS:
            raise CheckFailed("HTTPS is not made binding for a year", {"path": path})
        if re.search(r"\d", found.get("server", "")):
            raise CheckFailed("the server tells its version", {"server": found["server"]})
    return Evidence(f"on all of {', '.join(PAGES)}", {"headers": ", ".join(HEADERS)})


def api_docs(context: CheckContext) -> Evidence:
    """The API's documentation is hidden"""
    for path in DOCUMENTATION:
        context.site.get(path).expect(404, what=path)
    return Evidence(f"{', '.join(DOCUMENTATION)} are not found")


def logs(context: CheckContext) -> Evidence:
    """Logs hold no password, token or canary"""
    canary = f"canary{secrets.token_hex(12)}"
    _plant(context, canary)
    time.sleep(LOGGED_SECONDS)
    watched = {
        canary: "the canary",
        context.probe.token: "the rider's token",
        context.probe.password: "the rider's password",
    }
    known = {value: name for name, value in context.values.items() if _is_secret(name, value)}
    said = _logged(context)
    for value, name in {**known, **watched}.items():
        for spelling in encodings(value):
            if spelling in said:
                raise _leak(said, said.index(spelling), name)
    for name, shape in SHAPES.items():
        if found := shape.search(said):
            raise _leak(said, found.start(), name)
    told = {"lines": said.count("\n"), "secrets looked for": len(known) + len(watched)}
    return Evidence("none of them", told)


def _leak(said: str, place: int, name: str) -> CheckFailed:
    """Whose line it is; never the line itself."""
    line = said[said.rfind("\n", 0, place) + 1 : place]
    told = {"container": line.partition("|")[0].strip(), "is": name}
    return CheckFailed("a secret stands in the log", told)


def _is_secret(name: str, value: str) -> bool:
    return name in VARIABLES and VARIABLES[name].is_sensitive and len(value) >= SHORTEST_SECRET


def _plant(context: CheckContext, canary: str) -> None:
    """Wherever somebody may put a secret by mistake or on purpose."""
    context.site.post("/api/v1/sessions", {"login": context.probe.username, "password": canary})
    context.site.get(f"/?password={canary}&token={canary}")
    context.site.get(f"/confirm/{canary}")
    context.site.get(f"/reset/{canary}")
    context.site.get("/", Authorization=f"Bearer {canary}", Cookie=f"__Host-session={canary}")
    context.site.send("PUT", "/api/v1/password-reset", {"token": canary, "password": canary})
    context.site.post("/api/v1/sessions/refresh", {"refresh_token": canary})


def _logged(context: CheckContext) -> str:
    """Every line with its container before it."""
    done = compose.run(context.project.call("logs", "--no-color", "--tail", LOG_LINES), timeout=120)
    if not done.ok:
        raise Inconclusive(f"the logs cannot be read: {done.said}")
    return done.out
