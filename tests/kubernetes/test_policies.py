"""Every policy holds for both overlays, and is seen to be broken when something is spoiled."""

from collections.abc import Callable

import pytest

from contravento_ops.kit.paths import EnvironmentName
from tests.kubernetes.policies import POLICIES, findings
from tests.kubernetes.rendering import MIGRATION, OVERLAYS, Object, name_of, with_secrets

type Spoil = Callable[[dict[str, Object]], object]


@pytest.mark.parametrize("environment", OVERLAYS)
def test_every_policy_is_kept(environment: EnvironmentName) -> None:
    assert findings(with_secrets(environment)) == []


def pod(objects: dict[str, Object], name: str = "Deployment/web") -> Object:
    found: Object = objects[name]["spec"]["template"]["spec"]
    return found


def container(objects: dict[str, Object], name: str = "Deployment/web") -> Object:
    found: Object = pod(objects, name)["containers"][0]
    return found


SPOILED: dict[str, tuple[Spoil, list[str]]] = {
    "root": (
        lambda all_: pod(all_)["securityContext"].pop("runAsNonRoot"),
        ["Deployment/web may run as root"],
    ),
    "user 0": (
        lambda all_: pod(all_, f"Job/{MIGRATION}")["securityContext"].update(runAsUser=0),
        [f"Job/{MIGRATION} may run as root"],
    ),
    "container as root": (
        lambda all_: container(all_)["securityContext"].update(runAsUser=0),
        ["Deployment/web/web may run as root"],
    ),
    "system calls": (
        lambda all_: pod(all_)["securityContext"].pop("seccompProfile"),
        ["Deployment/web may make any system call"],
    ),
    "the node's network": (
        lambda all_: pod(all_).update(hostNetwork=True),
        ["Deployment/web shares hostNetwork with the node"],
    ),
    "writable root": (
        lambda all_: container(all_)["securityContext"].pop("readOnlyRootFilesystem"),
        ["Deployment/web/web may write to its root"],
    ),
    "gaining rights": (
        lambda all_: container(all_)["securityContext"].update(allowPrivilegeEscalation=True),
        ["Deployment/web/web may gain rights"],
    ),
    "capabilities": (
        lambda all_: container(all_)["securityContext"]["capabilities"].update(add=["NET_RAW"]),
        ["Deployment/web/web has capabilities"],
    ),
    "the waiting container's, too": (
        lambda all_: pod(all_)["initContainers"][0].pop("securityContext"),
        [
            "Deployment/web/migrated may write to its root",
            "Deployment/web/migrated may gain rights",
            "Deployment/web/migrated has capabilities",
        ],
    ),
    "no limit": (
        lambda all_: container(all_)["resources"]["limits"].pop("memory"),
        ["Deployment/web/web has no memory among its limits"],
    ),
    "no request": (
        lambda all_: container(all_, "Deployment/redis")["resources"]["requests"].pop("cpu"),
        ["Deployment/redis/redis has no cpu among its requests"],
    ),
    "unready": (
        lambda all_: container(all_, "Deployment/worker").pop("readinessProbe"),
        ["Deployment/worker/worker has no readinessProbe"],
    ),
    "hanging": (
        lambda all_: container(all_).pop("livenessProbe"),
        ["Deployment/web/web has no livenessProbe"],
    ),
    "a tag that moves": (
        lambda all_: container(all_, "Deployment/redis").update(image="redis:latest"),
        ["Deployment/redis/redis runs redis:latest, which moves"],
    ),
    "no tag": (
        lambda all_: container(all_).update(image="registry.test:5000/contravento"),
        ["Deployment/web/web runs registry.test:5000/contravento, which moves"],
    ),
    "PostgreSQL's tag": (
        lambda all_: all_["Cluster/postgres"]["spec"].update(imageName="postgresql:latest"),
        ["Cluster/postgres runs postgresql:latest, which moves"],
    ),
    "a token": (
        lambda all_: pod(all_).pop("automountServiceAccountToken"),
        ["Deployment/web is given a token of the cluster"],
    ),
    "a way in": (
        lambda all_: all_["NetworkPolicy/nobody-by-default"]["spec"].update(
            podSelector={
                "matchExpressions": [{"key": "app.kubernetes.io/part-of", "operator": "Exists"}]
            }
        ),
        [
            f"{who} is under no policy that denies {way} by default"
            for who in ("Cluster/postgres", "cert-manager's solver")
            for way in ("Ingress", "Egress")
        ],
    ),
    "everything allowed": (
        lambda all_: all_["NetworkPolicy/certificate"]["spec"].update(ingress=[{}]),
        ["NetworkPolicy/certificate allows everything"],
    ),
    "a policy about nobody": (
        lambda all_: all_["NetworkPolicy/certificate"]["spec"].update(
            podSelector={"matchLabels": {"app": "solver"}}
        ),
        ["NetworkPolicy/certificate is about no pod"],
    ),
    "figures of nobody": (
        lambda all_: all_["PodMonitor/postgres"]["spec"]["selector"].update(
            matchLabels={"cnpg.io/cluster": "other"}
        ),
        ["PodMonitor/postgres selects no pod"],
    ),
    "a Service for nobody": (
        lambda all_: all_["Service/worker"]["spec"].update(selector={"app": "worker"}),
        [
            "Service/worker selects no pod",
            "Service/worker leads to figures, which no pod opens",
            "Service/worker is at 8000, where no policy lets anybody in",
        ],
    ),
    "a budget for nobody": (
        lambda all_: all_["PodDisruptionBudget/worker"]["spec"]["selector"].update(
            matchLabels={"app": "worker"}
        ),
        [
            "PodDisruptionBudget/worker selects no pod",
            "Deployment/worker has no budget that lets nodes be drained",
        ],
    ),
    "a budget that no drain keeps": (
        lambda all_: all_["PodDisruptionBudget/web"]["spec"].update(minAvailable=1),
        ["Deployment/web has no budget that lets nodes be drained"],
    ),
    "other pods than its own": (
        lambda all_: all_["Deployment/web"]["spec"]["selector"].update(matchLabels={"app": "x"}),
        ["Deployment/web does not select its own pods"],
    ),
    "an autoscaler for nobody": (
        lambda all_: all_["HorizontalPodAutoscaler/worker"]["spec"]["scaleTargetRef"].update(
            name="workers"
        ),
        ["HorizontalPodAutoscaler/worker scales Deployment/workers, which is not there"],
    ),
    "less at most than at least": (
        lambda all_: all_["HorizontalPodAutoscaler/web"]["spec"].update(maxReplicas=2),
        ["HorizontalPodAutoscaler/web has a least above its most"],
    ),
    "a number of its own": (
        lambda all_: all_["Deployment/web"]["spec"].update(replicas=3),
        ["Deployment/web would be set back to its own number at each release"],
    ),
    "all on one node": (
        lambda all_: pod(all_)["topologySpreadConstraints"].pop(0),
        ["Deployment/web is not spread over nodes and zones"],
    ),
    "a ConfigMap that is not there": (
        lambda all_: container(all_)["envFrom"][0]["configMapRef"].update(name="settings"),
        ["Deployment/web needs ConfigMap/settings, which is not there"],
    ),
    "a Secret that is not there": (
        lambda all_: all_.pop("Secret/migrate"),
        [f"Job/{MIGRATION} needs Secret/migrate, which is not there"],
    ),
    "PostgreSQL's Secret": (
        lambda all_: all_.pop("Secret/postgres-app"),
        ["Cluster/postgres needs Secret/postgres-app, which is not there"],
    ),
    "a claim that is not there": (
        lambda all_: pod(all_, "Deployment/redis")["volumes"].append(
            {"name": "kept", "persistentVolumeClaim": {"claimName": "kept"}}
        ),
        ["Deployment/redis needs PersistentVolumeClaim/kept, which is not there"],
    ),
    "an account that is not there": (
        lambda all_: pod(all_).update(serviceAccountName="web"),
        ["Deployment/web needs ServiceAccount/web, which is not there"],
    ),
    "a line that is not there": (
        lambda all_: all_["Secret/postgres-backups"]["stringData"].pop("ACCESS_KEY_ID"),
        [
            "ObjectStore/postgres-backups needs ACCESS_KEY_ID of Secret/postgres-backups,"
            " which is not there"
        ],
    ),
    "a probe of a closed port": (
        lambda all_: container(all_)["livenessProbe"]["httpGet"].update(port="web"),
        ["Deployment/web/web is probed at web, which it does not open"],
    ),
    "a Service to a closed port": (
        lambda all_: all_["Service/redis"]["spec"]["ports"][0].update(targetPort=6380),
        ["Service/redis leads to 6380, which no pod opens"],
    ),
    "an Ingress to nowhere": (
        lambda all_: all_["Ingress/site"]["spec"]["rules"][0]["http"]["paths"][0]["backend"][
            "service"
        ]["port"].update(name="https"),
        ["Ingress/site leads to web, which has no such port"],
    ),
    "figures from nowhere": (
        lambda all_: all_["ServiceMonitor/contravento"]["spec"]["endpoints"][0].update(port="web"),
        ["ServiceMonitor/contravento asks web, which no Service has"],
    ),
    "a closed door": (
        lambda all_: all_["NetworkPolicy/figures"]["spec"]["ingress"][0]["ports"][0].update(port=1),
        ["Service/worker is at 8000, where no policy lets anybody in"],
    ),
    "a way that ends half-way": (
        lambda all_: all_["NetworkPolicy/to-redis"]["spec"]["podSelector"]["matchExpressions"][0][
            "values"
        ].remove("worker"),
        ["Deployment/worker may not go to Deployment/redis at 6379, where it would be let in"],
    ),
    "a way to a closed door": (
        lambda all_: all_["NetworkPolicy/postgres"]["spec"]["ingress"][0]["from"][0]["podSelector"][
            "matchExpressions"
        ][0]["values"].remove("migrate"),
        [f"Cluster/postgres does not let Job/{MIGRATION} in at 5432, where it may go"],
    ),
    "a password written down": (
        lambda all_: container(all_, "Deployment/redis-exporter")["env"].append(
            {"name": "REDIS_PASSWORD", "value": "hunter2"}
        ),
        ["Deployment/redis-exporter/exporter has REDIS_PASSWORD written in it"],
    ),
}


@pytest.mark.parametrize("what", SPOILED)
def test_a_breach_is_found_and_nothing_else(what: str) -> None:
    spoil, expected = SPOILED[what]
    objects = {name_of(item): item for item in with_secrets("prod")}

    spoil(objects)

    assert findings(list(objects.values())) == expected


def test_every_policy_is_broken_by_some_test() -> None:
    broken = set()
    for spoil, _ in SPOILED.values():
        objects = {name_of(item): item for item in with_secrets("prod")}
        spoil(objects)
        broken |= {each for each in POLICIES if list(each(list(objects.values())))}

    assert {policy.__name__ for policy in POLICIES} - {each.__name__ for each in broken} == set()
