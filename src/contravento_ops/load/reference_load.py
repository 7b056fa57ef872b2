"""The reference load, and what each container took while it went on."""

import json
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from contravento_ops.kit import compose
from contravento_ops.kit.check_result import Inconclusive
from contravento_ops.kit.compose import Project, docker
from contravento_ops.kit.errors import CommandError
from contravento_ops.load import k6, results, run, target as load_target
from contravento_ops.load.k6 import Profile
from contravento_ops.load.results import Result
from contravento_ops.release.probe_rider import Probe

NANO = 1e9


@dataclass(frozen=True, slots=True)
class Use:
    """Of one service: shares of what it may take, memory at most and processors on average."""

    memory: float
    processors: float
    cores: float


@dataclass(frozen=True, slots=True)
class Reference:
    result: Result
    uses: Mapping[str, Use]
    host_cores: int

    @property
    def share_of_host(self) -> float:
        return sum(use.cores for use in self.uses.values()) / self.host_cores


@dataclass(frozen=True, slots=True)
class Sample:
    service: str
    memory_percent: float
    cores: float


def measure(project: Project, values: Mapping[str, str], probe: Probe) -> Reference:
    """Raises Inconclusive where k6 cannot be had."""
    services = {
        container.id: container.service
        for container in project.containers()
        if container.state == "running"
    }
    samples: list[Sample] = []
    over = threading.Event()
    watching = threading.Thread(target=_watch, args=(services, samples, over))
    file = run.results_file(project)
    target = load_target.target(project, values, probe)
    made = run.plan(project.paths.root, target, file, Profile.REFERENCE, "")
    watching.start()
    try:
        summary = k6.run(made, file)
    except CommandError as refusal:
        raise Inconclusive(str(refusal)) from refusal
    finally:
        over.set()
        watching.join()
    host = json.loads(compose.run_well(docker("info", "--format", "{{json .NCPU}}")))
    result = results.read(summary, step_seconds=run.STEP_SECONDS)
    return Reference(result, uses(samples, _limits(services), int(host)), int(host))


def _watch(services: Mapping[str, str], samples: list[Sample], over: threading.Event) -> None:
    line = docker("stats", "--no-stream", "--no-trunc", "--format", "{{json .}}", *services)
    while not over.wait(0.5):
        samples.extend(read(compose.run(line, timeout=30).out, services))


def read(said: str, services: Mapping[str, str]) -> list[Sample]:
    """From `docker stats`, by the services' ids, which may be shortened."""
    found = []
    for line in said.splitlines():
        if not line.startswith("{"):
            continue
        told = json.loads(line)
        name = _service(told["ID"], services)
        memory, cores = (told[each].rstrip("%") for each in ("MemPerc", "CPUPerc"))
        if name and "--" not in (memory, cores):  # it has just ended
            found.append(Sample(name, float(memory), float(cores) / 100))
    return found


def uses(samples: list[Sample], limits: Mapping[str, float], cores: int) -> dict[str, Use]:
    """Of each service; where it has no limit, the host is."""
    by_service: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_service[sample.service].append(sample)
    return {
        service: Use(
            memory=max(each.memory_percent for each in those) / 100,
            processors=_average(those) / min(limits.get(service) or cores, cores),
            cores=_average(those),
        )
        for service, those in by_service.items()
    }


def _average(samples: list[Sample]) -> float:
    return sum(sample.cores for sample in samples) / len(samples)


def _limits(services: Mapping[str, str]) -> dict[str, float]:
    """How many processors each may take."""
    told = json.loads(compose.run_well(docker("inspect", *services)))
    return {
        _service(each["Id"], services) or "": each["HostConfig"]["NanoCpus"] / NANO for each in told
    }


def _service(whole: str, services: Mapping[str, str]) -> str | None:
    """By the whole id, of which we may have the beginning only."""
    return next((name for ours, name in services.items() if whole.startswith(ours)), None)
