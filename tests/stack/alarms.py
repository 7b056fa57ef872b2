"""What became of each alert: when it was pending, firing, over, and when its mails came."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

import httpx

from tests.stack.deployment import Deployment
from tests.stack.docker import PATIENT_SECONDS

LOOK_EVERY_SECONDS = 0.5
FIRES_WITHIN_SECONDS = 330  # the certificate of 300 s has a tenth left after 270 of them
OVER_WITHIN_SECONDS = 150
PENDING, FIRING, MAILED, OVER, ALL_WELL = "pending", "firing", "mailed", "over", "all well mailed"


@dataclass(frozen=True)
class Expected:
    """An alert, by its name and those of its labels that tell it from others."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def is_in(self, labels: Mapping[str, str]) -> bool:
        return labels["alertname"] == self.name and self.labels.items() <= labels.items()

    def __str__(self) -> str:
        return " ".join((self.name, *self.labels.values()))


@dataclass(frozen=True)
class Sight:
    """One state of one alert, since it was last at rest."""

    state: str
    since: str
    labels: frozenset[tuple[str, str]]
    summary: str

    @property
    def severity(self) -> str:
        return dict(self.labels)["severity"]


@dataclass
class Alarms:
    """Looks at Prometheus and into the operators' mailbox until it is stopped."""

    deployment: Deployment
    mail_port: str  # where the operators' mailbox is shown
    first: dict[Sight, float] = field(default_factory=dict)
    active: list[tuple[dict[str, str], str]] = field(default_factory=list)
    mails: dict[str, float] = field(default_factory=dict)
    stopped: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        while not self.stopped.wait(LOOK_EVERY_SECONDS):
            try:
                self._look()
                self._open_mails()
            except httpx.HTTPError:
                continue  # one that does not answer now does so the next time

    def _look(self) -> None:
        found = self.deployment.prometheus("alerts")["alerts"]
        moment = time.monotonic()
        self.active = [(each["labels"], each["state"]) for each in found]
        for each in found:
            labels, summary = frozenset(each["labels"].items()), each["annotations"]["summary"]
            sight = Sight(each["state"], each["activeAt"], labels, summary)
            self.first.setdefault(sight, moment)

    def _open_mails(self) -> None:
        moment = time.monotonic()
        for mail in httpx.get(
            f"http://127.0.0.1:{self.mail_port}/mails.json", timeout=PATIENT_SECONDS
        ).json():
            self.mails.setdefault(mail["text"], moment)

    # --- what a test asks

    def when(self, state: str, expected: Expected, after: float) -> float | None:
        """The first moment after another one at which Prometheus said so."""
        found = [
            moment
            for sight, moment in list(self.first.items())
            if moment > after and sight.state == state and expected.is_in(dict(sight.labels))
        ]
        return min(found, default=None)

    def is_active(self, expected: Expected) -> bool:
        return any(expected.is_in(labels) for labels, _ in self.active)

    def when_mailed(self, word: str, expected: Expected, after: float) -> float | None:
        """The first mail that says `Firing since` or `Resolved at` of it."""
        lines = {
            rf"{word} [^\n]+ \({sight.severity}\): {re.escape(sight.summary)}\r?\n"
            for sight in list(self.first)
            if expected.is_in(dict(sight.labels))
        }
        found = [
            moment
            for text, moment in list(self.mails.items())
            if moment > after and any(re.search(line, text) for line in lines)
        ]
        return min(found, default=None)

    def firing(self) -> list[dict[str, str]]:
        return [labels for labels, state in list(self.active) if state == FIRING]


@dataclass
class Proof:
    """One alert's way through all its states, in seconds."""

    expected: Expected
    cause: str
    begun: float
    reached: dict[str, float] = field(default_factory=dict)

    def follow_up(self, alarms: Alarms) -> None:
        """From the cause to the mail."""
        for state in (PENDING, FIRING):
            self._note(state, alarms.when(state, self.expected, self.begun), self.begun)
        mailed = alarms.when_mailed("Firing since", self.expected, self.begun)
        self._note(MAILED, mailed, self.begun)

    def follow_down(self, alarms: Alarms, mended: float) -> None:
        """From the end of the cause to the mail that says so."""
        if not alarms.is_active(self.expected):
            self._note(OVER, time.monotonic(), mended)
        self._note(ALL_WELL, alarms.when_mailed("Resolved at", self.expected, mended), mended)

    def _note(self, state: str, moment: float | None, since: float) -> None:
        if moment and state not in self.reached:
            self.reached[state] = moment - since


@dataclass(frozen=True)
class Cause:
    words: str
    trouble: AbstractContextManager[object]
    expected: tuple[Expected, ...]


@dataclass
class Stage:
    """A watched deployment on which causes are brought about."""

    deployment: Deployment
    alarms: Alarms
    proofs: list[Proof] = field(default_factory=list)

    def prove(self, *chain: Cause) -> None:
        """One after another: what each cause does, and that it is over afterwards."""
        for cause in chain:
            begun = time.monotonic()
            proofs = [Proof(each, cause.words, begun) for each in cause.expected]
            self.proofs += proofs
            with cause.trouble:
                until(lambda: self._up(proofs), FIRES_WITHIN_SECONDS)  # noqa: B023
                mended = time.monotonic()  # mails may come before the last container is back
            until(lambda: self._down(proofs, mended), OVER_WITHIN_SECONDS)  # noqa: B023

    def missed(self) -> dict[str, list[str]]:
        """The states that an alert did not reach, for each that missed one."""
        steps = (PENDING, FIRING, MAILED, OVER, ALL_WELL)
        missed = {
            str(proof.expected): [step for step in steps if step not in proof.reached]
            for proof in self.proofs
        }
        return {name: steps for name, steps in missed.items() if steps}

    def _up(self, proofs: list[Proof]) -> bool:
        for proof in proofs:
            proof.follow_up(self.alarms)
        return all(MAILED in proof.reached for proof in proofs)

    def _down(self, proofs: list[Proof], mended: float) -> bool:
        for proof in proofs:
            proof.follow_down(self.alarms, mended)
        return all(ALL_WELL in proof.reached for proof in proofs)


@contextmanager
def watching(deployment: Deployment, mail_port: str) -> Iterator[Alarms]:
    alarms = Alarms(deployment, mail_port)
    thread = threading.Thread(target=alarms.watch)
    thread.start()
    try:
        yield alarms
    finally:
        alarms.stopped.set()
        thread.join()


def alert(*names: str, **labels: str) -> tuple[Expected, ...]:
    return tuple(Expected(name, labels) for name in names)


def until(look: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not look():
        if time.monotonic() > end:
            return False
        time.sleep(LOOK_EVERY_SECONDS)
    return True
