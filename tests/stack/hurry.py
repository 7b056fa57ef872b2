"""The same rules in a hurry: every duration is shortened, and nothing else is changed.

Up to five minutes a fifteenth is left, and at least two seconds; longer ones are shortened more the
longer they are, so that three days pass in little more than a minute and are still the longest.
"""

import re
import shutil
from pathlib import Path

from tests.monitoring.rules import seconds

SHORTEST_SECONDS = 2
FACTOR = 15
LONG_SECONDS = 300
_DURATION = r"(?:\d+[smhdw])+"
# where Prometheus and Alertmanager expect a duration and no other number
_PLACES = re.compile(
    r"(?P<before>\[|\boffset |\b(?:for|interval|keep_firing_for|scrape_interval|scrape_timeout"
    r"|evaluation_interval|refresh_interval|group_wait|group_interval|repeat_interval): )"
    rf"(?P<duration>{_DURATION})\b"
)


def shortened(duration: str) -> str:
    long = seconds(duration)
    if long <= LONG_SECONDS:
        return f"{max(round(long / FACTOR), SHORTEST_SECONDS if long else 0)}s"
    return f"{round(LONG_SECONDS / FACTOR * (long / LONG_SECONDS) ** 0.2)}s"


def in_a_hurry(text: str) -> str:
    """A file of rules, or a configuration, with its durations shortened."""
    return _PLACES.sub(lambda found: found["before"] + shortened(found["duration"]), text)


def hurry_in_place(folder: Path) -> None:
    for file in folder.rglob("*.yml"):
        file.write_text(in_a_hurry(file.read_text()))


def hurry(original: Path, copy: Path) -> None:
    """A copy of a folder of configuration, in which everybody may read."""
    shutil.copytree(original, copy)
    hurry_in_place(copy)
    for each in (copy, *copy.rglob("*")):
        each.chmod(0o755 if each.is_dir() else 0o644)
