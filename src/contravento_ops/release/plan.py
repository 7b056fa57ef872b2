"""The steps of a deployment, as values: shown, tested, and then carried out by rollout.py."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from contravento_ops.kit.compose import Call, Project, docker
from contravento_ops.kit.services import APPLICATION
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

STOP_SECONDS = 45
UPSTREAM = "/opt/contravento/bin/upstream"
BY_ITSELF = frozenset({"nginx"})  # sees by itself that files have changed, and reloads
BESIDE = ("postgres", "redis", "nginx", "certbot")  # unless somebody has looked


@dataclass(frozen=True, slots=True)
class Facts:
    """What runs now. Names of containers end in a number; the next is the highest plus one.

    `backends` are those that are well: no rider is sent to another. `leftovers` have ended, or are
    not well. `serving` and `watching` are the services that are to run; where nobody watches, all
    serve. `stale` ones run on older files than lie here, and `trials` try these.
    """

    project: Project
    name: str
    backends: tuple[str, ...] = ()
    workers: tuple[str, ...] = ()
    replicas: int = 1
    worker_replicas: int = 1
    beside: tuple[str, ...] = BESIDE
    serving: tuple[str, ...] = ()
    watching: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()
    has_database: bool = False
    stale: tuple[str, ...] = ()
    trials: tuple[Call, ...] = ()

    @property
    def is_serving(self) -> bool:
        return bool(self.backends)


type ReleasePlan = Plan[Kind, Facts, Options]


def make(facts: Facts, options: Options) -> ReleasePlan:
    """An upgrade where something serves, else everything from nothing."""
    project = facts.project.with_variables(TAG=options.tag)
    steps = [*_opening(project, facts, options)]
    steps += _upgrade(project, facts, options) if facts.is_serving else _first(project, facts)
    steps.append(record())
    if facts.watching:
        steps.append(_watch(project, facts))
    return Plan(facts, options, tuple(steps))


def renewal(facts: Facts, options: Options, beside: tuple[str, ...] = ()) -> ReleasePlan:
    """The same release with what the environment file says now: an upgrade to itself. What is
    `beside` is made anew when backends and workers have been."""
    project = facts.project.with_variables(TAG=options.tag)
    steps = list(_upgrade(project, facts, options))
    if beside:
        last = steps.pop()
        removal = removal_of(project, beside)
        steps.append(replace(last, calls=(*last.calls[:-1], removal, last.calls[-1])))
    if facts.watching:
        steps.append(_watch(project, facts))
    return Plan(facts, options, tuple(steps))


def _opening(project: Project, facts: Facts, options: Options) -> Iterator[ReleaseStep]:
    host = Step(Kind.HOST, "check the host", "5 s", NOTHING_TOUCHED)
    yield from opening(project, options, host)
    if facts.trials:
        title = f"try the files of {', '.join(facts.stale)}, which have changed"
        yield Step(Kind.FILES, title, "3 s", NOTHING_TOUCHED, facts.trials)
    if facts.has_database:
        words = ("migrate", "contravento", "migrate", "--plan", "--json")
        call = project.call("run", "--rm", "--no-deps", "-T", *words)
        yield Step(Kind.PREFLIGHT, PREFLIGHT_TITLE, "5 s", NOTHING_TOUCHED, (call,))


def _first(project: Project, facts: Facts) -> Iterator[ReleaseStep]:
    yield Step(
        Kind.UP,
        "start everything in order: data, migrations, application, nginx",
        "40 s",
        "./deploy.sh … stop",
        (*_renewed(project, facts, facts.beside), _up(project, facts)),
    )
    yield Step(Kind.WAIT, "wait until every service is healthy", "10 s", "./deploy.sh … stop")


def _upgrade(project: Project, facts: Facts, options: Options) -> Iterator[ReleaseStep]:
    goes_on = "the release before goes on serving"
    yield Step(Kind.PROBE, "begin the stream of test requests", "2 s", goes_on)
    if not options.going_back:
        yield Step(
            Kind.MIGRATE,
            "migrate, from the new image, under a lock and time-outs",
            "5 s",
            "not undone: the release before works with it",
            (project.call("run", "--rm", "--no-deps", "-T", "migrate"),),
        )
    yield Step(
        Kind.PIN,
        f"let nginx ask {', '.join(facts.backends)} by name only",
        "1 s",
        goes_on,
        (_use(project, *facts.backends), *_cleared(project, facts)),
    )
    new = _next_names(facts.name, "backend", facts.backends, facts.replicas)
    for number in range(len(new)):
        yield from _round(project, facts, options, new, number)
    if surplus := facts.backends[len(new) :]:
        yield from _retire(project, new, surplus)
    yield Step(
        Kind.RELEASE_PIN,
        "let nginx ask the service by its name again",
        "1 s",
        "not needed",
        (_use(project, "backend"),),
    )
    yield Step(
        Kind.BESIDE,
        "bring the other services to what the files say; those that did not change stay",
        "5 s",
        "not undone: their images did not come from this release",
        (
            *(docker("rm", "--force", worker) for worker in facts.workers),
            *_renewed(project, facts, facts.beside),
            project.call("up", "--detach", "--remove-orphans", *_beside(facts)),
        ),
    )


def _beside(facts: Facts) -> tuple[str, ...]:
    """Whatever a release does not replace; backends and workers are as they should be."""
    return tuple(name for name in facts.serving or facts.beside if name not in APPLICATION)


def _renewed(project: Project, facts: Facts, among: tuple[str, ...]) -> Iterator[Call]:
    """Those of them that go on with older files until they are made anew."""
    names = tuple(name for name in facts.stale if name in among and name not in BY_ITSELF)
    if names:
        yield removal_of(project, names)


def _up(project: Project, facts: Facts) -> Call:
    """All that riders need. Monitoring is a step of its own, which may fail without harm."""
    named = facts.serving if facts.watching else ()
    return project.call("up", "--detach", "--remove-orphans", *named)


def _watch(project: Project, facts: Facts) -> ReleaseStep:
    """Prometheus, Alertmanager and blackbox take changed files over by themselves; Grafana reads
    its data sources at its start only."""
    again = (project.call("restart", "grafana"),) if facts.is_serving else ()
    return Step(
        Kind.WATCH,
        "start monitoring, or bring it to what the files say",
        "20 s",
        "not needed: riders do without; you are told",
        (*_renewed(project, facts, facts.watching), project.call("up", "--detach"), *again),
    )


def removal_of(project: Project, services: tuple[str, ...]) -> Call:
    """What is gone is made anew alone; what Compose replaces it replaces with all that need it."""
    return project.call("rm", "--stop", "--force", *services)


def _cleared(project: Project, facts: Facts) -> Iterator[Call]:
    """What a broken-off deployment left, and one-off containers of the release before: they would
    be started again instead of the new ones."""
    yield project.call("rm", "--force", "roles", "migrate", "static")
    for leftover in facts.leftovers:
        yield docker("rm", "--force", leftover)


def _round(
    project: Project, facts: Facts, options: Options, new: tuple[str, ...], number: int
) -> Iterator[ReleaseStep]:
    """One new backend takes the place of an old one. The first one is looked at longest."""
    old = facts.backends[number : number + 1]
    serving = (*new[: number + 1], *facts.backends[number + 1 :])
    before = (*new[:number], *facts.backends[number:])
    back = f"nginx asks {', '.join(before)} again; {new[number]} is removed"
    scale = f"backend={len(before) + 1}"
    yield Step(
        Kind.START,
        f"start {new[number]} beside {', '.join(before) or 'nothing'} and wait until it is ready",
        "10 s",
        f"{new[number]} is removed",
        (_one_more(project, "backend", scale),),
        (new[number], *facts.backends, *new[:number]),
    )
    yield Step(
        Kind.REHEARSE,
        f"ask {new[number]} directly, before any rider does",
        "5 s",
        f"{new[number]} is removed",
        subjects=(new[number], *before[:1]),
    )
    if number == 0:
        yield _workers(project, facts)
    yield Step(
        Kind.SWITCH,
        f"let nginx ask {', '.join(serving)}",
        "1 s",
        back,
        (_use(project, *serving),),
        serving,
    )
    seconds = options.bake_seconds if number == 0 else max(options.bake_seconds // 6, 2)
    yield Step(
        Kind.BAKE,
        f"watch errors, latency and connections for {seconds} s; the old one stands by",
        f"{seconds} s",
        back,
        subjects=(new[number],),
        seconds=seconds,
    )
    if old:
        yield Step(
            Kind.STOP,
            f"wait until nothing is under way to {old[0]}, then stop it",
            "15 s",
            "the image before is started anew",
            _removal(*old),
            old,
        )


def _retire(
    project: Project, new: tuple[str, ...], surplus: tuple[str, ...]
) -> Iterator[ReleaseStep]:
    """More ran than are to run: what a killed deployment left, or what somebody scaled by hand."""
    names = ", ".join(surplus)
    back = f"nginx asks {', '.join(new)} and {names} again"
    use = (_use(project, *new),)
    yield Step(Kind.SWITCH, f"let nginx ask {', '.join(new)} only", "1 s", back, use, new)
    title = f"wait until nothing is under way to {names}, then stop"
    yield Step(Kind.STOP, title, "15 s", "not needed", _removal(*surplus), surplus)


def _workers(project: Project, facts: Facts) -> ReleaseStep:
    """Before riders meet the new pages: the old worker would not know new kinds of jobs. A new
    one knows the old kinds, so a release must keep the jobs of the one before."""
    new = _next_names(facts.name, "worker", facts.workers, facts.worker_replicas)
    scale = f"worker={len(facts.workers) + len(new)}"
    return Step(
        Kind.WORKERS,
        f"start {', '.join(new)}; then {', '.join(facts.workers) or 'no other'} finishes and stops",
        "20 s",
        "the old worker is started again; what the new one had begun is taken up",
        (
            _one_more(project, "worker", scale),
            *(docker("stop", "--time", str(STOP_SECONDS), worker) for worker in facts.workers),
        ),
        (*new, *facts.workers),
    )


def _one_more(project: Project, service: str, scale: str) -> Call:
    """Beside those that run. With its dependencies: a container that was made with --no-deps
    would be made anew by the next plain `up`, since Compose counts them as its configuration."""
    return project.call("up", "--detach", "--no-recreate", "--no-build", "--scale", scale, service)


def _use(project: Project, *names: str) -> Call:
    """nginx reloads without dropping a connection; waiting for the drained is a step of its own."""
    return project.call("exec", "-T", "-e", "DRAIN_SECONDS=0", "nginx", UPSTREAM, "use", *names)


def _removal(*names: str) -> tuple[Call, ...]:
    return (
        docker("stop", "--time", str(STOP_SECONDS), *names),
        docker("rm", "--force", *names),
    )


def _next_names(
    project: str, service: str, existing: tuple[str, ...], count: int
) -> tuple[str, ...]:
    highest = max((int(name.rpartition("-")[2]) for name in existing), default=0)
    return tuple(f"{project}-{service}-{highest + number}" for number in range(1, count + 1))


def going_back(
    plan: ReleasePlan, *, left: tuple[str, ...], new: tuple[str, ...]
) -> tuple[Call, ...]:
    """The calls that undo a broken-off upgrade: what is `left` of the old serves again, alone.

    The first one decides: only when nginx asks the old again may the new be removed.
    """
    facts = plan.facts
    new_workers = _next_names(facts.name, "worker", facts.workers, facts.worker_replicas)
    calls = [_use(facts.project, *left), *(_removal(*new) if new else ())]
    if facts.workers:
        calls.append(docker("start", *facts.workers))
    calls += [docker("rm", "--force", new_worker) for new_worker in new_workers]
    if len(left) < len(facts.backends):
        scale = f"backend={len(facts.backends)}"
        calls.append(_one_more(facts.project, "backend", scale))
    return (*calls, _use(facts.project, "backend"))
