"""What is kept is made once, for everybody who asks, and forgotten in the end."""

import asyncio

import pytest

from contravento.web.rendering.render_cache import RenderCache


async def test_whoever_asks_at_once_waits_for_one_making() -> None:
    kept, made = RenderCache(), []

    async def make() -> str:
        made.append("once")
        await asyncio.sleep(0.01)
        return "map"

    found = await asyncio.gather(*(kept.get("key", make) for _ in range(5)))

    assert found == ["map"] * 5
    assert made == ["once"]


async def test_a_failure_is_not_kept() -> None:
    kept = RenderCache()

    async def fail() -> str:
        raise LookupError

    async def make() -> str:
        return "map"

    with pytest.raises(LookupError):
        await kept.get("key", fail)
    assert await kept.get("key", make) == "map"


async def test_nothing_is_kept_too_long_nor_too_much() -> None:
    kept = RenderCache(most=2)
    made: list[None] = []

    async def make() -> None:
        made.append(None)

    for key in ("a", "a", "b", "c", "b"):
        await kept.get(key, make)
    assert len(made) == 3
    await kept.get("a", make)
    assert len(made) == 4
    await kept.get("a", make, seconds=-1)
    assert len(made) == 5
