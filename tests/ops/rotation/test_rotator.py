"""One rotation: the order of its work, and the way back, without Docker."""

import base64
import http.server
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from contravento_ops.environment import file as env_files, secret_ages
from contravento_ops.kit import compose
from contravento_ops.kit.compose import Call, Done, Project
from contravento_ops.kit.console import Console
from contravento_ops.kit.errors import CommandError, Exit, StepFailed
from contravento_ops.kit.paths import EnvironmentPaths
from contravento_ops.release import facts, plan, wait
from contravento_ops.release.plan import Facts
from contravento_ops.release.report import Report, Requests
from contravento_ops.release.rollout import Rollout
from contravento_ops.release.steps import Kind, Options
from contravento_ops.rotation.rotator import Pace, SecretRotator, differing
from contravento_ops.rotation.services import Grafana
from contravento_ops.rotation.strategy import Phase, RotationRequest
from tests.ops.making import make_file, value_in

NEW = "N" + "ew0-" * 20
NAME = "REDIS_PASSWORD"


@dataclass
class ScriptedStrategy:
    """Says what it is asked to do; fails where it is told to."""

    request: RotationRequest
    fails_at: str = ""
    titles: tuple[str, ...] = ("it is taken up",)
    done: list[str] = field(default_factory=list)

    def _do(self, what: str) -> None:
        self.done.append(what)
        if what == self.fails_at:
            raise StepFailed(f"no {what} today")

    def open(self) -> None:
        self._do("open")

    def phases(self) -> Sequence[Phase]:
        return [Phase(title, self.request.file(SECRET_KEY_PREVIOUS=title)) for title in self.titles]

    def shut(self) -> None:
        self._do("shut")

    def close(self) -> None:
        self._do("close")

    def prove(self) -> str:
        self._do("prove")
        return "It refuses the old one."


@dataclass
class World:
    """What Compose would say: services and which variables each of them reads."""

    paths: EnvironmentPaths
    reads: dict[str, str]
    called: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    refuses: str = ""

    def run(self, call: Call, *, timeout: float = 0, said_to_it: str | None = None) -> Done:
        said = " ".join(call.words[call.words.index("--env-file") + 2 :])
        self.called.append(said)
        if self.refuses and self.refuses in said:
            return Done(1, "", "no")
        return Done(0, "", "")

    def config(self) -> dict[str, Any]:
        found = env_files.read(self.paths.env_file)
        assert found
        return {
            "services": {each: found.values.get(name) for each, name in self.reads.items()},
            "name": "x",
        }

    def roll(self, rolling: Rollout) -> Report:
        self.called.append("rolled")
        rolling.report.outcome = self.outcomes.pop(0) if self.outcomes else "deployed"
        rolling.report.cause = "it is slow"
        rolling.report.requests = Requests(sent=40, lost=0)
        return rolling.report


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    path = make_file(tmp_path)
    env_files.put(path, "TAG", "1f3c5a7")
    reads = {"redis": NAME, "redis-exporter": NAME, "backend": "REDIS_URL", "postgres": "DOMAIN"}
    made = World(
        EnvironmentPaths(tmp_path, "staging"), {**reads, "containers": secret_ages.VARIABLE}
    )
    monkeypatch.setattr(compose, "compose_command", lambda: ("docker", "compose"))
    monkeypatch.setattr(compose, "run", made.run)
    monkeypatch.setattr(Project, "config", lambda project: made.config())
    monkeypatch.setattr(Project, "services", lambda project: list(made.reads))
    monkeypatch.setattr(facts, "gather", lambda project: Facts(project, "x", ("x-backend-1",)))
    monkeypatch.setattr(wait, "all_healthy", lambda project, seconds, but=(): None)
    monkeypatch.setattr(Rollout, "run", lambda rolling: made.roll(rolling))
    return made


def rotator(world: World, **of_way: Any) -> SecretRotator:
    found = env_files.read(world.paths.env_file)
    assert found
    request = RotationRequest(Project(world.paths), found.values, NAME, {NAME: NEW})
    return SecretRotator(
        request, ScriptedStrategy(request, **of_way), Console(as_json=True), Pace(3, 30)
    )


def done(of: SecretRotator) -> list[str]:
    assert isinstance(of.strategy, ScriptedStrategy)
    return of.strategy.done


def test_the_order_of_the_work(world: World) -> None:
    path = world.paths.env_file
    before = path.read_text()
    subject = rotator(world)
    secret_ages.note(path, NAME, now=1_700_000_000)

    found = subject.run()

    assert done(subject) == ["open", "close", "prove"]
    assert world.called == ["rolled", "up --detach containers"]
    assert value_in(path, NAME) == NEW
    assert NEW in value_in(path, "REDIS_URL")
    assert found["proof"] == "It refuses the old one."
    assert found["requests"] == {"sent": 40, "lost": 0}
    assert (
        secret_ages.read({secret_ages.VARIABLE: value_in(path, secret_ages.VARIABLE)})[NAME]
        > 1_700_000_000
    )
    kept = path.with_name(".env.staging.previous")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [each for each in kept.read_text().splitlines() if secret_ages.VARIABLE not in each] == [
        line for line in before.splitlines() if secret_ages.VARIABLE not in line
    ]
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_was_made_before_keeps_its_age(world: World) -> None:
    path = world.paths.env_file
    subject = rotator(world)
    subject.is_made = False
    secret_ages.note(path, NAME, now=1_700_000_000)

    subject.run()

    assert (
        secret_ages.read({secret_ages.VARIABLE: value_in(path, secret_ages.VARIABLE)})[NAME]
        == 1_700_000_000
    )


