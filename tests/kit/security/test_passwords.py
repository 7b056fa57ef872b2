"""Passwords are kept whole, slowly, and compared in the same time whether there are any or not."""

import pytest

from contravento.kit.security.passwords import Passwords


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(4)


async def test_a_password_matches_only_itself(passwords: Passwords) -> None:
    kept = await passwords.hash("a quiet road to Soria")
    assert await passwords.matches("a quiet road to Soria", kept)
    assert not await passwords.matches("A quiet road to Soria", kept)
    assert "Soria" not in kept
    assert kept != await passwords.hash("a quiet road to Soria")


async def test_what_follows_the_72nd_byte_counts(passwords: Passwords) -> None:
    same = "x" * 72
    kept = await passwords.hash(same + "one")
    assert await passwords.matches(same + "one", kept)
    assert not await passwords.matches(same + "two", kept)
    assert not await passwords.matches(same, kept)


@pytest.mark.parametrize("password", ["ñ" * 64, "🚲" * 12, "a\x00b" * 6, " " * 12])
async def test_any_character_counts(password: str, passwords: Passwords) -> None:
    kept = await passwords.hash(password)
    assert await passwords.matches(password, kept)
    assert not await passwords.matches(password[:-1], kept)


async def test_nobodys_password_never_matches(passwords: Passwords) -> None:
    assert not await passwords.matches("nobody's password", None)


async def test_other_rounds_are_noticed(passwords: Passwords) -> None:
    assert not passwords.is_outdated(await passwords.hash("a quiet road to Soria"))
    assert passwords.is_outdated(await Passwords(5).hash("a quiet road to Soria"))
