"""Finished pages, kept by all that they show: one that shows anything else is another page."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import orjson
from fastapi import Request

from contravento.http import conditional
from contravento.kit.database.session import Table
from contravento.kit.telemetry import metrics

MOST_BYTES = 16_000_000
LARGEST_BYTES = 500_000
NAME = "pages"


@dataclass(frozen=True, slots=True)
class FinishedPage:
    body: bytes
    tag: str


def finish(body: str) -> FinishedPage:
    content = body.encode()
    return FinishedPage(content, conditional.tag_of(content))


class PageCache:
    """Forgets what was asked for longest ago as soon as all together are too large."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._pages: OrderedDict[bytes, FinishedPage] = OrderedDict()
        self.size_bytes = 0

    def get(self, key: bytes) -> FinishedPage | None:
        page = self._pages.get(key)
        metrics.CACHE_LOOKUPS.labels(NAME, "hit" if page else "miss").inc()
        if page:
            self._pages.move_to_end(key)
        return page

    def keep(self, key: bytes, page: FinishedPage) -> None:
        if len(page.body) > LARGEST_BYTES or key in self._pages:
            return
        self._pages[key] = page
        self.size_bytes += len(page.body)
        while self.size_bytes > self._most_bytes:
            _, oldest = self._pages.popitem(last=False)
            self.size_bytes -= len(oldest.body)


def page_cache(request: Request) -> PageCache:
    state = request.app.state
    if not hasattr(state, "pages"):
        state.pages = PageCache()
    return cast(PageCache, state.pages)


def key_of(shown: Mapping[str, Any]) -> bytes:
    """A digest of every value that a page shows, so that nobody has to tell it of a change.

    Raises TypeError for a value of another kind than rows, dataclasses and what JSON has.
    """
    values = orjson.dumps(shown, default=_values, option=orjson.OPT_NON_STR_KEYS)
    return hashlib.sha256(values).digest()


def _values(row: object) -> object:
    """What was read of a row of a table, and of the rows that it brought along."""
    if isinstance(row, UUID):  # the driver's own kind of it
        return row.bytes.hex()
    if not isinstance(row, Table):
        raise TypeError
    return {name: value for name, value in vars(row).items() if name != "_sa_instance_state"}
