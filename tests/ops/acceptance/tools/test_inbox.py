"""Whom the check lets the site write to, and where it reads that mail."""

import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from contravento_ops.acceptance.tools import inbox
from contravento_ops.kit.check_result import Inconclusive
from contravento_ops.kit.compose import Project
from contravento_ops.kit.paths import EnvironmentPaths

MAILS = [
    {"to": "qa+other@example.org", "text": "https://diary.example.org/confirm/not-this"},
    {"to": "qa+check@example.org", "text": "Open\nhttps://diary.example.org/confirm/aB3_-x.y\n"},
]
INBOX = {
    "SMTP_HOST": "smtp.velo.test",
    "CHECK_MAIL_TO": "qa@velo.test",
    "CHECK_INBOX_URL": "imaps://qa:x@imap.velo.test",
}


@pytest.mark.parametrize(
    ("values", "address"),
    [
        ({"SMTP_HOST": "mail"}, "check@example.org"),
        ({"SMTP_HOST": "mail", "MAIL_ALLOW_LIST": "@velo.test,a@b.test"}, "check@velo.test"),
        ({"SMTP_HOST": "mail", "MAIL_ALLOW_LIST": "qa@velo.test"}, "check@velo.test"),
        (INBOX, "qa+check@velo.test"),
        ({**INBOX, "MAIL_ALLOW_LIST": "a@b.test, @Velo.test"}, "qa+check@velo.test"),
    ],
)
def test_an_address_fits_where_mail_goes(values: Mapping[str, str], address: str) -> None:
    assert inbox.address_for("check", values) == address


@pytest.mark.parametrize("missing", ["CHECK_MAIL_TO", "CHECK_INBOX_URL"])
def test_mail_to_a_real_server_needs_an_inbox(missing: str) -> None:
    with pytest.raises(Inconclusive, match="set CHECK_MAIL_TO and CHECK_INBOX_URL"):
        inbox.address_for("check", {**INBOX, missing: ""})


@pytest.mark.parametrize("allowed", ["qa@velo.test", "@elsewhere.test,a@b.test"])
def test_mail_that_is_going_to_be_held_back_is_not_waited_for(allowed: str) -> None:
    with pytest.raises(Inconclusive, match=r"holds back .* add @velo\.test"):
        inbox.address_for("check", {**INBOX, "MAIL_ALLOW_LIST": allowed})


@pytest.fixture
def mails() -> Iterator[str]:
    class Inbox(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(MAILS).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Inbox)
    threading.Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.server_port}/mails.json"
    server.shutdown()
    server.server_close()


def test_the_token_is_that_of_the_mail_to_this_address(mails: str, tmp_path: Path) -> None:
    project = Project(EnvironmentPaths(tmp_path, "staging"))

    token, _ = inbox.token_for("qa+check@example.org", project, {"CHECK_INBOX_URL": mails})

    assert token == "aB3_-x.y"


def test_an_inbox_that_answers_nothing_leaves_the_box_unjudged(tmp_path: Path) -> None:
    project = Project(EnvironmentPaths(tmp_path, "staging"))
    values = {"CHECK_INBOX_URL": "http://127.0.0.1:9/"}

    with pytest.raises(Inconclusive, match="does not answer"):
        inbox.token_for("qa+check@example.org", project, values)


def test_what_is_no_list_of_mails_is_said() -> None:
    with pytest.raises(Inconclusive, match="otherwise than the catcher"):
        inbox.mails_to("a@b.test", "<html>")
