"""The steps of a deployment to a Swarm, as values, which rollout.py carries out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from contravento_ops.kit.compose import Call, Project, docker
from contravento_ops.kit.steps import Plan, Step
from contravento_ops.release.steps import (
    NOTHING_TOUCHED,
    PREFLIGHT_TITLE,
    Kind,
    Options,
    ReleaseStep,
    opening,
    record,
)
from contravento_ops.swarm.placement import JOBS, PHASES


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


type SwarmPlan = Plan[Kind, Facts, Options]


def make(facts: Facts, options: Options) -> SwarmPlan:
    return Plan(facts, options, tuple(_steps(facts, options)))


def _steps(facts: Facts, options: Options) -> Iterator[ReleaseStep]:
    yield from _opening(facts, options)
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
    yield record()
    yield Step(
        Kind.TIDY,
        "remove secrets and configs that neither this release nor the one before asks for",
        "2 s",
        "not needed",
    )


def _opening(facts: Facts, options: Options) -> Iterator[ReleaseStep]:
    project = facts.project.with_variables(TAG=options.tag)
    yield from opening(
        project, options, Step(Kind.NODES, "look at the nodes", "at once", NOTHING_TOUCHED)
    )
    if facts.built:
        calls = tuple(
            call
            for here, there in facts.built.items()
            for call in (docker("tag", here, there), docker("push", there))
        )
        yield Step(
            Kind.IMAGE, "push what was built here, for the nodes", "1 min", NOTHING_TOUCHED, calls
        )
    title = "give the Swarm its secrets, each under a name of its own"
    yield Step(Kind.SECRETS, title, "2 s", "what is not asked for goes with the next deployment")
    if facts.has_database:
        yield Step(
            Kind.PREFLIGHT,
            PREFLIGHT_TITLE,
            "10 s",
            NOTHING_TOUCHED,
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


def _phase(facts: Facts, names: tuple[str, ...]) -> ReleaseStep:
    title, usually, undo = WORDS[names]
    if set(names) <= JOBS:
        return Step(Kind.JOB, title, usually, undo, _again(facts, names), names)
    return Step(Kind.SERVICES, title, usually, undo, (deploy(facts, names[0]),), names)


def _again(facts: Facts, names: tuple[str, ...]) -> tuple[Call, ...]:
    """A job that was there has ended; it runs again if it is made anew."""
    there = [f"{facts.stack}_{name}" for name in names if name in facts.there]
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
