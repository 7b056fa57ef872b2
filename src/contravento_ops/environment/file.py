"""Environment files as Compose reads them: made, and added to, but never rewritten."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ASSIGNMENT = re.compile(r"(?P<export>export\s+)?(?P<name>[^=\s]*)(?P<gap>\s*)=(?P<value>.*)", re.S)
MODE = 0o600


@dataclass(frozen=True, slots=True)
class Line:
    """One assignment: `raw` as it stands, `value` as Compose takes it."""

    number: int
    name: str
    raw: str
    has_gap: bool = False
    has_export: bool = False

    @property
    def value_as_written(self) -> str:
        """Without the remark behind it, which Compose passes over."""
        return re.split(r"\s#", self.raw, maxsplit=1)[0].strip()

    @property
    def value(self) -> str:
        return self.value_as_written.strip("'\"")


@dataclass(frozen=True, slots=True)
class EnvFile:
    path: Path
    lines: tuple[Line, ...] = ()
    oddities: tuple[tuple[int, str], ...] = ()
    mode: int | None = None

    @property
    def values(self) -> dict[str, str]:
        """The last one wins, as in Compose; names set to nothing are left out."""
        return {line.name: line.value for line in self.lines if line.value}

    def number_of(self, name: str) -> int:
        return next((line.number for line in reversed(self.lines) if line.name == name), 0)


@dataclass(frozen=True, slots=True)
class _Reading:
    lines: list[Line] = field(default_factory=list)
    oddities: list[tuple[int, str]] = field(default_factory=list)


def parse(text: str, path: Path = Path(".env"), mode: int | None = None) -> EnvFile:
    reading = _Reading()
    if text.startswith("\ufeff"):
        reading.oddities.append((1, "starts with a byte order mark; save it as plain UTF-8"))
        text = text.removeprefix("\ufeff")
    if "\r" in text:
        reading.oddities.append((1, "has Windows line ends; save it with plain ones (LF)"))
    for number, written in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        _read_line(number, written.strip(), reading)
    return EnvFile(path, tuple(reading.lines), tuple(reading.oddities), mode)


def _read_line(number: int, written: str, reading: _Reading) -> None:
    if not written or written.startswith("#"):
        return
    found = ASSIGNMENT.fullmatch(written)
    if found is None or not found["name"]:
        reading.oddities.append((number, "is no NAME=value; mend it or put # before it"))
        return
    reading.lines.append(
        Line(
            number,
            found["name"],
            found["value"],
            has_gap=bool(found["gap"]) or found["value"].startswith((" ", "\t")),
            has_export=bool(found["export"]),
        )
    )


def read(path: Path) -> EnvFile | None:
    if not path.exists():
        return None
    return parse(path.read_bytes().decode(errors="replace"), path, path.stat().st_mode & 0o777)


def create(path: Path, text: str) -> None:
    """Readable by its owner only from its first byte. Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text)


def add(path: Path, values: Mapping[str, str], remark: str) -> None:
    """Put new names at the end; what stands there already stays as it is."""
    before = path.read_text()
    gap = "" if before.endswith("\n") or not before else "\n"
    with path.open("a") as opened:
        opened.write(gap + f"\n# {remark}\n" + assignments(values))


def put(path: Path, name: str, value: str) -> None:
    """Set one name that is ours to set: its line changes, or one is added; all else stays."""
    change(path, {name: value})


def change(path: Path, values: Mapping[str, str]) -> None:
    """Several at once, whole or not at all. A name that is set to nothing keeps its empty line."""
    lines = path.read_text().split("\n")
    for name, value in values.items():
        places = [number for number, line in enumerate(lines) if line.startswith(f"{name}=")]
        said = f"{name}={value}"
        if places:
            lines[places[-1]] = said
        elif value:
            lines[-1:] = [said, ""] if lines[-1] == "" else [lines[-1], said]
    replace(path, "\n".join(lines))


def replace(path: Path, content: str) -> None:
    """Another content, whole or not at all; who may read it stays as it was."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    create(unfinished, content)
    if path.exists():
        unfinished.chmod(path.stat().st_mode & 0o777)
    unfinished.replace(path)


def keep_previous(path: Path) -> Path:
    """A copy beside it, for its owner's eyes only, in the place of the one before."""
    kept = path.with_name(f"{path.name}.previous")
    kept.unlink(missing_ok=True)
    create(kept, path.read_text())
    return kept


def assignments(values: Mapping[str, str] | Iterable[tuple[str, str]]) -> str:
    pairs = values.items() if isinstance(values, Mapping) else values
    return "".join(f"{name}={value}\n" for name, value in pairs)
