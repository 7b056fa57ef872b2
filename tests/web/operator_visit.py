"""Files, forms and addresses for these tests."""

from collections.abc import Awaitable, Callable
from html import unescape

from httpx import AsyncClient, Response

PAGE = "/operator"


type Visit = Callable[..., Awaitable[AsyncClient]]


def said(page: Response) -> str:
    return " ".join(unescape(page.text).split())
