"""The operator's page in a browser: found by an administrator, read and used without scripts."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Page, Request, expect

from contravento.kit.database.session import libpq_url
from tests.conftest import SECRET
from tests.e2e.conftest import start_product
from tests.e2e.riders import Person

pytestmark = pytest.mark.browser

type OpenBrowser = Callable[..., Page]

_FAILED = """
    WITH made AS (
        INSERT INTO procrastinate_jobs (queue_name, task_name, status, attempts)
        VALUES ('default', 'replies.forget', 'doing', 4) RETURNING id
    ), noted AS (
        INSERT INTO mishaps (place, words, job_id)
        SELECT 'replies.forget', 'OSError: the bread is gone', id FROM made
    ) SELECT id FROM made
"""


def make_admin(url: str, name: str) -> None:
    settings = {
        "APP_ENV": "local",
        "DATABASE_URL": url,
        "SECRET_KEY": SECRET,
        "MAIL_FOLDER": "/nowhere",
        "STORAGE_URL": "file:///tmp",
    }
    subprocess.run(
        [sys.executable, "-m", "contravento", "riders", "make-admin", name],
        env=os.environ | settings,
        check=True,
        capture_output=True,
    )


@pytest.mark.parametrize(("language", "width"), [("en-GB", 1280), ("es-ES", 390)])
def test_an_administrator_looks_after_the_server(
    language: str, width: int, own_database: str, folder: Path, open_browser: OpenBrowser
) -> None:
    product = start_product(folder, DATABASE_URL=own_database)
    try:
        asked: list[Request] = []
        page = open_browser(language, width=width, scripts=False)
        page.on("request", lambda request: asked.append(request))
        maite = Person(page, product.address, language[:2], "maite")
        maite.register()
        maite.confirm_by_mail()
        maite.sign_in()
        expect(page.get_by_role("link", name=maite.say("Server"))).to_have_count(0)
        make_admin(own_database, "maite")
        with psycopg.connect(libpq_url(own_database), autocommit=True) as connection:
            found = connection.execute(_FAILED).fetchone()
            assert found
            finish = "SELECT procrastinate_finish_job_v1(%s, 'failed', false)"
            connection.execute(finish, (found[0],))

        maite.go("/")
        page.get_by_role("link", name=maite.say("Server")).last.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(maite.say("Server"))
        expect(page.locator("section", has_text="OSError: the bread is gone").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width

        page.get_by_role("button", name=f"{maite.say('Try again')} replies.forget").click()
        expect(page.get_by_text(maite.say("Back in the queue."))).to_be_visible()
        maite.press("Send me a test mail")
        kept = "This server keeps its mails: the mail was written to MAIL_FOLDER."
        expect(page.get_by_text(maite.say(kept))).to_be_visible()
        maite.go("/outbox")
        subject = maite.say("A test from %(site)s", site="ContraVento")
        expect(page.get_by_text(subject)).to_be_visible()

        assert {
            request.url for request in asked if not request.url.startswith(product.address)
        } == (set())
    finally:
        product.stop()
