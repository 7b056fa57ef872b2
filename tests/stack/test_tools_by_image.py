"""On a host without k6 and without a browser both come from their images, and do the same."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from contravento_ops.acceptance.tools import browser
from contravento_ops.kit.check_result import Inconclusive
from contravento_ops.kit.errors import CommandError
from contravento_ops.kit.site import Address
from contravento_ops.load import k6, results, run
from contravento_ops.load.k6 import Profile, Target
from tests.stack.deployment import wait_until
from tests.stack.docker import ROOT, docker
from tests.stack.small_site import FIGURES, TOKEN, SmallSite, a_small_site
from tests.stack.tools import at_hand
from tests.support.certified import NAME

pytestmark = pytest.mark.stack

SOMEBODY = 12345  # nobody whom the image knows a home of
GONE_SECONDS = 20


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SmallSite]:
    with a_small_site(tmp_path) as site:
        yield site


@pytest.fixture(scope="module")
def k6_image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with at_hand(k6.IMAGE, "k6", tmp_path_factory.mktemp("k6")) as name:
        yield name


@pytest.fixture(scope="module")
def browsers_image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with at_hand(browser.IMAGE, "headless", tmp_path_factory.mktemp("headless")) as name:
        yield name


@pytest.fixture(autouse=True)
def bare_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where neither is installed."""
    monkeypatch.setattr(k6, "on_path", lambda: None)
    monkeypatch.setattr(browser, "NAMES", ())


def target(site: SmallSite) -> Target:
    return Target(
        url=f"https://{NAME}",
        resolve=f"{NAME}=127.0.0.1:{site.port}",
        ca_bundle=str(site.certificate),
        token=TOKEN,
        metrics_url=f"https://127.0.0.1:{site.port}{FIGURES}",
    )


@pytest.mark.parametrize("user", [os.getuid(), SOMEBODY])
@pytest.mark.usefixtures("k6_image")
def test_riders_come_from_the_image_and_their_figures_are_read(
    site: SmallSite, tmp_path: Path, user: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: user)
    file = tmp_path / "load" / "result.json"
    file.parent.mkdir()
    file.parent.chmod(0o777)

    made = run.plan(ROOT, target(site), file, Profile.SMOKE, "4s")
    summary = k6.run(made, file)

    found = results.read(summary, step_seconds=4)
    asked = [line for who, line in site.asked if who == "ContraVento load test"]
    assert made.words[:2] == ("docker", "run")
    assert found.failed == 0
    assert found.crossed == ()
    assert found.requests == len(asked) > 10
    assert "POST /api/v1/trips/1/tracks" in asked  # with the token
    assert f"POST {FIGURES}" in [line for _, line in site.asked]
    assert file.stat().st_uid == user
    assert TOKEN not in file.read_text()
    assert not docker("ps", "--quiet", "--filter", f"ancestor={k6.IMAGE}")


@pytest.mark.usefixtures("k6_image")
def test_thresholds_that_are_crossed_are_read_as_well(site: SmallSite, tmp_path: Path) -> None:
    site.feed = 503
    file = tmp_path / "load" / "result.json"

    summary = k6.run(run.plan(ROOT, target(site), file, Profile.SMOKE, "4s"), file)

    found = results.read(summary, step_seconds=4)
    assert found.failed > 0
    assert "http_req_failed rate<=0" in found.crossed


@pytest.mark.usefixtures("k6_image")
def test_a_site_with_a_certificate_of_nobody_known_gets_no_riders(
    site: SmallSite, tmp_path: Path
) -> None:
    file = tmp_path / "load" / "result.json"
    stranger = Target(url=f"https://{NAME}", resolve=target(site).resolve, token=TOKEN)

    with pytest.raises(CommandError, match="k6 could not run"):
        k6.run(run.plan(ROOT, stranger, file, Profile.SMOKE, "4s"), file)


def test_an_image_that_is_not_to_be_had_is_named(
    site: SmallSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = "127.0.0.1:9/contravento-test-nothing:1"
    monkeypatch.setattr(k6, "IMAGE", nowhere)
    monkeypatch.setattr(browser, "IMAGE", nowhere)
    file = tmp_path / "load" / "result.json"

    with pytest.raises(CommandError, match=f"from the PATH, or from the image {nowhere}"):
        k6.run(run.plan(ROOT, target(site), file, Profile.SMOKE, "4s"), file)
    with (
        pytest.raises(Inconclusive, match=f"chromium, or let Docker have {nowhere}"),
        browser.a_browser(Address("127.0.0.1", site.port, NAME, is_https=True)),
    ):
        """It has not started."""


@pytest.mark.usefixtures("browsers_image")
def test_a_page_is_opened_and_drawn_by_the_browser_of_the_image(site: SmallSite) -> None:
    address = Address("127.0.0.1", site.port, NAME, is_https=True)

    with browser.a_browser(address) as started:
        tab = started.tab()
        times = tab.open(f"https://{NAME}/")
        shown = tab.evaluate("document.body.innerText")
        drawn = tab.evaluate("Boolean(document.createElement('canvas').getContext('webgl2'))")
        picture = tab.picture()

    assert "Chrom" in started.version
    assert times["status"] == 200
    assert '"slug": "bilbao-1"' in shown
    assert drawn is True  # the map needs it
    assert picture.startswith(b"\x89PNG")
    wait_until(
        lambda: not docker("ps", "--quiet", "--filter", f"ancestor={browser.IMAGE}"),
        GONE_SECONDS,
        "the browser's container is gone",
    )
