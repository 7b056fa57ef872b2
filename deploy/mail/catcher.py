"""Takes any mail on port 1025 and shows the latest ones, as plain words, on port 8025."""

import html
import json
from collections import deque
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

KEPT = 200
MAX_MAIL_BYTES = 2 * 1024 * 1024
caught: deque[dict[str, str]] = deque(maxlen=KEPT)


class Catcher:
    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        mail = message_from_bytes(envelope.content, policy=policy.default)
        caught.appendleft(
            {
                "to": ", ".join(envelope.rcpt_tos),
                "from": str(mail["From"]),
                "subject": str(mail["Subject"]),
                "date": str(mail["Date"]),
                "text": _words(mail),
            }
        )
        return "250 Kept"


class Page(BaseHTTPRequestHandler):
    """`/` for people, `/mails.json` for programs."""

    def do_GET(self) -> None:
        if self.path == "/mails.json":
            self._answer("application/json", json.dumps(list(caught)))
        elif self.path == "/":
            self._answer("text/html; charset=utf-8", _page())
        else:
            self.send_error(404)

    def log_message(self, *_: Any) -> None:
        """Say nothing of who looks."""

    def _answer(self, kind: str, body: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", "default-src 'none'")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body.encode())


def _words(mail: EmailMessage) -> str:
    part = mail.get_body(("plain", "html"))
    return str(part.get_content()) if part else ""


def _page() -> str:
    mails = "".join(
        f"<h2>{html.escape(each['subject'])}</h2>"
        f"<p>To {html.escape(each['to'])}, {html.escape(each['date'])}</p>"
        f"<pre>{html.escape(each['text'])}</pre>"
        for each in caught
    )
    title = "<!doctype html><title>Caught mails</title><h1>Caught mails</h1>"
    return title + (mails or "<p>None yet.</p>")


if __name__ == "__main__":
    Controller(Catcher(), hostname="0.0.0.0", port=1025, data_size_limit=MAX_MAIL_BYTES).start()  # noqa: S104
    ThreadingHTTPServer(("0.0.0.0", 8025), Page).serve_forever()  # noqa: S104
