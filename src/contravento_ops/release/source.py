"""Which image a deployment is of: built from this tree, or one that is named."""

from datetime import UTC, datetime
from pathlib import Path

from contravento_ops.kit import compose
from contravento_ops.kit.compose import Call, docker
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.kit.state import Release
from contravento_ops.release.steps import Options

REPOSITORY = "contravento"
COMMIT_LABEL = "org.opencontainers.image.revision"


def choose(root: Path, image: str | None, *, bake_seconds: int) -> Options:
    """What to build or take. Raises CommandError where neither a commit nor an image says what."""
    if image is None:
        return Options(tag=tag_of_tree(root), build=True, bake_seconds=bake_seconds)
    tag = tag_of(image)
    is_here = compose.run(docker("image", "inspect", image)).ok
    return Options(
        tag=tag,
        build=False,
        image=None if image == f"{REPOSITORY}:{tag}" and is_here else image,
        is_here=is_here,
        bake_seconds=bake_seconds,
    )


def tag_of_tree(root: Path) -> str:
    """The commit; with the time where files were changed since."""
    commit = compose.run(Call(("git", "-C", str(root), "rev-parse", "--short=12", "HEAD")))
    if not commit.ok:
        raise CommandError(
            "This folder is no git clone, so a release built from it could not be named;"
            " name an image with --image.",
            status=Exit.USAGE,
        )
    changed = compose.run(Call(("git", "-C", str(root), "status", "--porcelain")))
    if changed.out.strip():
        return f"{commit.out.strip()}-changed-{datetime.now(UTC):%Y%m%d%H%M%S}"
    return commit.out.strip()


def tag_of(image: str) -> str:
    """`registry.example:5000/diary:1.2` is 1.2, and a digest its first twelve characters."""
    if "@sha256:" in image:
        return image.partition("@sha256:")[2][:12]
    name, _, tag = image.rpartition(":")
    return tag if name and "/" not in tag else "latest"


def describe(tag: str, migration: str | None) -> Release:
    """The image as Docker has it now."""
    image = f"{REPOSITORY}:{tag}"
    found = compose.inspect(image)
    labels = found["Config"].get("Labels") or {}
    digests = found.get("RepoDigests") or []
    return Release(
        image=image,
        image_id=found["Id"],
        commit=labels.get(COMMIT_LABEL) or tag,
        migration=migration,
        digest=digests[0] if digests else None,
        deployed_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
