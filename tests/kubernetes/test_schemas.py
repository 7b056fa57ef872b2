"""Every object is one that the API takes, of two recent versions; other people's kinds, too.

What is compared with what:

- Kubernetes' own kinds: the API's schemas of two versions, unknown fields refused
  (kubernetes-validate).
- ServiceMonitor, PodMonitor, PrometheusRule, ClusterIssuer, Cluster, ScheduledBackup: schemas/,
  made from the operators' definitions by tools/kubernetes_schemas.py: names, types, what is
  required; neither lengths nor patterns.
- ObjectStore: that part of Cluster's schema which the plugin took over, and its other field here.
"""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest

from contravento_ops.kit.paths import EnvironmentName
from tests.kubernetes.rendering import OVERLAYS, Object, name_of, with_secrets

VERSIONS = ("1.36", "1.37")
SCHEMAS = Path(__file__).parent / "schemas"
OTHERS = {
    "ServiceMonitor",
    "PodMonitor",
    "PrometheusRule",
    "ClusterIssuer",
    "Cluster",
    "ScheduledBackup",
    "ObjectStore",
}


def schema_of(kind: str) -> dict[str, Any]:
    if kind == "ObjectStore":
        return of_the_object_store()
    found: dict[str, Any] = json.loads(gzip.decompress((SCHEMAS / f"{kind}.json.gz").read_bytes()))
    return found


def of_the_object_store() -> dict[str, Any]:
    backup = schema_of("Cluster")["properties"]["spec"]["properties"]["backup"]["properties"]
    spec = {
        "configuration": backup["barmanObjectStore"],
        "retentionPolicy": {"type": "string", "pattern": "^[1-9][0-9]*[dwm]$"},
    }
    return closed(
        apiVersion={"const": "barmancloud.cnpg.io/v1"},
        kind={"const": "ObjectStore"},
        metadata={"type": "object"},
        spec=closed(**spec),
    )


def closed(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def mistakes(objects: list[Object], version: str) -> list[str]:
    found = []
    for object_ in objects:
        try:
            if object_["kind"] in OTHERS:
                jsonschema.validate(object_, schema_of(object_["kind"]))
            else:
                kubernetes_validate.validate(object_, version, strict=True)
        except jsonschema.ValidationError as error:
            place = ".".join(str(part) for part in error.absolute_path)
            found.append(f"{name_of(object_)} {place}")
    return found


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("environment", OVERLAYS)
def test_the_api_takes_every_object(environment: EnvironmentName, version: str) -> None:
    assert mistakes(with_secrets(environment), version) == []


def test_the_versions_are_the_newest_whose_schemas_are_known() -> None:
    known = dict.fromkeys(
        kubernetes_validate.utils.major_minor(version)
        for version in kubernetes_validate.utils.all_versions()
    )

    assert tuple(known)[-len(VERSIONS) :] == VERSIONS


def test_there_is_a_schema_for_every_kind() -> None:
    carried = {path.name.partition(".")[0] for path in SCHEMAS.glob("*.json.gz")}
    rendered = {item["kind"] for item in with_secrets("prod") if "." in item["apiVersion"]}

    assert carried | {"ObjectStore"} == OTHERS
    assert rendered >= OTHERS


MISTAKEN: dict[str, Callable[[dict[str, Object]], object]] = {
    "Deployment/web spec.template.spec": lambda all_: all_["Deployment/web"]["spec"]["template"][
        "spec"
    ].update(securtyContext={}),
    "HorizontalPodAutoscaler/web spec.maxReplicas": lambda all_: all_[
        "HorizontalPodAutoscaler/web"
    ]["spec"].update(maxReplicas="ten"),
    "NetworkPolicy/redis spec": lambda all_: all_["NetworkPolicy/redis"]["spec"].update(ingres=[]),
    "ServiceMonitor/contravento spec.endpoints.0": lambda all_: all_["ServiceMonitor/contravento"][
        "spec"
    ]["endpoints"][0].update(portName="http"),
    "PrometheusRule/contravento spec.groups.0.rules.0": lambda all_: all_[
        "PrometheusRule/contravento"
    ]["spec"]["groups"][0]["rules"][0].pop("expr"),
    "PodMonitor/postgres spec": lambda all_: all_["PodMonitor/postgres"]["spec"].pop("selector"),
    "ClusterIssuer/contravento spec.acme": lambda all_: all_["ClusterIssuer/contravento"]["spec"][
        "acme"
    ].pop("server"),
    "Cluster/postgres spec.instances": lambda all_: all_["Cluster/postgres"]["spec"].update(
        instances="3"
    ),
    "ScheduledBackup/postgres spec.method": lambda all_: all_["ScheduledBackup/postgres"][
        "spec"
    ].update(method="barman"),
    "ObjectStore/postgres-backups spec.configuration": lambda all_: all_[
        "ObjectStore/postgres-backups"
    ]["spec"]["configuration"].update(bucket="s3://x"),
    "ObjectStore/postgres-backups spec.retentionPolicy": lambda all_: all_[
        "ObjectStore/postgres-backups"
    ]["spec"].update(retentionPolicy="7 days"),
}


@pytest.mark.parametrize("where", MISTAKEN)
def test_a_mistake_is_found_where_it_is(where: str) -> None:
    objects = {name_of(item): item for item in with_secrets("prod")}

    MISTAKEN[where](objects)

    assert mistakes([objects[where.partition(" ")[0]]], VERSIONS[-1]) == [where]
