"""Every service of every Compose file plays a part that is known."""

import re
from pathlib import Path

import pytest
import yaml

from contravento_ops.kit.services import ROLES

ROOT = Path(__file__).parents[3]
FILES = sorted(ROOT.glob("docker-compose*.yml"))


def services(file: Path) -> set[str]:
    text = re.sub(r"!(override|reset)\b", "", file.read_text())
    return set(yaml.safe_load(text)["services"])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_service_has_a_role(file: Path) -> None:
    assert services(file) <= ROLES.keys()


def test_no_role_is_left_of_a_service_that_went() -> None:
    assert {name for file in FILES for name in services(file)} == ROLES.keys()
