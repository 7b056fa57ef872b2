"""Connections are not kept open for clients that never finish asking."""

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEAD_SECONDS = 20.0


class TimedHttpProtocol(HttpToolsProtocol):
    """uvicorn's own, which waits for ever until a request's headers are complete. Idle connections
    between requests have its keep-alive timeout, bodies http/middleware/request_body.py."""

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect_head()

    def on_headers_complete(self) -> None:
        self._stop_timer()
        super().on_headers_complete()

    def _expect_head(self) -> None:
        self._stop_timer()
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _give_up(self) -> None:
        """Not while the request before is still being answered."""
        cycle = cast(RequestResponseCycle | None, self.cycle)  # none before the first request
        if cycle is not None and not cycle.response_complete:
            self._expect_head()
        else:
            self.transport.close()

    def _stop_timer(self) -> None:
        if self._head_timer:
            self._head_timer.cancel()
