"""The vocabulary of deployments, to one host and to a Swarm, and the steps both begin with."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from contravento_ops.kit.compose import Call, Project, docker
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.kit.steps import Failure, Step
from contravento_ops.release.report import Report

NOTHING_TOUCHED = "nothing was touched"
PREFLIGHT_TITLE = "see which migrations are pending, and whether the running code works with them"


class Kind(StrEnum):
    HOST = "host"
    NODES = "nodes"
    ENVIRONMENT = "environment"
    IMAGE = "image"
    VERDICT = "verdict"
    SECRETS = "secrets"
    FILES = "files"
    PREFLIGHT = "preflight"
    UP = "up"
    WAIT = "wait"
    PROBE = "probe"
    MIGRATE = "migrate"
    PIN = "pin"
    START = "start"
    REHEARSE = "rehearse"
    WORKERS = "workers"
    SWITCH = "switch"
    BAKE = "bake"
    STOP = "stop"
    RELEASE_PIN = "unpin"
    BESIDE = "beside"
    JOB = "job"
    SERVICES = "services"
    REST = "rest"
    RECORD = "record"
    WATCH = "watch"
    TIDY = "tidy"


type ReleaseStep = Step[Kind]

BEFORE_IMPACT = frozenset(
    {
        Kind.HOST,
        Kind.NODES,
        Kind.ENVIRONMENT,
        Kind.IMAGE,
        Kind.VERDICT,
        Kind.SECRETS,
        Kind.FILES,
        Kind.PREFLIGHT,
    }
)


@dataclass(frozen=True, slots=True)
class Options:
    """`image` is another name to take the release from; `is_here`: it need not be pulled."""

    tag: str
    build: bool = True
    image: str | None = None
    is_here: bool = False
    bake_seconds: int = 30
    going_back: bool = False


def opening(project: Project, options: Options, target: ReleaseStep) -> Iterator[ReleaseStep]:
    """What every deployment checks and fetches; `target` looks at the host or at the nodes."""
    yield target
    yield Step(Kind.ENVIRONMENT, "check the environment file", "at once", NOTHING_TOUCHED)
    yield _image(project, options)
    if project.paths.environment == "prod" and not options.going_back:
        title = "see that staging has proven this very image"
        yield Step(Kind.VERDICT, title, "at once", NOTHING_TOUCHED)


def record() -> ReleaseStep:
    return Step(Kind.RECORD, "note what is deployed now", "at once", "the note before stays")


def _image(project: Project, options: Options) -> ReleaseStep:
    image, undo = f"contravento:{options.tag}", "the image stays; nothing uses it"
    calls: tuple[Call, ...] = ()
    title, usually = f"use {image}, which is here", "at once"
    if options.image and options.is_here:
        title = f"call {options.image} {image}"
        calls = (docker("tag", options.image, image),)
    elif options.image:
        title, usually = f"pull {options.image} as {image}", "30 s"
        calls = (docker("pull", options.image), docker("tag", options.image, image))
    elif options.build:
        title, usually = f"build {image}", "1–3 min"
        calls = (project.call("build"),)
    return Step(Kind.IMAGE, title, usually, undo, calls)


def refuse_before_impact(failure: Failure[Kind], report: Report) -> None:
    """Write the cause down. Raises CommandError where nothing was touched yet."""
    report.cause = str(failure.problem).strip().rstrip(".")
    if failure.has_impact:
        return
    report.outcome = "refused"
    if isinstance(failure.problem, CommandError):
        raise failure.problem
    raise CommandError(str(failure.problem), status=Exit.REFUSED)
