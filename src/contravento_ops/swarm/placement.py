"""Which service is what in a Swarm: where it may run, how it is replaced, and what is left out."""

from collections.abc import Mapping

from contravento_ops.kit import services
from contravento_ops.kit.services import ONE_OFF, Role

type Phase = tuple[str, ...]

LEFT_OUT: Mapping[str, str] = {
    "certbot": "proves a name from one host; the certificate comes from CERTIFICATE_FOLDER",
    "static": "writes to one host's disk; backends serve static files themselves",
    "tools": "listens on one host's 127.0.0.1, which a Swarm cannot",
    "containers": "asks one host's engine for containers that Compose made",
}
ROLLING = ("worker", "backend")  # a new one beside the old one, one after another
AT_THE_EDGE = ("nginx", "prepare")  # on each node that riders reach
EVERYWHERE = ("node-exporter",)
PREFLIGHT = "preflight"  # a job of the Swarm alone
JOBS = (ONE_OFF - LEFT_OUT.keys() - {"pooler-role"}) | {PREFLIGHT}
# In this order; what is in none of them comes last, and a release is not taken back for its sake.
PHASES: tuple[Phase, ...] = (
    ("prepare", "backup-prepare"),
    ("postgres", "redis"),
    ("roles",),
    ("migrate",),
    ("worker",),
    ("backend",),
    ("nginx",),
)
OF_THE_DATABASE = {"postgres", "roles", "backup-prepare", *services.of(Role.BACKUP)}
OF_REDIS = {"redis", "redis-exporter"}
STAYING_VOLUMES = frozenset({"ssl_certificates", "acme_webroot", "static_files", "nginx_cache"})
FILES_OF_RIDERS = "backend_storage"
