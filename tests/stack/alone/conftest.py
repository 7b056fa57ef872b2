"""Environments that nothing else may run beside."""

from collections.abc import Iterator

import pytest

from tests.stack.checked import a_checked_host
from tests.stack.releases import Host


@pytest.fixture(scope="session")
def checked(images: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host with a whole staging and 10,000 trips on it. Who breaks it mends it."""
    with a_checked_host(tmp_path_factory.mktemp("checked"), images) as host:
        yield host
