"""What every object has to keep to: each policy yields a finding for each breach."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.kubernetes.rendering import Object, name_of, pod_of

type Objects = Sequence[Object]
type Policy = Callable[[Objects], Iterator[str]]

LONG_RUNNING = ("Deployment", "StatefulSet", "DaemonSet")
MOVING = ("latest", "local", "main", "stable", "edge")
# Pods that others make in our namespace, with the labels that these give them.
MADE_BY_OTHERS = {
    "Cluster/postgres": {"cnpg.io/cluster": "postgres"},
    "cert-manager's solver": {"acme.cert-manager.io/http01-solver": "true"},
}
# Of other people's kinds, which refer to Secrets and ConfigMaps by other names.
REFERENCES = {
    "secret": "Secret",
    "passwordSecret": "Secret",
    "accessKeyId": "Secret",
    "secretAccessKey": "Secret",
    "secretRef": "Secret",
    "secretKeyRef": "Secret",
    "configMapRef": "ConfigMap",
    "configMapKeyRef": "ConfigMap",
    "configMap": "ConfigMap",
    "configMapRefs": "ConfigMap",
    "persistentVolumeClaim": "PersistentVolumeClaim",
}


def findings(objects: Objects) -> list[str]:
    return [found for policy in POLICIES for found in policy(objects)]


def _pods(objects: Objects) -> Iterator[tuple[str, Object]]:
    for object_ in objects:
        if template := pod_of(object_):
            yield name_of(object_), template


def _containers(objects: Objects) -> Iterator[tuple[str, Object]]:
    for name, template in _pods(objects):
        spec = template["spec"]
        for container in [*spec.get("initContainers", ()), *spec["containers"]]:
            yield f"{name}/{container['name']}", container


def runs_as_nobody(objects: Objects) -> Iterator[str]:
    for name, template in _pods(objects):
        context = template["spec"].get("securityContext", {})
        if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
            yield f"{name} may run as root"
        if context.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{name} may make any system call"
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            if template["spec"].get(key):
                yield f"{name} shares {key} with the node"


def may_do_nothing_else(objects: Objects) -> Iterator[str]:
    for name, container in _containers(objects):
        context = container.get("securityContext", {})
        if context.get("readOnlyRootFilesystem") is not True:
            yield f"{name} may write to its root"
        if context.get("allowPrivilegeEscalation") is not False:
            yield f"{name} may gain rights"
        if context.get("capabilities") != {"drop": ["ALL"]}:
            yield f"{name} has capabilities"
        if context.get("privileged") or context.get("runAsUser") == 0:
            yield f"{name} may run as root"


def is_bounded(objects: Objects) -> Iterator[str]:
    for name, container in _containers(objects):
        for kind in ("requests", "limits"):
            for what in ("cpu", "memory"):
                if not container.get("resources", {}).get(kind, {}).get(what):
                    yield f"{name} has no {what} among its {kind}"


def is_probed(objects: Objects) -> Iterator[str]:
    for object_ in objects:
        if object_["kind"] in LONG_RUNNING:
            for container in object_["spec"]["template"]["spec"]["containers"]:
                for probe in ("readinessProbe", "livenessProbe"):
                    if probe not in container:
                        yield f"{name_of(object_)}/{container['name']} has no {probe}"


def stays_the_same_image(objects: Objects) -> Iterator[str]:
    images = [(name, each["image"]) for name, each in _containers(objects)]
    images += [
        (name_of(object_), object_["spec"]["imageName"])
        for object_ in objects
        if object_["kind"] == "Cluster"
    ]
    for name, image in images:
        tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
        if not tag or tag in MOVING:
            yield f"{name} runs {image}, which moves"


def knows_no_token(objects: Objects) -> Iterator[str]:
    for name, template in _pods(objects):
        if template["spec"].get("automountServiceAccountToken") is not False:
            yield f"{name} is given a token of the cluster"


def nobody_reaches_anybody_by_default(objects: Objects) -> Iterator[str]:
    policies = [object_["spec"] for object_ in objects if object_["kind"] == "NetworkPolicy"]
    for name, labels in _labelled(objects):
        for way, rules in (("Ingress", "ingress"), ("Egress", "egress")):
            if not any(
                way in policy["policyTypes"] and not policy.get(rules)
                for policy in policies
                if _selects(policy["podSelector"], labels)
            ):
                yield f"{name} is under no policy that denies {way} by default"
    for object_ in objects:
        if object_["kind"] == "NetworkPolicy" and [{}] in (
            object_["spec"].get("ingress"),
            object_["spec"].get("egress"),
        ):
            yield f"{name_of(object_)} allows everything"


def network_policies_are_about_somebody(objects: Objects) -> Iterator[str]:
    for object_ in objects:
        if object_["kind"] == "NetworkPolicy" and not any(
            _selects(object_["spec"]["podSelector"], labels) for _, labels in _labelled(objects)
        ):
            yield f"{name_of(object_)} is about no pod"


def selectors_find_somebody(objects: Objects) -> Iterator[str]:
    for object_ in objects:
        selector: Object | None = None
        if object_["kind"] == "Service":
            selector = {"matchLabels": object_["spec"].get("selector", {})}
        elif object_["kind"] in ("PodDisruptionBudget", "PodMonitor"):
            selector = object_["spec"]["selector"]
        if selector and not any(_selects(selector, labels) for _, labels in _labelled(objects)):
            yield f"{name_of(object_)} selects no pod"


def workloads_select_their_own_pods(objects: Objects) -> Iterator[str]:
    for object_ in objects:
        if object_["kind"] in LONG_RUNNING:
            labels = object_["spec"]["template"]["metadata"]["labels"]
            if not _selects(object_["spec"]["selector"], labels):
                yield f"{name_of(object_)} does not select its own pods"


def autoscalers_scale_somebody(objects: Objects) -> Iterator[str]:
    there = {name_of(object_) for object_ in objects}
    for object_ in objects:
        if object_["kind"] == "HorizontalPodAutoscaler":
            target = object_["spec"]["scaleTargetRef"]
            name = f"{target['kind']}/{target['name']}"
            if name not in there:
                yield f"{name_of(object_)} scales {name}, which is not there"
            if object_["spec"]["minReplicas"] > object_["spec"]["maxReplicas"]:
                yield f"{name_of(object_)} has a least above its most"


def autoscaled_and_spread_ones_leave_room(objects: Objects) -> Iterator[str]:
    """Who is scaled has no number of its own, a budget, and is spread over nodes and zones."""
    scaled = {
        object_["spec"]["scaleTargetRef"]["name"]
        for object_ in objects
        if object_["kind"] == "HorizontalPodAutoscaler"
    }
    budgets = [object_["spec"] for object_ in objects if object_["kind"] == "PodDisruptionBudget"]
    for object_ in objects:
        if object_["kind"] != "Deployment" or object_["metadata"]["name"] not in scaled:
            continue
        template = object_["spec"]["template"]
        if "replicas" in object_["spec"]:
            yield f"{name_of(object_)} would be set back to its own number at each release"
        mine = [
            budget
            for budget in budgets
            if _selects(budget["selector"], template["metadata"]["labels"])
        ]
        if not mine or any(one.get("minAvailable") for one in mine):
            yield f"{name_of(object_)} has no budget that lets nodes be drained"
        keys = {
            topologyspreadconstraint["topologyKey"]
            for topologyspreadconstraint in template["spec"].get("topologySpreadConstraints", ())
        }
        if not keys >= {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}:
            yield f"{name_of(object_)} is not spread over nodes and zones"


def references_lead_somewhere(objects: Objects) -> Iterator[str]:
    there = {name_of(object_) for object_ in objects}
    for object_ in objects:
        for kind, name in _references(object_.get("spec", {})):
            if f"{kind}/{name}" not in there:
                yield f"{name_of(object_)} needs {kind}/{name}, which is not there"
        account = (pod_of(object_) or {}).get("spec", {}).get("serviceAccountName")
        if account and f"ServiceAccount/{account}" not in there:
            yield f"{name_of(object_)} needs ServiceAccount/{account}, which is not there"


def keys_are_there(objects: Objects) -> Iterator[str]:
    """Of Secrets and ConfigMaps of which one line is asked for."""
    content = {
        name_of(object_): {**object_.get("data", {}), **object_.get("stringData", {})}
        for object_ in objects
    }
    for object_ in objects:
        for kind, name, key in _keys(object_.get("spec", {})):
            if key not in content.get(f"{kind}/{name}", {key: ""}):
                yield f"{name_of(object_)} needs {key} of {kind}/{name}, which is not there"


def ports_are_there(objects: Objects) -> Iterator[str]:
    services = {
        object_["metadata"]["name"]: object_["spec"]
        for object_ in objects
        if object_["kind"] == "Service"
    }
    for name, container in _containers(objects):
        named = {port["name"] for port in container.get("ports", ())}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            for how in ("httpGet", "tcpSocket"):
                port = container.get(probe, {}).get(how, {}).get("port")
                if port is not None and port not in named:
                    yield f"{name} is probed at {port}, which it does not open"
    for object_ in objects:
        yield from _missing_ports(object_, objects, services)


def _missing_ports(each: Object, objects: Objects, services: dict[str, Object]) -> Iterator[str]:
    if each["kind"] == "Service":
        opened = {
            port["name"]
            for _, template in _pods(objects)
            if _selects({"matchLabels": each["spec"]["selector"]}, template["metadata"]["labels"])
            for container in template["spec"]["containers"]
            for port in container.get("ports", ())
        }
        for port in each["spec"]["ports"]:
            if port["targetPort"] not in opened:
                yield f"{name_of(each)} leads to {port['targetPort']}, which no pod opens"
    if each["kind"] == "Ingress":
        for rule in each["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                service = path["backend"]["service"]
                ports = services.get(service["name"], {}).get("ports", ())
                if service["port"]["name"] not in {port["name"] for port in ports}:
                    yield f"{name_of(each)} leads to {service['name']}, which has no such port"
    if each["kind"] == "ServiceMonitor":
        every = {port["name"] for one in services.values() for port in one["ports"]}
        for endpoint in each["spec"]["endpoints"]:
            if endpoint["port"] not in every:
                yield f"{name_of(each)} asks {endpoint['port']}, which no Service has"


def services_can_be_reached(objects: Objects) -> Iterator[str]:
    """By somebody: a policy lets its pods be asked at the port."""
    policies = [object_["spec"] for object_ in objects if object_["kind"] == "NetworkPolicy"]
    for object_ in objects:
        if object_["kind"] != "Service":
            continue
        allowed = {
            port["port"]
            for policy in policies
            if _selects(policy["podSelector"], object_["spec"]["selector"])
            for rule in policy.get("ingress", ())
            for port in rule.get("ports", object_["spec"]["ports"])
        }
        for port in object_["spec"]["ports"]:
            if port["port"] not in allowed:
                yield f"{name_of(object_)} is at {port['port']}, where no policy lets anybody in"


def both_ends_of_a_way_agree(objects: Objects) -> Iterator[str]:
    """Who is let in may go out to there, and who may go out is let in."""
    into, out = set(_ways(objects, "ingress", "from")), set(_ways(objects, "egress", "to"))
    for there, here, port in sorted(into - {(b, a, p) for a, b, p in out}):
        yield f"{here} may not go to {there} at {port}, where it would be let in"
    for here, there, port in sorted(out - {(b, a, p) for a, b, p in into}):
        yield f"{there} does not let {here} in at {port}, where it may go"


def _ways(objects: Objects, rules: str, peers: str) -> Iterator[tuple[str, str, int]]:
    """Between our own pods: whose policy it is, who the other is, and the port."""
    labelled = dict(_labelled(objects))
    for object_ in objects:
        if object_["kind"] != "NetworkPolicy":
            continue
        mine = [
            name for name, one in labelled.items() if _selects(object_["spec"]["podSelector"], one)
        ]
        for rule in object_["spec"].get(rules, ()):
            for peer in rule.get(peers, ()):
                if set(peer) == {"podSelector"}:
                    others = [
                        n for n, one in labelled.items() if _selects(peer["podSelector"], one)
                    ]
                    for port in rule["ports"]:
                        yield from ((a, b, port["port"]) for a in mine for b in others)


def no_secret_is_in_the_open(objects: Objects) -> Iterator[str]:
    """An environment variable that holds a password by its name, written down."""
    for name, container in _containers(objects):
        for variable in container.get("env", ()):
            if re.search(r"PASSWORD|SECRET|KEY|AUTH", variable["name"]) and "value" in variable:
                yield f"{name} has {variable['name']} written in it"


def _labelled(objects: Objects) -> Iterator[tuple[str, dict[str, str]]]:
    for name, template in _pods(objects):
        yield name, template["metadata"]["labels"]
    yield from MADE_BY_OTHERS.items()


def _selects(selector: Object, labels: dict[str, str]) -> bool:
    """As the API has it: an empty selector selects everything."""
    wanted = selector.get("matchLabels", {})
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        labels.get(expression["key"]) in expression["values"]
        if expression["operator"] == "In"
        else expression["operator"] == "Exists" and expression["key"] in labels
        for expression in selector.get("matchExpressions", ())
    )


def _walk(found: Any) -> Iterator[tuple[str, Any]]:
    """Every key with what stands there, lists one by one."""
    if isinstance(found, dict):
        for key, value in found.items():
            for each in value if isinstance(value, list) else [value]:
                yield key, each
            yield from _walk(value)
    elif isinstance(found, list):
        for each in found:
            yield from _walk(each)


def _references(spec: Object) -> Iterator[tuple[str, str]]:
    for key, value in _walk(spec):
        if key in REFERENCES and isinstance(value, dict):
            if value.get("optional"):
                continue
            name = value.get("name") or value.get("secretName") or value.get("claimName")
            if name:
                yield REFERENCES[key], name


def _keys(spec: Object) -> Iterator[tuple[str, str, str]]:
    for key, value in _walk(spec):
        if key in REFERENCES and isinstance(value, dict) and {"name", "key"} <= value.keys():
            yield REFERENCES[key], value["name"], value["key"]


POLICIES: tuple[Policy, ...] = (
    runs_as_nobody,
    may_do_nothing_else,
    is_bounded,
    is_probed,
    stays_the_same_image,
    knows_no_token,
    nobody_reaches_anybody_by_default,
    network_policies_are_about_somebody,
    selectors_find_somebody,
    workloads_select_their_own_pods,
    autoscalers_scale_somebody,
    autoscaled_and_spread_ones_leave_room,
    references_lead_somewhere,
    keys_are_there,
    ports_are_there,
    services_can_be_reached,
    both_ends_of_a_way_agree,
    no_secret_is_in_the_open,
)
