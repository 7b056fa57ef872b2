"""The files a page is made of keep what the content policy and the identity promise."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from httpx import AsyncClient

from contravento.kit.resources import Resources
from contravento.main import create_app
from contravento.web.rendering.page import static_version
from tests.conftest import open_client

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "src/contravento/web/static"
STYLES = sorted((STATIC / "css").glob("*.css"))
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
PICTURES = sorted((STATIC / "art").glob("*.svg"))


def test_vendored_files_are_the_ones_named_in_the_manifest() -> None:
    checked = subprocess.run(
        [sys.executable, "tools/vendor.py", "verify"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("style", STYLES, ids=lambda path: path.name)
def test_every_file_a_stylesheet_names_is_there(style: Path) -> None:
    for address in re.findall(r'url\("([^"]+)"\)', style.read_text()):
        assert (style.parent / address).is_file(), address


@pytest.mark.parametrize("name", ["product.css", "pages.css", "base.css"])
def test_colours_are_written_in_the_tokens_only(name: str) -> None:
    assert not re.findall(
        r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(", (STATIC / "css" / name).read_text()
    )


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.name)
def test_pictures_need_no_style_attribute(picture: Path) -> None:
    assert not re.search(r"\sstyle=", picture.read_text())


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_write_no_markup_that_the_policy_refuses(script: Path) -> None:
    text = script.read_text()

    assert not re.search(r"""style=["']|setAttribute\(\s*["']style|\beval\(|new Function""", text)
    assert not re.search(r"\son[a-z]+=[\"']", text)


@pytest.mark.parametrize("path", [*STYLES, *SCRIPTS], ids=lambda path: path.name)
def test_nothing_of_ours_asks_a_third_party(path: Path) -> None:
    assert not re.search(r"https?://(?!www\.w3\.org/)", path.read_text())


@pytest.mark.parametrize(
    ("version", "kept"),
    [
        (f"{static_version()}/", "public, max-age=31536000, immutable"),
        ("", "public, max-age=3600"),
        ("0123456789ab/", "no-store"),
    ],
)
async def test_a_page_of_any_release_gets_its_files_and_keeps_only_those_of_this_one(
    client: AsyncClient, version: str, kept: str
) -> None:
    answer = await client.get(f"/static/{version}css/base.css")

    assert answer.text == (STATIC / "css" / "base.css").read_text()
    assert answer.headers["Cache-Control"] == kept


@pytest.mark.parametrize("path", ["0123456789ab/no/such.css", "0123456789ab/../../auth.py"])
async def test_another_release_s_address_leads_nowhere_else(client: AsyncClient, path: str) -> None:
    assert (await client.get(f"/static/{path}")).status_code == 404


@pytest.mark.parametrize("said", [None, "noindex, nofollow"])
async def test_every_answer_tells_search_engines_what_the_setting_says(
    resources: Resources, said: str | None
) -> None:
    app = create_app(resources.settings.model_copy(update={"x_robots_tag": said}), resources)
    async with open_client(app, resources) as client:
        for path in ("/health", "/static/css/base.css"):
            assert (await client.get(path)).headers.get("X-Robots-Tag") == said


async def test_pages_ask_for_one_style_sheet_that_is_kept_for_good(client: AsyncClient) -> None:
    page = await client.get("/about")
    addresses = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page.text)
    assert len(addresses) == 1

    sheet = await client.get(addresses[0])

    assert sheet.headers["content-type"].startswith("text/css")
    assert sheet.headers["cache-control"] == "public, max-age=31536000, immutable"
    for name in STYLES:
        assert name.stem == "map" or name.read_text() in sheet.text


async def test_htmx_comes_only_where_it_has_something_to_do(client: AsyncClient) -> None:
    assert "htmx.min.js" not in (await client.get("/about")).text
