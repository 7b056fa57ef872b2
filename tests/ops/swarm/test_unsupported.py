"""What is said before anything is brought to a Swarm."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from contravento_ops.kit.errors import Exit
from contravento_ops.kit.paths import EnvironmentName
from contravento_ops.main import run
from contravento_ops.swarm import nodes, unsupported
from contravento_ops.swarm.nodes import DATABASE, EDGE, Node, Swarm
from tests.ops.making import make_file

GOOD = {
    "STORAGE_URL": "s3://diary-files",
    "SMTP_HOST": "smtp.velo.test",
    "ACME_DIRECTORY": "off",
}
BOTH = {DATABASE: "true", EDGE: "true"}
FIRST = Node("one", is_ready=True, is_active=True, labels=BOTH)
SECOND = Node("two", is_ready=True, is_active=True, labels={})

REFUSED: dict[str, tuple[EnvironmentName, Mapping[str, str], str]] = {
    "dev": ("dev", {}, "A Swarm is for staging and prod; dev runs by ./deploy.sh dev."),
    "files on a disk": (
        "prod",
        {"STORAGE_URL": "file:///var/lib/contravento/storage"},
        "STORAGE_URL is a folder of one machine, which other nodes do not have;"
        " write s3:// and the bucket's name, or let move-storage do it.",
    ),
    "files on a disk still": (
        "prod",
        {"STORAGE_FALLBACK_URL": "file:///var/lib/contravento/storage"},
        "STORAGE_FALLBACK_URL is a folder of one machine, which other nodes do not have;"
        " end the move with move-storage --finish.",
    ),
    "the catcher": (
        "staging",
        {"SMTP_HOST": "mail"},
        "SMTP_HOST is 'mail', a service that only Compose has; name a mail server.",
    ),
    "an authority": (
        "prod",
        {"ACME_DIRECTORY": "https://acme.velo.test/directory"},
        "ACME_DIRECTORY names an authority, but a name is proven from one host; write off, and"
        " into CERTIFICATE_FOLDER where fullchain.pem and privkey.pem lie.",
    ),
}
UNFIT: dict[str, tuple[Swarm, str]] = {
    "no Swarm": (Swarm(), "This engine manages no Swarm"),
    "nobody keeps the data": (
        Swarm((Node("one", True, True, {EDGE: "true"}), SECOND)),
        "One node has to keep the data, and none said so",
    ),
    "two keep the data": (
        Swarm((FIRST, Node("two", True, True, {DATABASE: "true"}))),
        "One node has to keep the data, and one, two said so",
    ),
    "who keeps the data is away": (
        Swarm((Node("one", False, True, BOTH), SECOND)),
        "one, which keeps the data, takes no work now",
    ),
    "who keeps the data is drained": (
        Swarm((Node("one", True, False, BOTH), SECOND)),
        "one, which keeps the data, takes no work now",
    ),
    "no way in": (
        Swarm((Node("one", True, True, {DATABASE: "true"}), SECOND)),
        "No node lets riders in",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_would_not_work_is_refused_with_a_sentence(what: str) -> None:
    environment, changes, sentence = REFUSED[what]

    assert list(unsupported.of_the_environment(environment, {**GOOD, **changes})) == [sentence]


def test_what_works_is_not_refused(tmp_path: Path) -> None:
    for name in unsupported.CERTIFICATE:
        (tmp_path / name).touch()
    given = {**GOOD, "CERTIFICATE_FOLDER": str(tmp_path)}

    assert list(unsupported.of_the_environment("prod", given)) == []


def test_a_certificate_without_its_key_is_missed(tmp_path: Path) -> None:
    (tmp_path / "fullchain.pem").touch()
    given = {**GOOD, "CERTIFICATE_FOLDER": str(tmp_path)}

    assert list(unsupported.of_the_environment("prod", given)) == [
        f"CERTIFICATE_FOLDER is {tmp_path}, but there is no privkey.pem in it; put it there."
    ]


@pytest.mark.parametrize("what", UNFIT)
def test_nodes_that_are_not_told_their_part_are_refused(what: str) -> None:
    swarm, said = UNFIT[what]

    (sentence,) = nodes.refusals(swarm, has_data=True)
    assert sentence.startswith(said)


def test_where_data_are_elsewhere_no_node_has_to_keep_them() -> None:
    swarm = Swarm((Node("one", True, True, {EDGE: "true"}),))

    assert list(nodes.refusals(swarm, has_data=False)) == []


def test_a_lost_node_and_late_signs_of_life_are_told_of() -> None:
    lost = Node("two", is_ready=False, is_active=True, labels={})

    said = list(nodes.warnings(Swarm((FIRST, lost), heartbeat_seconds=10)))

    assert [each.split(" ")[0] for each in said] == ["two", "Nodes"]
    assert list(nodes.warnings(Swarm((FIRST, SECOND), heartbeat_seconds=2))) == []


def test_the_command_refuses_before_it_asks_any_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_file(tmp_path)
    monkeypatch.setenv("CONTRAVENTO_ROOT", str(tmp_path))

    status = run(["staging", "--swarm", "--image", "contravento:1a2b3c4d5e6f"])

    printed = capsys.readouterr()
    assert status == Exit.ENVIRONMENT
    assert "STORAGE_URL is a folder of one machine" in printed.err
    assert "ACME_DIRECTORY names an authority" in printed.err
    assert not (tmp_path / "var" / "ops" / "staging" / "swarm").exists()
