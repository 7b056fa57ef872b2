"""The steps of a deployment to a Swarm, as values: shown, tested, then done by rolling.py."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from contravento_ops.kit.compose import Call, Project, docker
from contravento_ops.release.plan import Options, bringing
from contravento_ops.swarm.placement import ONE_OFF, PHASES


class Kind(StrEnum):
    NODES = "nodes"
    ENVIRONMENT = "environment"
    IMAGE = "image"
    VERDICT = "verdict"
    SECRETS = "secrets"
    PREFLIGHT = "preflight"
    JOB = "job"
    SERVICES = "services"
    REST = "rest"
    RECORD = "record"
    TIDY = "tidy"


@dataclass(frozen=True, slots=True)
class Step:
    """`services` are those of the stack that it brings there, without the stack's name."""

    kind: Kind
    title: str
    usually: str
    undo: str
    calls: tuple[Call, ...] = ()
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """`services` are those that are wanted, `rest` those of them that riders do without; `there`
    are those that the Swarm has now. `built` are images made here, with their names elsewhere.
    """

    project: Project
    stack: str
    folder: Path
    services: frozenset[str]
    rest: tuple[str, ...] = ()
    there: frozenset[str] = frozenset()
    built: Mapping[str, str] | None = None
    has_database: bool = False

    @property
    def is_serving(self) -> bool:
        return "backend" in self.there


@dataclass(frozen=True, slots=True)
class Plan:
    facts: Facts
    options: Options
    steps: tuple[Step, ...]


def make(facts: Facts, options: Options) -> Plan:
    return Plan(facts, options, tuple(_steps(facts, options)))


def _steps(facts: Facts, options: Options) -> Iterator[Step]:
    yield from _before_anything_is_touched(facts, options)
    for phase in PHASES:
        names = tuple(each for each in phase if each in facts.services)
        if names and not (options.going_back and names == ("migrate",)):
            yield _phase(facts, names)
    if facts.rest:
        named = ", ".join(facts.rest)
        yield Step(
            Kind.REST,
            f"backups and monitoring: {named}",
            "60 s",
            "not needed: riders do without; you are told",
            (deploy(facts, "rest"),),
            facts.rest,
        )
    yield Step(Kind.RECORD, "note what is deployed now", "at once", "the note before stays")
    yield Step(
        Kind.TIDY,
        "remove secrets and configs that neither this release nor the one before asks for",
        "2 s",
        "not needed",
    )


def _before_anything_is_touched(facts: Facts, options: Options) -> Iterator[Step]:
    nothing = "nothing was touched"
    yield Step(Kind.NODES, "look at the nodes", "at once", nothing)
    yield Step(Kind.ENVIRONMENT, "check the environment file", "at once", nothing)
    project = facts.project.with_variables(TAG=options.tag)
    yield Step(Kind.IMAGE, *bringing(project, options))
    if project.place.environment == "prod" and not options.going_back:
        title = "see that staging has proven this very image"
        yield Step(Kind.VERDICT, title, "at once", nothing)
    if facts.built:
        calls = tuple(
            call
            for here, there in facts.built.items()
            for call in (docker("tag", here, there), docker("push", there))
        )
        yield Step(Kind.IMAGE, "push what was built here, for the nodes", "1 min", nothing, calls)
    title = "give the Swarm its secrets, each under a name of its own"
    yield Step(Kind.SECRETS, title, "2 s", "what is not asked for goes with the next deployment")
    if facts.has_database:
        yield Step(
            Kind.PREFLIGHT,
            "see which migrations are pending, and whether the running code works with them",
            "10 s",
            nothing,
            _again(facts, ("preflight",)),
            ("preflight",),
        )


WORDS: Mapping[tuple[str, ...], tuple[str, str, str]] = {
    ("prepare", "backup-prepare"): ("hand volumes to those who write to them", "5 s", "not needed"),
    ("prepare",): ("hand volumes to those who write to them", "5 s", "not needed"),
    ("postgres", "redis"): ("data, on their node", "20 s", "not undone: they have no release"),
    ("postgres",): ("PostgreSQL, on its node", "20 s", "not undone: it has no release"),
    ("redis",): ("Redis, on its node", "10 s", "not undone: it has no release"),
    ("roles",): ("roles of the database and their passwords", "5 s", "not undone"),
    ("migrate",): ("migrate, from the new image", "10 s", "not undone: the one before works on"),
    ("worker",): ("workers, a new one beside each old one", "40 s", "the Swarm goes back"),
    ("backend",): ("backends, one after another", "1–2 min", "the Swarm goes back"),
    ("nginx",): ("nginx, one node after another if it changed", "20 s", "the Swarm goes back"),
}


def _phase(facts: Facts, names: tuple[str, ...]) -> Step:
    title, usually, undo = WORDS[names]
    if set(names) <= {*ONE_OFF}:
        return Step(Kind.JOB, title, usually, undo, _again(facts, names), names)
    return Step(Kind.SERVICES, title, usually, undo, (deploy(facts, names[0]),), names)


def _again(facts: Facts, names: tuple[str, ...]) -> tuple[Call, ...]:
    """A job that was there has ended; it runs again if it is made anew."""
    there = [f"{facts.stack}_{each}" for each in names if each in facts.there]
    gone = (docker("service", "rm", *there),) if there else ()
    return (*gone, deploy(facts, names[0]))


def deploy(facts: Facts, part: str) -> Call:
    """One part of the stack. Without a registry each node takes the image that it has."""
    resolve = "always" if facts.built else "never"
    file = facts.folder / f"{part}.json"
    return docker(
        "stack",
        "deploy",
        "--resolve-image",
        resolve,
        "--with-registry-auth",
        "--compose-file",
        str(file),
        facts.stack,
    )


def rollback(facts: Facts, service: str) -> Call:
    """What the Swarm itself does when new tasks fail, for one that did not."""
    return docker("service", "rollback", "--detach", f"{facts.stack}_{service}")
