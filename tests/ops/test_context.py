"""Which Compose files go with what an environment file says."""

from pathlib import Path

import pytest

from contravento_ops import context
from contravento_ops.kit.compose import Project
from contravento_ops.release import facts

OURS = "postgresql+asyncpg://contravento_app:x@postgres:5432/contravento"
THEIRS = "postgresql+asyncpg://contravento_app:x@db.velo.test/contravento?sslmode=verify-full"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(context.ROOT, str(tmp_path))
    monkeypatch.setenv(context.OVERLAYS, "own.yml")
    return tmp_path


def overlays(root: Path, *lines: str) -> list[str]:
    (root / ".env.prod").write_text("\n".join(lines) + "\n")
    return [overlay.name for overlay in context.paths_of("prod").overlays]


@pytest.mark.parametrize(
    ("lines", "files"),
    [
        ((), []),
        ((f"DATABASE_URL={OURS}",), []),
        ((f"DATABASE_URL={OURS}", "DATABASE_POOLER=off"), []),
        ((f"DATABASE_URL={OURS}", "DATABASE_POOLER=on"), ["docker-compose.pooler.yml"]),
        (("DATABASE_POOLER=on",), ["docker-compose.pooler.yml"]),
        ((f"DATABASE_URL={THEIRS}",), ["docker-compose.elsewhere.yml"]),
    ],
)
def test_files_of_the_database_come_before_the_hosts_own(
    root: Path, lines: tuple[str, ...], files: list[str]
) -> None:
    assert overlays(root, *lines) == [*files, "own.yml"]


def test_without_a_file_nothing_is_asked_for(root: Path) -> None:
    assert [overlay.name for overlay in context.paths_of("prod").overlays] == ["own.yml"]


def test_a_server_elsewhere_is_asked_from_a_container_of_its_own(root: Path) -> None:
    overlays(root, f"DATABASE_URL={THEIRS}")
    paths = context.paths_of("prod")
    assert not paths.has_own_database
    words = facts.psql(Project(paths), "SELECT 1").words
    assert words[-5:] == ("-T", "database", "-XAt", "-c", "SELECT 1")
