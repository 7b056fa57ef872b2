"""Dependencies of heavy routes: a turn among those that come from the same place.

They come first in a route's list, so that nobody waits with a database connection in hand, and end
when the whole answer has been sent.
"""

from collections.abc import AsyncIterator

from fastapi import Depends, Request

from contravento.http.dependencies import ResourcesOf, client_network


async def _download(request: Request, resources: ResourcesOf) -> AsyncIterator[None]:
    async with resources.source_limits.downloads.turn(client_network(request)):
        yield


async def _line(request: Request, resources: ResourcesOf) -> AsyncIterator[None]:
    async with resources.source_limits.lines.turn(client_network(request)):
        yield


DOWNLOAD_TURN = Depends(_download)
LINE_TURN = Depends(_line)
