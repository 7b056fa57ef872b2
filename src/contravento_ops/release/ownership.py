"""Whether what runs, and what is stored, belongs to this checkout and its environment file."""

import json
from collections.abc import Mapping
from pathlib import Path

from contravento_ops.environment import urls
from contravento_ops.kit import compose
from contravento_ops.kit.compose import Container, Project, docker
from contravento_ops.kit.errors import CommandError, Exit

WORKING_DIR = '{{index .Config.Labels "com.docker.compose.project.working_dir"}}'
DATA = "postgres_data"
# The password comes by standard input: what is on a command line, everybody on the host can read.
SIGN_IN = (
    "read -r PGPASSWORD; export PGPASSWORD;"
    ' psql -XAt -h "$(hostname -i)" -U "$0" -d "$1" -c "SELECT 1"'
)
WAY_BACK = (
    "each backup set holds the environment file it belongs to:"
    " docs/guides/backup-and-restore.md says how to take it out"
)


def other_folder(project: Project, containers: list[Container]) -> str | None:
    """From where what runs was started, if that is not this checkout."""
    for container in containers[:1]:
        done = compose.run(docker("inspect", "--format", WORKING_DIR, container.id))
        folder = done.out.strip()
        if done.ok and folder and Path(folder).resolve() != project.paths.root.resolve():
            return folder
    return None


def refuse_another_checkout(project: Project) -> list[Container]:
    """The containers that are there. Raises CommandError (REFUSED) before anything of another
    checkout is touched."""
    containers = project.containers()
    if folder := other_folder(project, containers):
        raise CommandError(
            f"What runs here as {project.paths.environment} was started from {folder}, not from"
            f" {project.paths.root}. Work there, or give one of them another COMPOSE_PROJECT_NAME.",
            status=Exit.REFUSED,
        )
    return containers


def refuse_what_is_not_ours(project: Project, values: Mapping[str, str]) -> None:
    """As above, and where this file's password does not open the database that is there."""
    containers = refuse_another_checkout(project)
    if any(container.service == "postgres" and container.is_well for container in containers):
        _check_password(project, values)


def _check_password(project: Project, values: Mapping[str, str]) -> None:
    if urls.is_elsewhere(values) or "POSTGRES_PASSWORD" not in values:
        return
    user, name = values.get("POSTGRES_USER", ""), values.get("POSTGRES_DB", "")
    call = project.call("exec", "-T", "postgres", "sh", "-c", SIGN_IN, user, name)
    done = compose.run(call, said_to_it=values["POSTGRES_PASSWORD"] + "\n")
    if not done.ok and "password authentication failed" in done.said:
        raise CommandError(
            f"POSTGRES_PASSWORD in {project.paths.env_file.name} does not open the database that is"
            f" there; if the file was lost and made anew, {WAY_BACK}.",
            status=Exit.REFUSED,
        )


def stored_before(project: Project) -> bool:
    """Whether a database is stored here already, as far as an engine is there to be asked."""
    done = compose.run(project.call("config", "--format", "json"))
    if not done.ok:
        return False
    volumes = json.loads(done.out).get("volumes", {})
    name = volumes.get(DATA, {}).get("name", "")
    return bool(name) and compose.run(docker("volume", "inspect", name)).ok
