"""deploy --swarm and rollback --swarm: the same release, to many nodes."""

import json
from collections.abc import Callable
from functools import cache

from contravento_ops.commands.kubernetes import refuse
from contravento_ops.context import CommandContext
from contravento_ops.kit import compose, state
from contravento_ops.kit.compose import docker
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.release.report import Report
from contravento_ops.release.steps import Kind, Options
from contravento_ops.swarm import nodes, plan, prune, rollout, stack, unsupported
from contravento_ops.swarm.plan import Facts, SwarmPlan
from contravento_ops.swarm.service import Around, Start

LIMIT_SECONDS = 120  # besides what each task is watched for, and may need to start
REPLICAS_AT_MOST = 4


def make(context: CommandContext, options: Options, registry: str) -> SwarmPlan:
    """Raises CommandError where this environment or these nodes are none for a Swarm."""
    values, environment = context.values, context.paths.environment
    refuse(*unsupported.of_the_environment(environment, values), status=Exit.ENVIRONMENT)
    _look_at_nodes(context)
    config = context.project.with_variables(TAG=options.tag).config()
    services = stack.wanted_services(config["services"], values)
    name, there = config["name"], prune.services(config["name"])
    wanted = frozenset(services)
    built = {
        str(service["image"]): f"{registry}/{service['image']}"
        for service in config["services"].values()
        if service.get("build") and registry
    }
    has_own = stack.has_own_database(values)
    facts = Facts(
        project=context.project,
        stack=name,
        folder=context.paths.memory / "swarm",
        services=wanted,
        rest=stack.rest_of(wanted),
        there=there,
        built=built,
        has_database="backend" in there or not has_own,
    )
    return plan.make(facts, options)


def carry_out(
    context: CommandContext,
    made: SwarmPlan,
    healthy_seconds: int,
    *,
    check_verdict: Callable[[], None],
    remember: Callable[[str | None], None],
) -> Report:
    before = state.read(context.paths.state).current
    report = Report(
        context.paths.environment,
        f"contravento:{made.options.tag}",
        before.image if before else None,
    )
    deployment = rollout.SwarmRollout(
        plan=made,
        console=context.console,
        report=report,
        checks={
            Kind.NODES: lambda: _look_at_nodes(context),
            Kind.ENVIRONMENT: context.validate,
            Kind.VERDICT: check_verdict,
            Kind.RECORD: lambda: remember(deployment.migration),
        },
        make_stack=lambda: make_stack(context, made),
        seconds=LIMIT_SECONDS + (healthy_seconds + made.options.bake_seconds) * REPLICAS_AT_MOST,
    )
    report.warnings += nodes.warnings(nodes.look())
    try:
        deployment.run()
    finally:
        report.write(context.paths.reports)
    return report


def make_stack(context: CommandContext, made: SwarmPlan) -> stack.Stack:
    """Of the files and images as they are now. Raises CommandError where an image is not here."""
    config = context.project.with_variables(TAG=made.options.tag).config()
    around = Around(
        stack=made.facts.stack,
        root=context.paths.root,
        values=context.values,
        subnet=stack.subnet_of(config),
        start_of=_start_of,
        images=made.facts.built or {},
        watched_seconds=made.options.bake_seconds,
    )
    return stack.make(config, around)


def _look_at_nodes(context: CommandContext) -> None:
    has_data = stack.has_own_database(context.values) or stack.has_own_redis(context.values)
    refuse(*nodes.refusals(nodes.look(), has_data=has_data), status=Exit.HOST)


@cache
def _start_of(image: str) -> Start:
    """Pulled where it is not here: what it runs by itself has to be known."""
    asked = docker("image", "inspect", "--format", "{{json .Config}}", image)
    done = compose.run(asked)
    if not done.ok:
        compose.run_well(docker("pull", "--quiet", image))
        done = compose.run(asked)
    if not done.ok:
        raise CommandError(f"{image} is not on this node: {done.said}", status=Exit.DOCKER)
    found = json.loads(done.out)
    return Start(tuple(found.get("Entrypoint") or ()), tuple(found.get("Cmd") or ()))
