"""What being watched costs: the feed with figures and request lines, and without, taking turns.

python -m benchmarks.watching
"""

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from benchmarks import product
from benchmarks.load import WARM_UP_SECONDS, load

ROUNDS = 8
SECONDS = 2.0
FEED = "/api/v1/feed"
WATCHED = {"METRICS": "true", "LOG_LEVEL": "INFO"}
UNWATCHED = {"METRICS": "false", "LOG_LEVEL": "WARNING"}


@dataclass(frozen=True, slots=True)
class Turn:
    """Requests a second, and the web process's own CPU microseconds for each: a machine that is
    busy with other things lessens the first and hardly touches the second."""

    per_second: float
    microseconds: float


@dataclass(frozen=True, slots=True)
class Cost:
    """The medians of all turns, and of what pairs that ran one after the other say of the share."""

    watched: Turn
    unwatched: Turn
    of_throughput: float
    of_cpu: float


def measure(folder: Path, url: str, *, rounds: int = ROUNDS) -> Cost:
    """Each kind is first as often as second."""
    with ExitStack() as stack:
        kinds = []
        for settings in (WATCHED, UNWATCHED):
            port = product.free_port()
            web = stack.enter_context(product.web(folder, url, port, **settings))
            kinds.append((port, psutil.Process(web.pid)))
        pairs = []
        for number in range(rounds):
            turns = {kind: _turn(*kind) for kind in (kinds if number % 2 else kinds[::-1])}
            pairs.append((turns[kinds[0]], turns[kinds[1]]))
    watched, unwatched = (_middle([pair[place] for pair in pairs]) for place in (0, 1))
    return Cost(
        watched,
        unwatched,
        of_throughput=1 - median(ours.per_second / bare.per_second for ours, bare in pairs),
        of_cpu=1 - median(bare.microseconds / ours.microseconds for ours, bare in pairs),
    )


def _turn(port: int, process: psutil.Process) -> Turn:
    before = process.cpu_times()
    found = load(port, FEED, seconds=SECONDS)
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    requests = found.per_second * (SECONDS + WARM_UP_SECONDS)
    return Turn(found.per_second, used / requests * 1e6)


def _middle(turns: list[Turn]) -> Turn:
    return Turn(
        median(turn.per_second for turn in turns), median(turn.microseconds for turn in turns)
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with product.database(folder) as url:
            product.fill(url, 1, 1_000)
            cost = measure(folder, url)
    for name, turn in (("watched", cost.watched), ("unwatched", cost.unwatched)):
        print(f"{name}: {turn.per_second:.0f} requests/s, {turn.microseconds:.0f} µs of CPU each")
    print(f"cost: {cost.of_throughput:.1%} of throughput, {cost.of_cpu:.1%} of CPU; goal under 5%")


if __name__ == "__main__":
    main()
