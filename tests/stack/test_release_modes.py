"""dev and prod by the same program: one backend over HTTP, three behind nginx one at a time."""

from pathlib import Path

import pytest

from contravento_ops.kit.errors import Exit
from tests.stack.releases import a_host

pytestmark = pytest.mark.stack


def test_dev_starts_and_is_upgraded_over_http(tmp_path: Path, images: str) -> None:
    with a_host(tmp_path, f"contravento:{images}", "dev") as host:
        first = host.deploy(host.good("first"))
        assert first.status == Exit.DONE, first.words

        second = host.deploy(host.good("second"))

        assert second.status == Exit.DONE, second.words
        assert second.requests["lost"] == 0, second.requests
        found = host.ops("status", "--json").report
        assert {each["service"] for each in found["services"]} >= {"mail", "backend", "nginx"}
        assert found["certificate"] is None


def test_prod_replaces_three_backends_one_at_a_time(tmp_path: Path, images: str) -> None:
    with a_host(tmp_path, f"contravento:{images}", "prod") as host:
        unproven = host.deploy(host.good("unproven"))
        assert unproven.status == Exit.REFUSED, unproven.words
        assert "there is no verdict" in unproven.words
        assert host.serving() == []

        host.prove(host.good("first"))
        first = host.ops("deploy", "--json", "--bake-seconds", "3")  # it knows which one is meant
        assert first.status == Exit.DONE, first.words
        assert len(host.serving()) == 3
        other = host.deploy(host.good("other"))
        assert other.status == Exit.REFUSED, other.words
        assert "staging has proven the image" in other.words

        second = host.deploy(host.prove(host.good("second")))

        assert second.status == Exit.DONE, second.words
        assert second.requests["lost"] == 0, second.requests
        assert [image for _, image in host.serving()] == [f"contravento:{host.project}-second"] * 3
        assert len(host.compose.containers("worker")) == 2

        crashing = host.deploy(host.prove(host.with_command("crash", "raise SystemExit(1)")))

        assert crashing.status == Exit.WENT_BACK, crashing.words
        assert crashing.requests["lost"] == 0, crashing.requests
        assert len(host.serving()) == 3
        changed = host.prove(host.good("changed"))
        (host.folder / "deploy" / "nginx" / "own.conf").write_text("# not what was checked\n")
        refused = host.deploy(changed)
        assert refused.status == Exit.REFUSED, refused.words
        assert "are not those that were checked" in refused.words
