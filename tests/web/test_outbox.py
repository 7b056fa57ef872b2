"""The mails of a server that keeps them."""

from pathlib import Path

import pytest
from httpx import AsyncClient

from contravento.kit.mail import FolderMailer, Mail
from contravento.kit.resources import Resources
from contravento.main import create_app
from tests.conftest import open_client

SPENDING = "http://test/confirm/abc"


@pytest.fixture
def folder(resources: Resources) -> Path:
    assert resources.settings.mail_folder
    return resources.settings.mail_folder


async def write(folder: Path, subject: str = "Confirm your address", html: str = "") -> str:
    text = f"<script>x</script> Open {SPENDING} now."
    await FolderMailer(folder, "ContraVento").send(
        Mail(to="ines@example.org", subject=subject, text=text, html=html or None)
    )
    return newest(folder)


def newest(folder: Path) -> str:
    return max(file.name for file in folder.glob("*.eml"))


async def test_an_empty_outbox_says_so(client: AsyncClient) -> None:
    assert "Nothing here yet, not a breath" in (await client.get("/outbox")).text


async def test_mails_stand_newest_first_with_their_links(client: AsyncClient, folder: Path) -> None:
    await write(folder, "First")
    await write(folder, "Second <b>")
    shown = (await client.get("/outbox")).text

    assert shown.index("Second") < shown.index("First")
    assert f'<a href="{SPENDING}"' in shown
    assert "<script>x" not in shown
    assert "<b>" not in shown.split("</h1>")[1].split("</ul>")[0].replace("<b></b>", "")
    assert "ines@example.org" in shown


async def test_the_html_stands_in_a_frame_of_its_own(client: AsyncClient, folder: Path) -> None:
    file = await write(folder, html="<html><head></head><body style='margin:0'>Hi</body></html>")
    page = await client.get("/outbox")
    assert f'src="/outbox/{file}/html"' in page.text
    assert 'sandbox="allow-top-navigation-by-user-activation"' in page.text
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe-inline" not in page.headers["content-security-policy"]

    letter = await client.get(f"/outbox/{file}/html")

    policy = letter.headers["content-security-policy"]
    assert "style-src 'unsafe-inline'" in policy
    assert "sandbox allow-top-navigation-by-user-activation" in policy
    assert "script-src" not in policy
    assert letter.headers["x-frame-options"] == "SAMEORIGIN"
    assert '<base target="_top">' in letter.text


async def test_a_mail_without_html_has_no_frame(client: AsyncClient, folder: Path) -> None:
    file = await write(folder)

    assert "<iframe" not in (await client.get("/outbox")).text
    assert (await client.get(f"/outbox/{file}/html")).status_code == 404


@pytest.mark.parametrize(
    "name", ["..%2Fsecret.eml", "..", "%2e%2e", "secret.eml", "%2Fetc%2Fpasswd", "x%00.eml"]
)
async def test_a_name_never_becomes_a_path(client: AsyncClient, folder: Path, name: str) -> None:
    await write(folder)
    (folder.parent / "secret.eml").write_text("Content-Type: text/html\n\n<p>secret</p>")

    assert (await client.get(f"/outbox/{name}/html")).status_code == 404


async def test_a_server_that_sends_its_mail_has_no_outbox(
    resources: Resources, folder: Path
) -> None:
    await write(folder)
    changes = {"mail_folder": None, "smtp_host": "mail", "smtp_from": "a@b.example"}
    sending = Resources(
        **{
            name: getattr(resources, name)
            for name in Resources.__dataclass_fields__
            if name != "settings"
        },
        settings=resources.settings.model_copy(update=changes),
    )
    async with open_client(create_app(sending.settings, sending), sending) as client:
        assert (await client.get("/outbox")).status_code == 404
        assert "/outbox" not in (await client.get("/sign-in")).text
