"""The files of an overlay, as texts: pure. What is the same for all stands in deploy/kubernetes."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from contravento_ops.environment.urls import take_apart
from contravento_ops.environment.variables.table import VARIABLES
from contravento_ops.kit.paths import EnvironmentName
from contravento_ops.kubernetes import settings
from contravento_ops.kubernetes.replicas import Numbers, numbers
from contravento_ops.kubernetes.unsupported import IMAGE

LETS_ENCRYPT = VARIABLES["ACME_DIRECTORY"].default
HTTPS_PORT = 443
HTTP_PORT = 80
WRITTEN = (
    "# Written by `./deploy.sh {environment} kubernetes`; what you change yourself belongs into a"
    " kustomization over this one."
)


@dataclass(frozen=True, slots=True)
class OverlayRequest:
    """`shared` is deploy/kubernetes as seen from the overlay's folder; `image` passed refusing."""

    environment: EnvironmentName
    values: Mapping[str, str]
    image: str
    shared: str

    @property
    def namespace(self) -> str:
        return settings.NAMESPACES[self.environment]

    @property
    def written(self) -> str:
        return WRITTEN.format(environment=self.environment)

    @property
    def tag(self) -> str:
        return _parts(self.image)["tag"] or ""

    @property
    def has_own_server(self) -> bool:
        return settings.has_own_server(self.values)


def files(wanted: OverlayRequest) -> dict[str, str]:
    """By their names. No secret is in them: they may be kept where everything is."""
    found = {
        "kustomization.yaml": _text(_kustomization(wanted)),
        "settings.env": _text(_settings(wanted)),
        "site.yaml": _text(_site(wanted)),
        "numbers.yaml": _text(_numbers(numbers(wanted.environment, wanted.values), wanted)),
    }
    return found | ({"database.yaml": _text(_database(wanted))} if wanted.has_own_server else {})


def migration_of(wanted: OverlayRequest) -> str:
    """The Job's name. What a Job runs cannot be changed, so another image or setting is another."""
    runs = hashlib.sha256((wanted.image + _text(_settings(wanted))).encode())
    return f"migrate-{_plain(wanted.tag)}-{runs.hexdigest()[:6]}"


def shared_from(root: Path, folder: Path) -> str:
    return os.path.relpath(root / "deploy" / "kubernetes", folder)


def _text(lines: Iterator[str]) -> str:
    return "\n".join(lines) + "\n"


def _parts(image: str) -> dict[str, str | None]:
    found = IMAGE.fullmatch(image)
    assert found, "refusing.of_the_image lets no other pass"  # noqa: S101
    return found.groupdict()


def _kustomization(wanted: OverlayRequest) -> Iterator[str]:
    image = _parts(wanted.image)
    yield wanted.written
    yield "apiVersion: kustomize.config.k8s.io/v1beta1"
    yield "kind: Kustomization"
    yield f"namespace: {wanted.namespace}"
    yield f"resources: [{wanted.shared}/base, site.yaml]"
    if wanted.has_own_server:
        yield f"components: [{wanted.shared}/database]"
    yield "images:"
    pinned = f', digest: "{image["digest"]}"' if image["digest"] else ""
    yield f'  - {{ name: contravento, newName: {image["name"]}, newTag: "{wanted.tag}"{pinned} }}'
    yield "configMapGenerator: [{ name: settings, envs: [settings.env] }]"
    yield "patches:"
    yield "  - path: numbers.yaml"
    if wanted.has_own_server:
        yield "  - path: database.yaml"
    yield "  - target: { kind: Job, name: migrate }"
    yield "    options: { allowNameChange: true }"
    name = migration_of(wanted)
    yield f'    patch: "- {{ op: replace, path: /metadata/name, value: {name} }}"'


def _plain(tag: str) -> str:
    """As a name may be written."""
    kept = "".join(each if each.isalnum() else "-" for each in tag.lower())
    return kept.strip("-")[:50]


def _quoted(value: str) -> str:
    """As YAML takes any text."""
    return json.dumps(value, ensure_ascii=False)


def _settings(wanted: OverlayRequest) -> Iterator[str]:
    found = settings.configuration(wanted.environment, wanted.values, wanted.tag)
    return (f"{name}={value}" for name, value in found.items())


def _site(wanted: OverlayRequest) -> Iterator[str]:
    """The namespace, who certifies its name, and which way leads out of it."""
    yield wanted.written
    yield "apiVersion: v1"
    yield "kind: Namespace"
    yield "metadata:"
    yield f"  name: {wanted.namespace}"
    yield "  labels: { pod-security.kubernetes.io/enforce: restricted }"
    yield "---"
    yield "apiVersion: cert-manager.io/v1"
    yield "kind: ClusterIssuer"
    yield f"metadata: {{ name: {wanted.namespace} }}"
    yield "spec:"
    yield "  acme:"
    yield f"    server: {_quoted(_directory(wanted.values))}"
    yield f"    email: {_quoted(wanted.values['ACME_EMAIL'])}"
    yield f"    privateKeySecretRef: {{ name: {wanted.namespace}-acme }}"
    yield "    solvers: [{ http01: { ingress: {} } }]"
    yield "---"
    yield from _way_out("to-the-world", ("web", "worker"), _ports_out(wanted.values))
    if not wanted.has_own_server:
        yield "---"
        who = ("web", "worker", "migrate", "postgres-exporter")
        yield from _way_out("to-the-database", who, _ports_of_databases(wanted.values))


