"""What a value may look like, by kind: each function says what is wrong with one, or nothing."""

import re
from collections.abc import Callable
from email.utils import parseaddr
from urllib.parse import urlsplit

type Check = Callable[[str], str | None]

BOOLEANS = ("true", "false")
LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
DOMAIN = re.compile(rf"{LABEL}(\.{LABEL})*", re.I)
EMAIL = re.compile(rf"[^@\s,;<>]+@{LABEL}(\.{LABEL})+", re.I)
NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
DURATION = re.compile(r"[1-9][0-9]*[hdwy]")
SIZE = re.compile(r"[1-9][0-9]*(MB|GB|TB)")
MOMENTS = re.compile(r"[A-Z0-9_]+:[0-9]{10}(,[A-Z0-9_]+:[0-9]{10})*")
VOLUME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
PREFIX = re.compile(r"(10|172|192)(\.(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){2}")
INBOX = (
    "write imaps://user:password@host/INBOX, with % / ? # @ in the password as %25 %2F %3F %23 %40,"
    " or an address that begins with https:// or http://"
)


def text(value: str) -> str | None:
    return None


def boolean(value: str) -> str | None:
    return None if value in BOOLEANS else f"'{value}' is neither true nor false; write one of them"


def integer(least: int, most: int) -> Check:
    def check(value: str) -> str | None:
        if not re.fullmatch(r"-?[0-9]+", value):
            return f"'{value}' is no whole number; write one from {least} to {most}"
        if not least <= int(value) <= most:
            return f"{value} is out of bounds; write a number from {least} to {most}"
        return None

    return check


def decimal(least: float, most: float) -> Check:
    def check(value: str) -> str | None:
        bounds = f"from {least:g} to {most:g}"
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
            return f"'{value}' is no number; write one {bounds}, such as {least:g}"
        if not least <= float(value) <= most:
            return f"{value} is out of bounds; write a number {bounds}"
        return None

    return check


def one_of(*allowed: str) -> Check:
    def check(value: str) -> str | None:
        return None if value in allowed else f"'{value}' is not one of {', '.join(allowed)}"

    return check


def some_of(*allowed: str) -> Check:
    """Separated by commas."""

    def check(value: str) -> str | None:
        unknown = [name for name in value.split(",") if name not in allowed]
        return f"'{unknown[0]}' is not one of {', '.join(allowed)}" if unknown else None

    return check


def shaped(pattern: re.Pattern[str], words: str) -> Check:
    def check(value: str) -> str | None:
        return None if pattern.fullmatch(value) else f"'{value}' is no {words}"

    return check


def domain(value: str) -> str | None:
    if "://" in value or "/" in value:
        return f"'{value}' is an address; write the bare host name, such as diary.example.org"
    if not DOMAIN.fullmatch(value) or len(value) > 253:
        return f"'{value}' is no host name; write one such as diary.example.org"
    return None


def email(value: str) -> str | None:
    """An address, or a name and an address in angle brackets."""
    bare = parseaddr(value)[1] if "<" in value else value
    if EMAIL.fullmatch(bare):
        return None
    return f"'{value}' is no e-mail address; write one such as diary@example.org"


def emails(value: str) -> str | None:
    """One address, or several with commas between them."""
    return next((wrong for part in value.split(",") if (wrong := email(part.strip()))), None)


def allow_list(value: str) -> str | None:
    for each in (part.strip() for part in value.split(",")):
        if not EMAIL.fullmatch(each if not each.startswith("@") else f"x{each}"):
            return f"'{each}' is neither an address nor a domain such as @example.org"
    return None


def origins(value: str) -> str | None:
    for each in (part.strip() for part in value.split(",")):
        if "*" in each:
            return f"'{each}' lets every site use the API; name each origin, separated by commas"
        parts = urlsplit(each)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query:
            return f"'{each}' is not an origin; write it like https://app.example.org"
    return None


def url(*schemes: str) -> Check:
    def check(value: str) -> str | None:
        starts = " or ".join(f"{scheme}://" for scheme in schemes)
        wrong = f"'{_shown(value)}' is no such address; begin it with {starts}"
        try:
            parts = urlsplit(value)
            port_is_wrong = parts.netloc.count(",") == 0 and parts.port == 0
        except ValueError as error:
            return f"'{_shown(value)}' cannot be read ({error}); mend it"
        needs_host = parts.scheme != "file"
        if parts.scheme not in schemes or (needs_host and not parts.netloc) or port_is_wrong:
            return wrong
        if re.search(r"\s", value):
            return f"'{_shown(value)}' holds a blank; write it as %20, or remove it"
        return None

    return check


def inbox(value: str) -> str | None:
    """By IMAP, with whose it is, or by HTTP. What is wrong is not repeated: it holds a password."""
    try:
        parts = urlsplit(value)
        is_known = all((parts.username, parts.password, parts.hostname, parts.port != 0))
    except ValueError:
        return f"that is no inbox; {INBOX}"
    if parts.scheme == "imaps":
        return None if is_known else f"that does not say whose inbox is read, and where; {INBOX}"
    if parts.scheme in ("http", "https") and parts.netloc:
        return None
    return f"that is no inbox; {INBOX}"


def _shown(value: str) -> str:
    """Without what may be a password."""
    return re.sub(r"://[^/]*@", "://…@", value)


def dsn(value: str) -> str | None:
    """As Sentry's own library reads one: a key, a host and a project's number."""
    try:
        parts = urlsplit(value)
        project = parts.path.rpartition("/")[2]
        is_whole = bool(parts.username and parts.hostname and parts.port != 0)
    except ValueError:
        is_whole, project = False, ""
    is_web = value.startswith(("https://", "http://"))
    if is_web and is_whole and project.isdigit():
        return None
    return "that is no DSN of Sentry; write https://key@host/project-number, as Sentry shows it"


def site(value: str) -> str | None:
    """An origin: what riders type, with nothing behind the host."""
    if wrong := url("https", "http")(value):
        return wrong
    parts = urlsplit(value)
    if parts.path.strip("/") or parts.query or parts.fragment:
        return f"'{value}' holds a path, but the site stands at the root of its name; remove it"
    return None


def url_or(word: str, *schemes: str) -> Check:
    return lambda value: None if value == word else url(*schemes)(value)


def path(value: str) -> str | None:
    if value.startswith(("/", "./")):
        return None
    return f"'{value}' is no file that Compose finds; begin it with / or ./"


def volume(value: str) -> str | None:
    if VOLUME.fullmatch(value) or value.startswith(("/", "./")):
        return None
    return f"'{value}' is neither a volume's name nor a folder; begin a folder with / or ./"


port = integer(1, 65535)
name = shaped(NAME, "plain name; use small letters, digits and _")
duration = shaped(DURATION, "length of time; write one such as 15d or 12h")
size = shaped(SIZE, "size; write one such as 2GB or 500MB")
moments = shaped(MOMENTS, "list of names and moments; remove the line, init writes it anew")
tag = shaped(TAG, "image tag; write one such as 1f3c5a7")
prefix = shaped(PREFIX, "private network; write three numbers such as 10.213.42")
