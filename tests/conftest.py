"""What every test may ask for: a real PostgreSQL, the application on it, riders and jobs."""

import logging
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.pool import NullPool
from starlette.datastructures import State
from starlette.types import ASGIApp

from contravento import migrations
from contravento.accounts.models import Rider
from contravento.kit.database.embedded import create_database, drop_database, embedded_postgres
from contravento.kit.database.session import Session, driver_url
from contravento.kit.resources import Resources, open_resources
from contravento.kit.security.passwords import Passwords
from contravento.kit.security.rate_limit import Limiter
from contravento.kit.security.tokens import Signer
from contravento.kit.settings import Settings
from contravento.kit.storage.storage import Storage
from contravento.main import create_app
from contravento.reactions import REACTIONS
from tests.support import factories
from tests.support.lanes import Lanes
from tests.support.mailbox import Mailbox
from tests.support.queue import run_jobs
from tests.support.reading import without_middleware
from tests.support.replication import Standby, standby
from tests.support.s3 import Server, s3_server

TEMPLATE = "contravento_template"
SERVERS = {"s3", "strict_s3", "follower"}  # fixtures that start one
SECRET = "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Lanes:
    return Lanes(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for a server is marked, before anything is chosen by marks."""
    for item in items:
        if SERVERS & set(getattr(item, "fixturenames", ())):
            item.add_marker("servers")


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that the embedded PostgreSQL may enter under a name of its own, as it does for
    root. Pytest locks its folders whenever another run begins."""
    with TemporaryDirectory(prefix="contravento-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """A command that a test runs in this process may take logs and hooks over; they go back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a migrated database that others are copied from."""
    with open_folder() as folder, embedded_postgres(folder / "data", TEMPLATE) as url:
        migrations.upgrade(url)
        yield url


@pytest.fixture(scope="session")
def follower(postgres: str) -> Iterator[Standby]:
    """A server that follows that one, and shows all of its databases."""
    with open_folder() as folder, standby(postgres, folder / "replica") as running:
        yield running


@pytest.fixture(scope="session")
def shared_database(postgres: str) -> str:
    """A database for tests that roll back what they did."""
    create_database(postgres.replace(TEMPLATE, "postgres"), "shared", TEMPLATE)
    return postgres.replace(TEMPLATE, "shared")


@pytest.fixture
def own_database(postgres: str) -> Iterator[str]:
    """A database of the test's own, for those that commit or use several connections."""
    root = postgres.replace(TEMPLATE, "postgres")
    name = f"test_{uuid4().hex[:12]}"
    create_database(root, name, TEMPLATE)
    yield postgres.replace(TEMPLATE, name)
    drop_database(root, name)


def make_settings(database_url: str, folder: Path, **changes: object) -> Settings:
    values = {
        "app_env": "local",
        "secret_key": SECRET,
        "database_url": database_url,
        "database_pool_size": 5,
        "storage_url": (folder / "storage").as_uri(),
        "mail_folder": folder / "mail",
        "public_url": "http://test",
        "bcrypt_rounds": 4,
    }
    return Settings.model_validate({**values, **changes})


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """S3's protocol, spoken by a server that believes everybody."""
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def settings(shared_database: str, tmp_path: Path) -> Settings:
    return make_settings(shared_database, tmp_path)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
async def resources(settings: Settings, mailbox: Mailbox) -> AsyncIterator[Resources]:
    """Parts whose every transaction is a savepoint on one connection, undone after the test."""
    engine = create_async_engine(driver_url(settings.database, "asyncpg"), poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.begin()
        sessions = async_sessionmaker(
            connection,
            expire_on_commit=False,
            join_transaction_mode="create_savepoint",
            info={"reactions": REACTIONS},
        )
        yield Resources(
            settings=settings,
            engine=engine,
            sessions=sessions,
            storage=Storage(settings.storage_url),
            mailer=mailbox,
            passwords=Passwords(settings.bcrypt_rounds),
            signer=Signer(settings),
            limiter=Limiter(settings),
            readers=sessions,
        )
        await connection.rollback()
    await engine.dispose()


@pytest.fixture
async def live_resources(own_database: str, tmp_path: Path) -> AsyncIterator[Resources]:
    """Parts as in production, on a database of the test's own."""
    async with open_resources(
        make_settings(own_database, tmp_path), reactions=REACTIONS
    ) as resources:
        yield resources


@pytest.fixture
async def session(resources: Resources) -> AsyncIterator[Session]:
    async with resources.transaction() as session:
        yield session


@pytest.fixture
def jobs(resources: Resources) -> Callable[[], Awaitable[list[str]]]:
    """Run what is queued until nothing is left; the names of what ran."""

    async def run() -> list[str]:
        return await run_jobs(resources)

    return run


@pytest.fixture(scope="session")
def assembled(tmp_path_factory: pytest.TempPathFactory) -> ASGIApp:
    """One for all tests: FastAPI builds the routes of each application when they are first asked
    for, which takes longer than most tests."""
    return create_app(make_settings("postgresql://nowhere/nothing", tmp_path_factory.getbasetemp()))


@pytest.fixture
def app(assembled: ASGIApp) -> ASGIApp:
    """As if just started. Database, settings and storage come with each request."""
    without_middleware(assembled).state = State()
    return assembled


@pytest.fixture
async def client(app: ASGIApp, resources: Resources) -> AsyncIterator[AsyncClient]:
    """A browser that nobody is signed in with."""
    async with open_client(app, resources) as client:
        yield client


@pytest.fixture
async def rider(resources: Resources) -> Rider:
    async with resources.transaction() as session:
        return await factories.make_rider(session, username="maite", name="Maite Arrieta")


@pytest.fixture
async def stranger(resources: Resources) -> Rider:
    async with resources.transaction() as session:
        return await factories.make_rider(session, username="tomas", name="Tomás Ibarrola")


@pytest.fixture
async def signed_in(app: ASGIApp, resources: Resources, rider: Rider) -> AsyncIterator[AsyncClient]:
    """The rider's own browser."""
    async with open_client(app, resources) as client:
        await sign_in(client, resources, rider)
        yield client


@pytest.fixture
async def as_stranger(
    app: ASGIApp, resources: Resources, stranger: Rider
) -> AsyncIterator[AsyncClient]:
    """Another rider's browser."""
    async with open_client(app, resources) as client:
        await sign_in(client, resources, stranger)
        yield client


def open_client(app: ASGIApp, resources: Resources) -> AsyncClient:
    """A client of the application in this process; the lifespan's state is given by hand."""

    async def with_state(scope, receive, send):  # type: ignore[no-untyped-def]
        scope["state"] = {"resources": resources}
        await app(scope, receive, send)

    return AsyncClient(
        transport=ASGITransport(app=with_state),
        base_url="http://test",
        headers={"Sec-Fetch-Site": "same-origin", "Accept-Language": "en"},
    )


async def sign_in(client: AsyncClient, resources: Resources, rider: Rider) -> None:
    async with resources.transaction() as session:
        client.cookies.set("session", await factories.make_cookie(session, rider))
