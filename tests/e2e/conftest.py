"""The whole product as `make run` starts it, and a real browser in front of it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.conftest import open_folder

START_SECONDS = 120
STOP_SECONDS = 60
PATIENCE_MILLISECONDS = 30_000  # a shared machine may be slow; what is wrong stays wrong
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER_OPTIONS = (
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)


@dataclass(frozen=True, slots=True)
class Product:
    """A running product: where it answers, where its data are, what it printed."""

    address: str
    folder: Path
    process: subprocess.Popen[str]
    log: Path

    def stop(self) -> int:
        """Ctrl-C; the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)


def start_product(folder: Path, *, demo: bool = False, **settings: str) -> Product:
    port = free_port()
    log = folder.parent / f"{folder.name}-{port}.log"
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"VAR": str(folder), "PORT": str(port), "DEMO": "1" if demo else "0"} | settings
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "contravento", "run"],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    product = Product(f"http://127.0.0.1:{port}", folder, process, log)
    until = time.monotonic() + START_SECONDS
    while "Ctrl-C stops it" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.2)
    return product


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where a product of the test's own may keep its data."""
    with open_folder() as made:
        yield made / "var"


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    with open_folder() as made:
        started = start_product(made / "var")
        yield started
        assert started.stop() == 0


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Ends with this folder: while Playwright is there, asyncio can start no loop of its own."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        how = "no Chromium was found: install Debian's package chromium"
        if os.environ.get("CI"):
            pytest.fail(how)
        pytest.skip(how)
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(BROWSER_OPTIONS))
        yield browser
        browser.close()


@pytest.fixture
def open_browser(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """A browser of somebody's own. What it complains of on its console fails the test."""
    complaints: list[str] = []
    contexts = []

    def note(message: ConsoleMessage) -> None:
        # a refused form answers 422 on purpose, and the browser remarks on that
        expected = ("GPU stall", "GL Driver", "status of 4")
        if message.type == "error" and not any(words in message.text for words in expected):
            complaints.append(f"{message.text} ({message.location})")

    def open_one(language: str = "en-GB", *, width: int = 1280, scripts: bool = True) -> Page:
        context = chromium.new_context(
            locale=language,
            viewport={"width": width, "height": 900},
            java_script_enabled=scripts,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=3):
            return True
    except (URLError, OSError):
        return False
