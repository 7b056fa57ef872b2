"""What the pages tell people to type, and what they say is printed then."""

import re
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Command:
    """One line of a page, its continuations joined, with what is shown below its block."""

    page: str
    section: str
    line: int
    words: str
    begins: bool = True  # a block
    shown: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.words}"


def commands(page: Path, language: str = "sh") -> list[Command]:
    """In the order of the page. What a following block of ```text shows belongs to the last."""
    text = page.read_text()
    name = page.relative_to(ROOT).as_posix()
    found: list[Command] = []
    fences = list(FENCE.finditer(text))
    for fence, following in zip_longest(fences, fences[1:]):
        if fence[1] != language:
            continue
        typed = _typed(fence[2], text.count("\n", 0, fence.start()) + 2)
        shown: tuple[str, ...] = ()
        if (
            following
            and following[1] == "text"
            and not text[fence.end() : following.start()].strip()
        ):
            shown = tuple(line for line in following[2].splitlines() if line.strip())
        for position, (line, words) in enumerate(typed):
            is_last = position == len(typed) - 1
            place = (name, _section(text[: fence.start()]), line)
            found.append(Command(*place, words, position == 0, shown if is_last else ()))
    return found


def _typed(block: str, first: int) -> list[tuple[int, str]]:
    """Each command with the number of its line; remarks are left out."""
    joined = block.replace("\\\n", "\\\0")
    typed, line = [], first
    for written in joined.splitlines():
        words = written.replace("\\\0", "").strip()
        if words and not words.startswith("#"):
            typed.append((line, re.sub(r"\s{2,}", " ", words)))
        line += 1 + written.count("\0")
    return typed


def _section(before: str) -> str:
    """The heading that it stands under."""
    headings = re.findall(r"^#+ (.+)$", before, re.MULTILINE)
    return headings[-1] if headings else ""


def indented_blocks(page: Path) -> list[str]:
    """Code that is set off by four spaces, which nothing here would execute."""
    outside = FENCE.sub("", page.read_text())
    return re.findall(r"(?:^|\n)\n    (\S.*)", outside)


def missing(shown: tuple[str, ...], printed: str) -> str | None:
    """The first line that was not printed after those before it; … stands for anything."""
    lines = [
        " ".join(line.split())
        for line in re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", printed).splitlines()
    ]
    at = 0
    for line in shown:
        parts = [re.escape(part) for part in " ".join(line.split()).split("…")]
        pattern = re.compile(".*".join(parts))
        found = (number for number, each in enumerate(lines[at:], at) if pattern.fullmatch(each))
        place = next(found, None)
        if place is None:
            return line
        at = place + 1
    return None
