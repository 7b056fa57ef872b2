"""How much heavy work one source may have going on at once, so that there is room for others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_network

from contravento.kit.errors import TooManyRequests
from contravento.kit.i18n.marks import N_

RETRY_AFTER_SECONDS = 5
IPV6_PREFIX_BITS = 64  # what one customer of a provider gets at the least


class TooManyAtOnce(TooManyRequests):
    message = N_("Too much is under way from where you are. Wait until something of it is done.")
    retry_after_seconds = RETRY_AFTER_SECONDS


@dataclass(slots=True)
class _Source:
    turns: asyncio.Semaphore
    present: int = 0


class SourceLimit:
    """So many at once from one source; so many more wait for their turn, the rest is refused."""

    def __init__(self, at_once: int, *, waiting: int = 0) -> None:
        self._at_once, self._most_present = at_once, at_once + waiting
        self._sources: dict[str, _Source] = {}

    @asynccontextmanager
    async def turn(self, source: str) -> AsyncIterator[None]:
        """Raises TooManyAtOnce."""
        place = self._sources.setdefault(source, _Source(asyncio.Semaphore(self._at_once)))
        if place.present >= self._most_present:
            raise TooManyAtOnce
        place.present += 1
        try:
            async with place.turns:
                yield
        finally:
            place.present -= 1
            if not place.present:
                del self._sources[source]


@dataclass(frozen=True, slots=True)
class SourceLimits:
    """Of one web process. The map asks for the lines of all tours that it shows."""

    downloads: SourceLimit = field(default_factory=lambda: SourceLimit(3))
    lines: SourceLimit = field(default_factory=lambda: SourceLimit(4, waiting=400))


def network_of(address: str) -> str:
    """An IPv6 address stands for its /64, in which its owner has as many as they like."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, IPV6_PREFIX_BITS), strict=False))
