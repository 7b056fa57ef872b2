"""Which names and passwords may be had."""

import pytest
from hypothesis import given, strategies as st

from contravento.accounts import rules
from contravento.accounts.errors import CommonPassword, PasswordTooLong, PasswordTooShort


@pytest.mark.parametrize(
    ("length", "refusal"),
    [(0, PasswordTooShort), (11, PasswordTooShort), (129, PasswordTooLong), (500, PasswordTooLong)],
)
def test_a_password_too_short_or_too_long_is_refused(length: int, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        rules.check_password(("Wqz7 mistral over the pass " * 20)[:length])


@pytest.mark.parametrize("length", [12, 128])
def test_a_password_at_either_limit_is_taken(length: int) -> None:
    rules.check_password(("Wqz7 mistral over the pass " * 20)[:length])


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "PASSWORD1234",
        "passwordpassword",
        "123456789012",
        "qwertyuiopasdf",
        "aaaaaaaaaaaaaa",
        "abababababab",
        "iloveyou1234",
        "!!password!!",
        "zyxwvutsrqponm",
    ],
)
def test_what_too_many_people_use_is_refused(password: str) -> None:
    with pytest.raises(CommonPassword):
        rules.check_password(password)


@pytest.mark.parametrize("password", ["maite@example.org", "MAITE_ARRIETA", "maite_arrieta99!"])
def test_ones_own_name_is_no_password(password: str) -> None:
    with pytest.raises(CommonPassword):
        rules.check_password(password, username="maite_arrieta", email="maite@example.org")


@given(st.from_regex(rules.USERNAME, fullmatch=True))
def test_a_name_is_plain_and_never_an_address(name: str) -> None:
    assert 3 <= len(name) <= 30
    assert name.isascii()
    assert "@" not in name


@pytest.mark.parametrize("name", ["ab", "a" * 31, "a b", "-ab", "ab-", "añb", "abc\n", "@abc", ""])
def test_other_names_are_not_names(name: str) -> None:
    assert not rules.USERNAME.match(name)
