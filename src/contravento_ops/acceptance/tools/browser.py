"""A real browser, Chromium, spoken to over its own pipe (`--remote-debugging-pipe`).

Nothing else needs to be installed: Playwright would bring Node and a browser of its own to a host.
Where the host has no browser, the same lines speak to one in a container. Only what the checks
need is there: open a page, ask it something, take a picture.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from contravento_ops.kit import compose
from contravento_ops.kit.check_result import CheckFailed, Inconclusive
from contravento_ops.kit.compose import docker
from contravento_ops.kit.site import Address

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
IMAGE = "chromedp/headless-shell:stable"
IMAGES_PROGRAM = "/headless-shell/headless-shell"
ANSWER_SECONDS = 30.0
NETWORK_CHANGED = "net::ERR_NETWORK_CHANGED"
SIZE = {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--no-first-run"),
    *("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--hide-scrollbars"),
    *("--ignore-certificate-errors", "--lang=en-GB"),
)
# The pipe's ends are 3 and 4, as Chromium wants them; from docker's side they are 0 and 1.
PLUMBING = 'exec "$@" 3<&0 4>&1 0</dev/null 1>/dev/null 2>/dev/null'


@dataclass
class Tab:
    """One page. Errors that it throws are gathered."""

    browser: "Browser"
    context: str
    errors: list[str] = field(default_factory=list)

    def call(self, method: str, **parameters: object) -> Any:
        return self.browser.call(method, self.context, **parameters)

    def open(self, url: str) -> dict[str, float]:
        """Seconds from the start until the first byte, until it was drawn, until all was there."""
        self.call("Page.enable")
        self.call("Network.enable")
        self.call("Network.setCacheDisabled", cacheDisabled=True)
        self.call("Emulation.setDeviceMetricsOverride", **SIZE)
        self._navigate(url)
        self.until("document.readyState === 'complete'")
        self.until("performance.getEntriesByType('navigation')[0].loadEventEnd > 0")
        timing = self.evaluate(
            "(() => { const n = performance.getEntriesByType('navigation')[0];"
            " const p = performance.getEntriesByName('first-contentful-paint')[0];"
            " return {first_byte: n.responseStart / 1000, drawn: (p ? p.startTime : 0) / 1000,"
            " loaded: n.loadEventEnd / 1000, status: n.responseStatus || 0}; })()"
        )
        return {name: float(value) for name, value in timing.items()}

    def _navigate(self, url: str) -> None:
        """Once more where a network of the host came or went meanwhile, as containers' do."""
        for is_last in (False, False, True):
            problem = self.call("Page.navigate", url=url).get("errorText")
            if not problem:
                return
            if is_last or problem != NETWORK_CHANGED:
                raise CheckFailed(f"the browser could not open {url}: {problem}")
            time.sleep(1)

    def evaluate(self, expression: str) -> Any:
        """Raises CheckFailed where the page's script throws."""
        found = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if thrown := found.get("exceptionDetails"):
            raise CheckFailed(
                f"in the page: {thrown.get('exception', {}).get('description', thrown)}"
            )
        return found["result"].get("value")

    def until(self, expression: str, seconds: float = ANSWER_SECONDS) -> bool:
        """Whether it became true in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.evaluate(f"Boolean({expression})"):
                return True
            time.sleep(0.1)
        return False

    def picture(self, *, clip: Mapping[str, float] | None = None) -> bytes:
        """A PNG of the page, or of a part of it."""
        wanted: dict[str, object] = {"format": "png"}
        if clip:
            wanted |= {"clip": {**clip, "scale": 1}, "captureBeyondViewport": True}
        return base64.b64decode(self.call("Page.captureScreenshot", **wanted)["data"])


@dataclass
class Browser:
    process: subprocess.Popen[bytes]
    version: str = ""
    _number: int = 0
    _heard: bytearray = field(default_factory=bytearray)

    def tab(self) -> Tab:
        """In a window of its own, which knows no cookie of another's."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)
        wanted = {"targetId": target["targetId"], "flatten": True}
        return Tab(self, self.call("Target.attachToTarget", **wanted)["sessionId"])

    def call(self, method: str, context: str = "", **parameters: object) -> Any:
        """One command and its answer. Raises Inconclusive where the browser is gone or refuses."""
        self._number += 1
        said: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if context:
            said["sessionId"] = context
        try:
            assert self.process.stdin is not None  # noqa: S101
            self.process.stdin.write(json.dumps(said).encode() + b"\0")
            self.process.stdin.flush()
        except OSError as error:
            raise Inconclusive("the browser is gone") from error
        answer = self._answer(self._number)
        if "error" in answer:
            raise Inconclusive(f"the browser refuses {method}: {answer['error'].get('message')}")
        return answer["result"]

    def _answer(self, number: int) -> dict[str, Any]:
        end = time.monotonic() + ANSWER_SECONDS
        while (left := end - time.monotonic()) > 0:
            while b"\0" in self._heard:
                message, _, rest = bytes(self._heard).partition(b"\0")
                self._heard = bytearray(rest)
                found: dict[str, Any] = json.loads(message)
                if found.get("id") == number:
                    return found
            self._hear(left)
        raise Inconclusive(f"the browser says nothing for {ANSWER_SECONDS:.0f} s")

    def _hear(self, seconds: float) -> None:
        assert self.process.stdout is not None  # noqa: S101
        readable, _, _ = select.select([self.process.stdout], [], [], seconds)
        if not readable:
            return
        part = os.read(self.process.stdout.fileno(), 1 << 20)
        if not part:
            raise Inconclusive("the browser ended")
        self._heard += part


@contextmanager
def a_browser(address: Address) -> Iterator[Browser]:
    """From this host's PATH, else from its image. Raises Inconclusive where there is neither."""
    rules = f"--host-resolver-rules=MAP {address.name}:443 {address.host}:{address.port}"
    with (
        tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as home,
        subprocess.Popen(  # noqa: S603
            (*_command(home), *OPTIONS, rules),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process,
    ):
        try:
            browser = Browser(process)
            browser.version = browser.call("Browser.getVersion")["product"]
            yield browser
        finally:
            process.terminate()


def _command(home: str) -> tuple[str, ...]:
    """How a browser is started here, up to its options."""
    through_pipe = ("/bin/sh", "-c", PLUMBING, "sh")
    for name in NAMES:
        if path := shutil.which(name):
            return (*through_pipe, path, f"--user-data-dir={home}")
    if not (_docker("image", "inspect", IMAGE) or _docker("pull", "--quiet", IMAGE)):
        raise Inconclusive(
            f"there is no browser: install Debian's package chromium, or let Docker have {IMAGE}"
        )
    container = ("--rm", "--interactive", "--network", "host", "--shm-size", "512m")
    return ("docker", "run", *container, "--entrypoint", "", IMAGE, *through_pipe, IMAGES_PROGRAM)


def _docker(*words: str) -> bool:
    return compose.run(docker(*words)).ok
