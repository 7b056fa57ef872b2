"""A verdict lets one image into production: the one that was checked, while it is fresh."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contravento_ops.acceptance import promotion
from contravento_ops.acceptance.signing import Seal
from contravento_ops.kit.errors import CommandError, Exit
from tests.ops.acceptance.test_verdict import verdict

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
IMAGE = "sha256:0123456789abcdef"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "nginx.conf").write_text("worker_processes 2;\n")
    (tmp_path / "docker-compose.yml").write_text("services: {}\n")
    return tmp_path


def stated(root: Path, **changes: object) -> dict[str, Any]:
    made = promotion.statement(verdict(), root)
    return {**made, "image_id": IMAGE, "at": NOW.isoformat(), **changes}


def why_not(root: Path, statement: dict[str, Any], **how: Any) -> str:
    asked = {"image_id": IMAGE, "root": root, "now": NOW, **how}
    return promotion.why_not(statement, **asked) or ""


def test_what_was_proven_may_go(root: Path) -> None:
    assert why_not(root, stated(root)) == ""
    assert why_not(root, stated(root), now=NOW + timedelta(hours=23)) == ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"verdict": "NO-GO"}, "said NO-GO"),
        ({"verdict": "PART"}, "said PART"),
        ({"environment": "prod"}, "not staging"),
        ({"image_id": "sha256:fedcba9876543210"}, "has proven the image fedcba987654"),
        ({"configuration": "another"}, "are not those that were checked"),
        ({"at": (NOW - timedelta(hours=25)).isoformat()}, "25 hours old"),
        ({"at": (NOW + timedelta(hours=1)).isoformat()}, "in the future"),
    ],
)
def test_anything_else_is_told_why_not(root: Path, changes: dict[str, object], said: str) -> None:
    assert said in why_not(root, stated(root, **changes))


def test_a_changed_file_is_another_configuration(root: Path) -> None:
    before = promotion.configuration(root)
    rules = root / "monitoring" / "prometheus" / "rules"
    rules.mkdir(parents=True)
    (rules / "own-mine.yml").write_text("groups: []\n")

    assert promotion.configuration(root) == before  # a host's own alerts are its own
    (root / "deploy" / "nginx.conf").write_text("worker_processes 3;\n")
    assert promotion.configuration(root) != before


def test_a_statement_comes_back_as_it_was_signed(root: Path) -> None:
    seal = Seal(root / "var")

    seal.sign(stated(root))

    assert seal.read() == stated(root)
    assert (root / "var" / "verdict.key").stat().st_mode & 0o777 == 0o600


def test_the_key_is_made_once(root: Path) -> None:
    seal = Seal(root / "var")

    assert seal.make_key()
    assert not seal.make_key()


def change_it(seal: Seal) -> None:
    signed = json.loads(seal.file.read_text())
    signed["statement"]["image_id"] = "sha256:another"
    seal.file.write_text(json.dumps(signed))


def sign_with_another(seal: Seal) -> None:
    other = Seal(seal.folder / "other")
    other.sign({"verdict": "GO"})
    other.file.replace(seal.file)


def lose_the_public_key(seal: Seal) -> None:
    (seal.folder / "verdict.pub").unlink()


def spoil_the_public_key(seal: Seal) -> None:
    (seal.folder / "verdict.pub").write_text("no key")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (change_it, "was changed"),
        (sign_with_another, "signed with another key"),
        (lose_the_public_key, "copy it from staging's host"),
        (spoil_the_public_key, "is no public key"),
        (lambda seal: seal.file.write_text("{"), "cannot be read"),
        (lambda seal: seal.file.unlink(), "there is no verdict"),
    ],
)
def test_what_cannot_be_believed_is_refused(root: Path, spoil: Any, said: str) -> None:
    seal = Seal(root / "var")
    seal.sign(stated(root))
    spoil(seal)

    with pytest.raises(CommandError, match=said) as refused:
        seal.read()

    assert refused.value.status == Exit.REFUSED
