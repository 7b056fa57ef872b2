"""The API against its own description, with whatever schemathesis thinks of."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from contravento.accounts.service.sign_in import sign_in_program
from contravento.api.description.openapi import describe
from contravento.kit.database.embedded import create_database, drop_database
from contravento.kit.resources import open_resources
from contravento.kit.settings import Settings
from contravento.main import create_app
from contravento.reactions import REACTIONS
from tests.conftest import TEMPLATE, make_settings
from tests.support import factories

EXAMPLES, EXAMPLES_SIGNED_OUT = 12, 6
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# These would end the session that the test itself rides on.
LEFT_OUT = r"^/api/v1/sessions(/current)?$"


@dataclass(frozen=True, slots=True)
class Server:
    base_url: str
    token: str
    known: dict[str, str]  # path parameters that lead somewhere


def _describe() -> dict[str, Any]:
    app: Any = create_app(make_settings("postgresql://nowhere/nothing", Path("/nowhere")))
    while not hasattr(app, "routes"):
        app = app._app if hasattr(app, "_app") else app.app
    return describe(app)


schema: Any = schemathesis.openapi.from_dict(_describe()).exclude(
    path_regex=LEFT_OUT, method="DELETE"
)


@pytest.fixture(scope="module")
def server(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The application on a port, with a rider and a trip of theirs."""
    root = postgres.replace(TEMPLATE, "postgres")
    create_database(root, "contract", TEMPLATE)
    url = postgres.replace(TEMPLATE, "contract")
    settings = make_settings(url, tmp_path_factory.mktemp("contract"))
    token, known = asyncio.run(_prepare(settings))
    running = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_config=None))
    thread = Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    port = running.servers[0].sockets[0].getsockname()[1]
    yield Server(f"http://127.0.0.1:{port}", token, known)
    running.should_exit = True
    thread.join()
    drop_database(root, "contract")


async def _prepare(chosen: Settings) -> tuple[str, dict[str, str]]:
    async with (
        open_resources(chosen, reactions=REACTIONS) as resources,
        resources.transaction() as session,
    ):
        rider = await factories.make_rider(session, username="maite", is_admin=True)
        trip = await factories.make_trip(session, rider, published=False)
        granted = await sign_in_program(session, rider, agent="", lifetime=timedelta(days=1))
        token = resources.signer.sign(sub=str(rider.id), sid=str(granted.sign_in_id))
        return token, {"trip_id": str(trip.id), "username": rider.username}


def asked(examples: int) -> Any:
    """As many of each operation, always the same."""
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def aim(case: Any, server: Server) -> None:
    """Half of what is asked leads somewhere."""
    if case.method != "DELETE" and len(repr(case.body)) % 2:
        case.path_parameters = {
            name: server.known.get(name, value)
            for name, value in (case.path_parameters or {}).items()
        }


@pytest.mark.servers
@schema.parametrize()  # type: ignore[untyped-decorator]
@asked(EXAMPLES)  # type: ignore[untyped-decorator]
def test_every_answer_is_as_described(case: Any, server: Server) -> None:
    aim(case, server)
    case.call_and_validate(
        base_url=server.base_url,
        headers={"Authorization": f"Bearer {server.token}"},
        checks=CHECKS,
    )


@pytest.mark.servers
@schema.parametrize()  # type: ignore[untyped-decorator]
@asked(EXAMPLES_SIGNED_OUT)  # type: ignore[untyped-decorator]
def test_every_answer_to_a_stranger_is_as_described(case: Any, server: Server) -> None:
    aim(case, server)
    case.call_and_validate(base_url=server.base_url, headers={}, checks=CHECKS)
