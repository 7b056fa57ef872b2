"""Rate limits, counted in Redis where there is one, else in this process."""

import logging
import time
from typing import Any

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter

from contravento.kit.errors import TooManyRequests
from contravento.kit.settings import Settings

REDIS_TIMEOUT_SECONDS = 0.25
LEFT_ALONE_SECONDS = 5.0

log = logging.getLogger(__name__)


class Limiter:
    """With Redis gone each process counts for itself, and nobody waits for it."""

    def __init__(self, settings: Settings) -> None:
        self._memory = MovingWindowRateLimiter(MemoryStorage())
        self._shared: MovingWindowRateLimiter | None = None
        self._redis: RedisStorage | None = None
        if settings.redis_url:
            options: Any = {
                "socket_timeout": REDIS_TIMEOUT_SECONDS,
                "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
            }
            url = f"async+{settings.redis_url.get_secret_value()}"
            self._redis = RedisStorage(url, implementation="redispy", **options)
            self._shared = MovingWindowRateLimiter(self._redis)
        self._left_alone_until = 0.0

    async def close(self) -> None:
        if self._redis:
            bridge: Any = self._redis.bridge  # its type hides the client that has to be closed
            await bridge.storage.aclose()

    async def ask_redis_version(self) -> str:
        """Where there is a Redis. Raises whatever its absence looks like."""
        assert self._redis  # noqa: S101
        bridge: Any = self._redis.bridge
        return str((await bridge.storage.info("server"))["redis_version"])

    async def count(self, limit: str, *who: str) -> None:
        """Count one try against a limit such as '10/15 minutes'. Raises TooManyRequests."""
        item = parse(limit)
        if not await self._hit(item, who):
            raise _refusal(item)

    async def note(self, limit: str, *who: str) -> None:
        """Count one without refusing it."""
        await self._hit(parse(limit), who)

    async def check(self, limit: str, *who: str) -> None:
        """Raises TooManyRequests where so many were counted already; counts nothing."""
        item = parse(limit)
        if not await self._has_room(item, who):
            raise _refusal(item)

    async def forget(self, limit: str, *who: str) -> None:
        """After a success the earlier tries no longer count."""
        item = parse(limit)
        await self._memory.clear(item, *who)
        if shared := self._shared_if_there():
            try:
                await shared.clear(item, *who)
            except Exception as error:  # noqa: BLE001  (whatever Redis' absence looks like)
                self._leave_alone(error)

    async def _hit(self, item: RateLimitItem, who: tuple[str, ...]) -> bool:
        if shared := self._shared_if_there():
            try:
                return await shared.hit(item, *who)
            except Exception as error:  # noqa: BLE001  (whatever Redis' absence looks like)
                self._leave_alone(error)
        return await self._memory.hit(item, *who)

    async def _has_room(self, item: RateLimitItem, who: tuple[str, ...]) -> bool:
        if shared := self._shared_if_there():
            try:
                return await shared.test(item, *who)
            except Exception as error:  # noqa: BLE001  (whatever Redis' absence looks like)
                self._leave_alone(error)
        return await self._memory.test(item, *who)

    def _shared_if_there(self) -> MovingWindowRateLimiter | None:
        return self._shared if time.monotonic() >= self._left_alone_until else None

    def _leave_alone(self, error: Exception) -> None:
        """So that not every request waits for the same silence."""
        log.warning("redis is not answering: %s", type(error).__name__)
        self._left_alone_until = time.monotonic() + LEFT_ALONE_SECONDS


def _refusal(item: RateLimitItem) -> TooManyRequests:
    refusal = TooManyRequests()
    refusal.retry_after_seconds = item.get_expiry()
    return refusal
