"""Every command of docs/deployment/kubernetes.md is typed, and prints what the page shows.

deploy.sh and roll-out are the real ones and overlays are really rendered; kubectl, helm and docker
write down what they are told, since there is neither a cluster nor a registry.
"""

import gzip
import json
import os
import re
from itertools import groupby

import jsonschema
import pytest
import yaml

from contravento_ops.kubernetes.unsupported import IMAGE
from tests.docs.pages import FENCE, ROOT, Command, commands, missing
from tests.kubernetes.rendering import HERE, rendered, renderer
from tests.kubernetes.test_schemas import SCHEMAS
from tests.stack.documented import Shell

PAGE = ROOT / "docs" / "deployment" / "kubernetes.md"
SECTIONS = [
    (name, list(found)) for name, found in groupby(commands(PAGE), lambda each: each.section)
]
NEEDED = ("deploy.sh", "deploy", "src", ".venv", ".env.prod.example")
TOLD_MORE = {
    "./deploy.sh prod init": " --no-questions --set DOMAIN=diary.docs.test"
    " --set SMTP_HOST=smtp.docs.test --set SMTP_FROM=diary@docs.test"
    " --set ACME_EMAIL=host@docs.test"
}
OTHERWISE = ("s3.example.org", "s3.docs.test")
RECORDER = """\
#!/bin/sh
case "$1 $2" in
"kustomize "*) exec {real} "$2" ;;
"apply -f") [ "$3" != - ] || cat >"{folder}/applied.json" ;;
"get --namespace") echo Complete ;;
esac
echo "${{0##*/}} $*" >>"{folder}/told"
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Of a reader in a clone, with programs that write down what they are told."""
    real = " ".join(renderer())
    folder = tmp_path_factory.mktemp("clone")
    for name in NEEDED:
        (folder / name).symlink_to(ROOT / name)
    programs = folder / "programs"
    programs.mkdir()
    for name in ("kubectl", "helm", "docker"):
        (programs / name).write_text(RECORDER.format(real=real, folder=folder))
        (programs / name).chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    return Shell(folder, folder / "kept.shell", {"PATH": path, "COLUMNS": "200"})


@pytest.mark.parametrize(("section", "typed"), SECTIONS, ids=[name for name, _ in SECTIONS])
def test_a_section_does_what_it_says(shell: Shell, section: str, typed: list[Command]) -> None:
    printed = ""
    for each in typed:
        more = next((more for said, more in TOLD_MORE.items() if each.words.startswith(said)), "")
        ended = shell.type(f"set -o pipefail; {each.words.replace(*OTHERWISE)}{more}")
        printed += f"\n{ended.printed}"
        assert ended.status == 0, f"{each}\n{ended.printed}"
        assert missing(each.shown, printed) is None, f"{each}\n{printed}"


def test_what_was_typed_reached_the_cluster(shell: Shell) -> None:
    """After all sections: Secrets by standard input, and each overlay in four steps."""
    told = (shell.folder / "told").read_text().splitlines()
    applied = json.loads((shell.folder / "applied.json").read_text())

    assert {item["kind"] for item in applied["items"]} == {"Secret"}
    assert sum("rollout status" in line for line in told) == 4
    assert sum(line.startswith("docker push registry.example.org/") for line in told) == 1


def test_the_images_of_the_page_are_ones_that_the_command_takes() -> None:
    images = re.findall(
        r"registry\.example\.org/\S+", " ".join(command.words for command in commands(PAGE))
    )

    assert images
    assert [image for image in images if not IMAGE.fullmatch(image)] == []


def test_the_restored_cluster_is_one_that_the_operator_takes() -> None:
    (block,) = [match[2] for match in FENCE.finditer(PAGE.read_text()) if match[1] == "yaml"]
    schema = json.loads(gzip.decompress((SCHEMAS / "Cluster.json.gz").read_bytes()))
    tried = yaml.safe_load(block)
    (ours,) = [each for each in rendered("prod") if each["kind"] == "Cluster"]

    jsonschema.validate(tried, schema)
    assert tried["spec"]["imageName"] == ours["spec"]["imageName"]
    (plugin,) = ours["spec"]["plugins"]
    (source,) = tried["spec"]["externalClusters"]
    assert source["plugin"]["name"] == plugin["name"]
    assert (
        source["plugin"]["parameters"]["barmanObjectName"]
        == (plugin["parameters"]["barmanObjectName"])
    )


def test_the_numbers_of_the_page_are_those_of_production() -> None:
    page = PAGE.read_text()
    scaled = {
        each["metadata"]["name"]: each["spec"]
        for each in rendered("prod")
        if each["kind"] == "HorizontalPodAutoscaler"
    }

    for name, spec in scaled.items():
        said = f"| Deployment `{name}` | {spec['minReplicas']} to {spec['maxReplicas']},"
        assert said in page, said


def test_alerts_of_the_page_are_those_that_there_are() -> None:
    (group,) = yaml.safe_load((HERE / "rules-here.yml").read_text())["groups"]
    table = PAGE.read_text().partition("## Alerts")[2]

    assert set(re.findall(r"^\| `(\w+)` \|", table, re.M)) == {
        rule["alert"] for rule in group["rules"]
    }