def test_what_riders_do_not_use_is_not_rolled(world: World) -> None:
    world.reads = {"redis-exporter": NAME, "backend": "DOMAIN"}

    rotator(world).run()

    assert world.called == ["rm --stop --force redis-exporter", "up --detach"]


def test_what_cannot_begin_changes_nothing(world: World) -> None:
    before = world.paths.env_file.read_text()
    subject = rotator(world, fails_at="open")

    with pytest.raises(CommandError, match="Nothing was changed") as refused:
        subject.run()

    assert refused.value.status is Exit.REFUSED
    assert world.paths.env_file.read_text() == before
    assert world.called == []


def test_a_release_that_went_back_takes_the_secret_back_with_it(world: World) -> None:
    before = world.paths.env_file.read_text()
    world.outcomes = ["went back"]
    subject = rotator(world)

    with pytest.raises(CommandError, match="it is slow") as refused:
        subject.run()

    assert refused.value.status is Exit.WENT_BACK
    assert refused.value.sentences[1] == "What was before is in force again."
    assert world.paths.env_file.read_text() == before
    assert done(subject) == ["open", "shut"]
    assert world.called == ["rolled"]


def test_a_later_step_goes_back_to_the_one_before_it(world: World) -> None:
    world.outcomes = ["deployed", "went back"]
    world.reads = {"backend": "SECRET_KEY_PREVIOUS"}
    subject = rotator(world, titles=("first", "second"))

    with pytest.raises(CommandError):
        subject.run()

    assert value_in(world.paths.env_file, "SECRET_KEY_PREVIOUS") == "first"


def test_going_back_that_fails_is_told(world: World) -> None:
    world.reads, world.refuses = {"redis-exporter": NAME}, "up --detach"

    with pytest.raises(CommandError, match="Going back was not whole") as refused:
        rotator(world).run()

    assert refused.value.status is Exit.BROKEN


def test_postgresql_is_never_replaced_for_it(world: World) -> None:
    world.reads["postgres"] = NAME
    before = world.paths.env_file.read_text()

    with pytest.raises(CommandError, match="postgres would have to be replaced"):
        rotator(world).run()

    assert world.paths.env_file.read_text() == before
    assert "rolled" not in world.called


def test_an_old_value_that_lives_is_told_and_its_age_is_not_noted(world: World) -> None:
    path = world.paths.env_file
    subject = rotator(world, fails_at="prove")
    secret_ages.note(path, NAME, now=1_700_000_000)

    with pytest.raises(CommandError, match="not proven dead") as refused:
        subject.run()

    assert refused.value.status is Exit.FAILED
    assert value_in(path, NAME) == NEW
    assert (
        secret_ages.read({secret_ages.VARIABLE: value_in(path, secret_ages.VARIABLE)})[NAME]
        == 1_700_000_000
    )


def test_the_same_release_is_rolled_without_migration_verdict_or_record(world: World) -> None:
    running = Facts(Project(world.paths), "x", ("x-backend-1",), ("x-worker-1",))

    options = Options(tag="1f3c5a7", build=False, going_back=True)
    made = plan.renewal(running, options, ("redis",))

    kinds = [step.kind for step in made.steps]
    assert kinds[0] is Kind.PROBE
    assert kinds[-1] is Kind.BESIDE
    assert not {Kind.MIGRATE, Kind.VERDICT, Kind.RECORD, Kind.IMAGE} & set(kinds)
    removed, made_anew = made.steps[-1].calls[-2:]
    assert removed.words[-4:] == ("rm", "--stop", "--force", "redis")
    assert made_anew.words[-7:-4] == ("up", "--detach", "--remove-orphans")


def test_what_differs_is_named() -> None:
    assert differing({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 3, "d": 4}) == {"b", "c", "d"}


class Door(http.server.BaseHTTPRequestHandler):
    """One password, as Grafana keeps one."""

    password = ""

    def do_GET(self) -> None:
        pair = base64.b64decode(self.headers["Authorization"][6:]).decode()
        self.send_response(200 if pair == f"admin:{Door.password}" else 401)
        self.end_headers()

    def do_PUT(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        is_known = asked["oldPassword"] == Door.password
        Door.password = asked["newPassword"] if is_known else Door.password
        self.send_response(200 if is_known else 401)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def grafana(world: World) -> Iterator[Grafana]:
    found = env_files.read(world.paths.env_file)
    assert found
    name = "GRAFANA_ADMIN_PASSWORD"
    Door.password = found.values[name]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever).start()
        request = RotationRequest(Project(world.paths), found.values, name, {name: NEW})
        yield Grafana(request, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


def test_grafana_changes_its_own_password_and_back(grafana: Grafana) -> None:
    grafana.open()
    assert grafana.prove().endswith("refuses the old one.")

    grafana.shut()
    with pytest.raises(StepFailed, match="answers 401 to the new"):
        grafana.prove()


def test_a_password_that_was_changed_in_grafana_is_not_guessed(grafana: Grafana) -> None:
    Door.password = "changed-by-hand"

    with pytest.raises(CommandError, match="was changed there"):
        grafana.open()
    assert Door.password == "changed-by-hand"
