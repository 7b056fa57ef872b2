"""Heavy work from one source: so many at once, so many waiting, and room for others."""

import asyncio

import pytest

from contravento.kit.security.source_limits import SourceLimit, TooManyAtOnce, network_of


async def test_one_source_has_so_many_turns_at_once() -> None:
    limit = SourceLimit(2)
    async with limit.turn("a"), limit.turn("a"), limit.turn("b"):
        with pytest.raises(TooManyAtOnce) as refusal:
            async with limit.turn("a"):
                raise AssertionError
        assert refusal.value.retry_after_seconds
    async with limit.turn("a"):
        pass


async def test_some_wait_for_their_turn() -> None:
    limit, running, most = SourceLimit(2, waiting=3), 0, 0

    async def work() -> None:
        nonlocal running, most
        async with limit.turn("a"):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    answers = await asyncio.gather(*(work() for _ in range(6)), return_exceptions=True)
    assert most == 2
    assert [type(answer) for answer in answers] == [type(None)] * 5 + [TooManyAtOnce]


async def test_a_source_that_is_done_is_forgotten() -> None:
    limit = SourceLimit(1)
    async with limit.turn("a"):
        pass
    assert not limit._sources


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
    ],
)
def test_an_ipv6_address_stands_for_its_network(address: str, network: str) -> None:
    assert network_of(address) == network
