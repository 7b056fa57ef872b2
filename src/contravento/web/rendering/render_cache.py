"""A cache of drawings and figures, in this process."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Annotated, Any, cast

from fastapi import Depends, Request

from contravento.kit.telemetry import metrics

MOST = 200


class RenderCache:
    """Forgets what was asked for longest ago. Whoever asks for what is being made waits for it."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._made: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self._under_way: dict[Hashable, asyncio.Lock] = {}

    async def get[R](
        self, key: Hashable, make: Callable[[], Awaitable[R]], *, seconds: float = float("inf")
    ) -> R:
        """What the key stands for, made anew when it is not here or older than so many seconds."""
        cache = str(key[0] if isinstance(key, tuple) else key)  # our own words, so only a few
        outcome = "hit"
        lock = self._under_way.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                made_at, value = self._made.get(key, (None, None))
                if made_at is None or time.monotonic() - made_at > seconds:
                    outcome = "miss"
                    value = await make()
                    self._made[key] = time.monotonic(), value
                self._made.move_to_end(key)
        finally:
            self._under_way.pop(key, None)
            metrics.CACHE_LOOKUPS.labels(cache, outcome).inc()
        while len(self._made) > self._most:
            self._made.popitem(last=False)
        return cast(R, value)


async def _kept(request: Request) -> RenderCache:
    state = request.app.state
    if not hasattr(state, "kept"):
        state.kept = RenderCache()
    return cast(RenderCache, state.kept)


RenderCacheOf = Annotated[RenderCache, Depends(_kept)]
