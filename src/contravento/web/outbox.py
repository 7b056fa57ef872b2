"""Mails that a local server kept instead of sending them."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.responses import HTMLResponse

from contravento.http.dependencies import ResourcesOf
from contravento.kit.errors import NotFound
from contravento.kit.mail import read_folder
from contravento.web.rendering.page import PageFor

router = APIRouter(prefix="/outbox")

MOST_LETTERS = 100
# Styles are written into a mail, scripts have no business in one.
LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'self';"
    " sandbox allow-top-navigation-by-user-activation"
)
# As for any page (see http/middleware/security_headers.py), and the letters' frames.
POLICY_WITH_FRAMES = (
    "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self';"
    " script-src 'self'; style-src 'self';"
    " img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; frame-src 'self'"
)
LINKS_LEAVE_THE_FRAME = '<head><base target="_top">'


@dataclass(frozen=True, slots=True)
class Letter:
    file: str
    to: str
    subject: str
    sent_at: datetime
    text: str
    has_html: bool


async def _folder(resources: ResourcesOf) -> Path:
    if resources.settings.mail_folder is None:
        raise NotFound
    return resources.settings.mail_folder


Folder = Annotated[Path, Depends(_folder)]


@router.get("")
async def show(folder: Folder, page: PageFor) -> Response:
    mails = await asyncio.to_thread(read_folder, folder, MOST_LETTERS)
    letters = [_read(file, mail) for file, mail in mails]
    response = page.show("outbox/outbox.html", letters=letters)
    response.headers["Content-Security-Policy"] = POLICY_WITH_FRAMES
    return response


@router.get("/{file}/html")
async def show_html(file: str, folder: Folder) -> Response:
    """Only what the list has; a name never becomes a path."""
    mails = dict(await asyncio.to_thread(read_folder, folder, MOST_LETTERS))
    html = _body(mails[file], "html") if file in mails else ""
    if not html:
        raise NotFound
    return HTMLResponse(
        html.replace("<head>", LINKS_LEAVE_THE_FRAME, 1),
        headers={"Content-Security-Policy": LETTER_POLICY, "X-Frame-Options": "SAMEORIGIN"},
    )


def _read(file: str, mail: EmailMessage) -> Letter:
    return Letter(
        file=file,
        to=str(mail["To"]),
        subject=str(mail["Subject"]),
        sent_at=parsedate_to_datetime(str(mail["Date"])),
        text=_body(mail, "plain"),
        has_html=bool(_body(mail, "html")),
    )


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part else ""
