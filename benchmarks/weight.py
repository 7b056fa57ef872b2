"""What a page weighs in a browser that has nothing yet: python -m benchmarks.weight ADDRESS PATH…

Each page is opened in a fresh Chromium at 390 and at 1280 pixels and left alone, not scrolled; the
bytes are those on the wire, compressed as they come.
"""

import shutil
import sys
from collections import Counter
from urllib.parse import urlsplit

from playwright.sync_api import Browser, sync_playwright

WIDTHS_PIXELS = (390, 1280)
SETTLE_MILLISECONDS = 3000
OPTIONS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")


def weigh(browser: Browser, address: str, width: int) -> Counter[str]:
    """Bytes on the wire by kind of resource."""
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="en-GB")
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    kinds: dict[str, str] = {}
    weights: Counter[str] = Counter()

    def note_answer(event: dict[str, dict[str, str]]) -> None:
        is_library = "/vendor/maplibre-gl/" in urlsplit(event["response"]["url"]).path
        kinds[str(event["requestId"])] = "map library" if is_library else str(event["type"]).lower()

    def note_end(event: dict[str, float]) -> None:
        weights[kinds.get(str(event["requestId"]), "other")] += int(event["encodedDataLength"])

    network.on("Network.responseReceived", note_answer)
    network.on("Network.loadingFinished", note_end)
    page.goto(address, wait_until="load")
    page.wait_for_timeout(SETTLE_MILLISECONDS)
    context.close()
    return weights


def main(address: str, *paths: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(OPTIONS)
        )
        for path in paths or ("/",):
            for width in WIDTHS_PIXELS:
                weights = weigh(browser, address + path, width)
                kinds = ", ".join(
                    f"{kind} {size / 1000:.0f}" for kind, size in sorted(weights.items())
                )
                print(f"{path} at {width} px: {weights.total() / 1000:.0f} kB ({kinds})")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
