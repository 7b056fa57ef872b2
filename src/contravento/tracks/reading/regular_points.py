"""Reads points that a program has written alike, thousands at once.

One point of the file is taken for a sample, and a regular expression made of it finds all others
of its shape; any of its elements may be missing. What is left is the file's skeleton, in which each
run of such points is one empty element: an XML parser reads it as it would have read the whole, and
hears where the runs belong. What this module does not understand it leaves in the skeleton.
"""

import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import orjson

from contravento.tracks.reading.numbers import NAN
from contravento.tracks.reading.parsed_file import ParsedPoints, check_room

RUN = "contravento-run"
MARKER = f"<{RUN}/>"
CHUNK_BYTES = 1 << 20
SAMPLES = 50
LONGEST_SAMPLE_BYTES = 8_192
BLANK = r"[ \t\r\n]*+"
NUMBER = r"([-0-9.]{1,64})"
TIME = r"([-+0-9T:.Z]{1,40})"
TEXT = r"[^<>&\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]*+"
TOKEN = re.compile(
    r'<(/?)([A-Za-z_][\w.:-]{0,99})((?: [\w.:-]{1,99}="[^"<&]{0,500}"){0,9}) ?(/?)>|([^<&]+)'
)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a format calls its points, and where in one of them longitude, latitude, elevation and
    time stand: elements by their path, attributes of the point itself with an @. Points with one of
    `besides` in them are left to the parser."""

    points: tuple[str, ...]
    lon: str
    lat: str
    elevation: str
    time: str
    besides: tuple[str, ...] = ()


@dataclass(slots=True)
class Skeleton:
    """A file without its regular points, which stand in arrays beside it.

    `runs` are the first and behind-last indices of those that stood in one place, `names` those of
    the elements in them.
    """

    point: str
    names: set[str]
    depth: int  # of the elements in a point
    pieces: list[str] = field(default_factory=list)
    runs: list[tuple[int, int]] = field(default_factory=list)
    lon: "array[float]" = field(default_factory=lambda: array("d"))
    lat: "array[float]" = field(default_factory=lambda: array("d"))
    elevation: "array[float]" = field(default_factory=lambda: array("d"))
    times: list[str] = field(default_factory=list)

    @property
    def text(self) -> bytes:
        return "".join(self.pieces).encode()

    def add_piece(self, text: str) -> None:
        if text:
            self.pieces.append(text)

    def add_run(self, first: int, behind: int) -> None:
        """Points that go on where the last run ended, if nothing stands between, or a new run."""
        if self.pieces and self.pieces[-1] is MARKER:
            self.runs[-1] = (self.runs[-1][0], behind)
        else:
            self.pieces.append(MARKER)
            self.runs.append((first, behind))

    def pour(self, number: int, line: ParsedPoints) -> None:
        """Append the points of a run to a line. Raises TooManyPoints."""
        first, behind = self.runs[number]
        check_room(line, behind - first)
        for name in ("lon", "lat", "elevation"):
            getattr(line, name).extend(getattr(self, name)[first:behind])
        line.times += self.times[first:behind]


def cut_out(text: bytes, vocabulary: Vocabulary) -> Skeleton | None:
    """The skeleton of an XML text in UTF-8; None if its points have no shape that is understood."""
    if RUN.encode() in text:
        return None
    point = _find_point(text, vocabulary)
    shape = _learn(text, point, vocabulary) if point else None
    if not point or not shape:
        return None
    skeleton = Skeleton(point, shape.names, shape.depth)
    try:
        for chunk in _chunks(text, f"<{point}".encode()):
            _split(chunk.decode(), shape, skeleton)
    except ValueError:  # as `1.2.3` or bytes that are not UTF-8
        return None
    return skeleton


def _find_point(text: bytes, vocabulary: Vocabulary) -> str | None:
    """The name of the points with its prefix."""
    for name in vocabulary.points:
        if match := re.search(rb"<((?:[A-Za-z][\w.-]{0,30}:)?%s)[ >]" % name.encode(), text):
            return match[1].decode()
    return None


@dataclass(frozen=True, slots=True)
class _Shape:
    pattern: re.Pattern[str]
    fields: tuple[str, ...]  # what each group of the pattern holds
    names: set[str]
    depth: int


def _chunks(text: bytes, tag: bytes) -> Iterator[bytes]:
    """Pieces of about a megabyte that begin at a point."""
    start = 0
    while start < len(text):
        end = len(text)
        if end - start > CHUNK_BYTES:
            end = text.rfind(tag, start + 1, start + CHUNK_BYTES)
            end = end if end > 0 else text.find(tag, start + CHUNK_BYTES)
            end = end if end > 0 else len(text)
        yield text[start:end]
        start = end


def _split(chunk: str, shape: _Shape, skeleton: Skeleton) -> None:
    """Move the regular points of a chunk into the arrays, and the rest into the pieces."""
    parts = shape.pattern.split(chunk)
    width = len(shape.fields) + 1
    columns = {name: parts[at::width] for at, name in enumerate(shape.fields, start=1)}
    gaps, before = parts[::width], len(skeleton.times)
    count = len(gaps) - 1
    for name in ("lon", "lat", "elevation"):
        getattr(skeleton, name).extend(_numbers(columns.get(name), count))
    times = columns.get("time") or [None] * count
    skeleton.times += [time or "" for time in times] if None in times else times
    skeleton.add_piece(gaps[0])
    breaks = [index for index, gap in enumerate(gaps) if gap and 0 < index < count]
    for first, behind in pairwise([0, *breaks, count] if count else []):
        if first:
            skeleton.add_piece(gaps[first])
        skeleton.add_run(before + first, before + behind)
    if count:
        skeleton.add_piece(gaps[count])


def _numbers(texts: list[str | None] | None, count: int) -> Iterable[float]:
    """A JSON parser is the fastest that reads numbers; it refuses `+1`, `.5` and `007`."""
    if texts is None:
        return [NAN] * count
    present = [text for text in texts if text] if None in texts else texts
    try:
        numbers = orjson.loads(f"[{','.join(present)}]")  # type: ignore[arg-type]
    except orjson.JSONDecodeError:
        numbers = [float(text) for text in present]  # type: ignore[arg-type]
    if len(present) == len(texts):
        return numbers  # type: ignore[no-any-return]
    rest = iter(numbers)
    return [next(rest) if text else NAN for text in texts]


def _learn(text: bytes, point: str, vocabulary: Vocabulary) -> _Shape | None:
    """The shape of the longest of the first few points."""
    tag, end_tag = f"<{point}".encode(), f"</{point}>".encode()
    samples: list[bytes] = []
    at = text.find(tag)
    while at >= 0 and len(samples) < SAMPLES:
        end = text.find(b">", at) + 1
        if text[end - 2 : end] != b"/>":
            end = text.find(end_tag, at) + len(end_tag)
        samples.append(text[at : min(end, at + LONGEST_SAMPLE_BYTES)])
        at = text.find(tag, at + 1)
    try:
        return _make_shape(max(samples, key=len).decode(), point, vocabulary)
    except ValueError:
        return None


class _ShapeMaker:
    """Writes the regular expression of one point, element by element."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._paths = {
            getattr(vocabulary, name): name for name in ("lon", "lat", "elevation", "time")
        }
        self._besides = vocabulary.besides
        self.pattern: list[str] = []
        self.fields: list[str] = []
        self.names: set[str] = set()
        self.path: list[str] = []
        self.depth = 0
        self.is_closed = False

    def open_point(self, name: str, attributes: str) -> None:
        self.names.add(name)
        self.pattern.append(f"<{name}")
        for attribute in re.findall(r'([\w.:-]+)="', attributes):
            self.pattern.append(f' {attribute}="{self._field("@" + attribute)}"')
        self.pattern.append(f" ?(?:/>|>{BLANK}")

    def close_point(self, name: str) -> None:
        self.pattern.append(f"</{re.escape(name)}>){BLANK}")
        self.is_closed = True

    def open(self, name: str, attributes: str, *, is_empty: bool) -> None:
        self.names.add(name)
        self.path.append(name.rpartition(":")[2])
        if self.path[-1] in self._besides:
            raise ValueError
        self.depth = max(self.depth, len(self.path))
        tag = re.escape(f"<{name}{attributes}")
        self.pattern.append(f"(?:{tag} ?{'/' if is_empty else ''}>")
        if is_empty:
            self.path.pop()
            self.pattern.append(f"{BLANK})?+")

    def text(self) -> None:
        self.pattern.append(self._field("/".join(self.path)))

    def close(self, name: str) -> None:
        if not self.path or self.path.pop() != name.rpartition(":")[2]:
            raise ValueError
        self.pattern.append(f"</{re.escape(name)}>{BLANK})?+")

    def _field(self, path: str) -> str:
        """A group for what is read, and none for the rest. Raises ValueError for a second one, and
        for a name that is read elsewhere."""
        name = self._paths.get(path)
        if name is None:
            last = path.rpartition("/")[2]
            if any(last == other.rpartition("/")[2] for other in self._paths):
                raise ValueError
            return TEXT
        if name in self.fields:
            raise ValueError
        self.fields.append(name)
        return TIME if name == "time" else NUMBER


def _make_shape(sample: str, point: str, vocabulary: Vocabulary) -> _Shape:
    """Raises ValueError where the sample is not plain elements with texts in them."""
    maker = _ShapeMaker(vocabulary)
    at, was_open = 0, False
    while at < len(sample):
        token = TOKEN.match(sample, at)
        if not token:
            raise ValueError
        is_end, name, attributes, is_empty, text = token.groups()
        if at == 0:
            maker.open_point(name, attributes)
            if is_empty:
                maker.close_point(point)
        elif text is not None:
            is_leaf = was_open and sample.startswith("</", token.end())
            if not is_leaf and text.strip(" \t\r\n"):
                raise ValueError
            maker.text() if is_leaf else maker.pattern.append(BLANK)
        elif is_end and not maker.path and name == point and token.end() == len(sample):
            maker.close_point(point)
        elif is_end:
            maker.close(name)
        else:
            maker.open(name, attributes, is_empty=bool(is_empty))
        was_open = text is None and not is_end and not is_empty and at > 0
        at = token.end()
    if not maker.is_closed:
        raise ValueError
    return _Shape(re.compile("".join(maker.pattern)), tuple(maker.fields), maker.names, maker.depth)