def _directory(values: Mapping[str, str]) -> str:
    said = values.get("ACME_DIRECTORY", "off")
    return said if said != "off" else LETS_ENCRYPT


def _ports_of_databases(values: Mapping[str, str]) -> tuple[int, ...]:
    kinds = ("", "DIRECT_", "OWNER_", "REPLICA_")
    names = (f"DATABASE_{kind}URL" for kind in kinds)
    urls = (values[name] for name in names if values.get(name))
    return tuple(sorted({int(take_apart(url).port or settings.POSTGRES_PORT) for url in urls}))


def _ports_out(values: Mapping[str, str]) -> tuple[int, ...]:
    """Of error reports and whatever else speaks HTTPS; of mail; of storage; of traces."""
    ports = {HTTPS_PORT, int(values.get("SMTP_PORT", VARIABLES["SMTP_PORT"].values["prod"]))}
    for name in ("STORAGE_S3_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"):
        if url := values.get(name):
            ports.add(_port(url))
    return tuple(sorted(ports))


def _port(url: str) -> int:
    return int(take_apart(url).port or (HTTP_PORT if url.startswith("http:") else HTTPS_PORT))


def _way_out(name: str, who: tuple[str, ...], ports: tuple[int, ...]) -> Iterator[str]:
    """To any address but those by which a cloud tells machines about themselves."""
    yield "apiVersion: networking.k8s.io/v1"
    yield "kind: NetworkPolicy"
    yield f"metadata: {{ name: {name} }}"
    yield "spec:"
    yield "  podSelector:"
    yield "    matchExpressions:"
    yield f"      - {{ key: app.kubernetes.io/name, operator: In, values: [{', '.join(who)}] }}"
    yield "  policyTypes: [Egress]"
    yield "  egress:"
    yield "    - to:"
    yield "        - ipBlock: { cidr: 0.0.0.0/0, except: [169.254.0.0/16] }"
    yield '        - ipBlock: { cidr: "::/0", except: ["fe80::/10"] }'
    yield f"      ports: [{', '.join(f'{{ protocol: TCP, port: {port} }}' for port in ports)}]"


def _numbers(found: Numbers, wanted: OverlayRequest) -> Iterator[str]:
    yield wanted.written
    for name, (least, most) in (("web", found.web), ("worker", found.workers)):
        yield "apiVersion: autoscaling/v2"
        yield "kind: HorizontalPodAutoscaler"
        yield f"metadata: {{ name: {name} }}"
        yield f"spec: {{ minReplicas: {least}, maxReplicas: {most} }}"
        yield "---"
    domain = wanted.values["DOMAIN"]
    yield "apiVersion: networking.k8s.io/v1"
    yield "kind: Ingress"
    yield "metadata:"
    yield "  name: site"
    yield f"  annotations: {{ cert-manager.io/cluster-issuer: {wanted.namespace} }}"
    yield "spec:"
    yield f"  tls: [{{ hosts: [{domain}], secretName: site-certificate }}]"
    yield "  rules:"
    yield f"    - host: {domain}"
    yield "      http:"
    yield (
        "        paths: [{ path: /, pathType: Prefix,"
        " backend: { service: { name: web, port: { name: http } } } }]"
    )


def _database(wanted: OverlayRequest) -> Iterator[str]:
    values = wanted.values
    instances = numbers(wanted.environment, values).instances
    every = values.get("BACKUP_EVERY_HOURS", VARIABLES["BACKUP_EVERY_HOURS"].default)
    days = values.get("BACKUP_WAL_DAYS", VARIABLES["BACKUP_WAL_DAYS"].default)
    prefix = values.get("BACKUP_S3_PREFIX", "").strip("/")
    yield wanted.written
    yield "apiVersion: postgresql.cnpg.io/v1"
    yield "kind: Cluster"
    yield "metadata: { name: postgres }"
    yield "spec:"
    yield f"  instances: {instances}"
    yield "---"
    yield "apiVersion: barmancloud.cnpg.io/v1"
    yield "kind: ObjectStore"
    yield "metadata: { name: postgres-backups }"
    yield "spec:"
    yield f"  retentionPolicy: {days}d"
    yield "  configuration:"
    yield f"    destinationPath: {_quoted(f's3://{values["BACKUP_S3_BUCKET"]}/{prefix}')}"
    yield f"    endpointURL: {_quoted(values['BACKUP_S3_ENDPOINT'])}"
    if "BACKUP_S3_REGION" in values:
        yield "    s3Credentials: { region: { name: postgres-backups, key: REGION } }"
    yield "---"
    yield "apiVersion: postgresql.cnpg.io/v1"
    yield "kind: ScheduledBackup"
    yield "metadata: { name: postgres }"
    yield f'spec: {{ schedule: "0 0 */{every} * * *" }}'
