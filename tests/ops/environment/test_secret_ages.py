"""When secrets were made stands in the environment file, and holds none of them."""

from pathlib import Path

from contravento_ops.environment import file, secret_ages, validation
from contravento_ops.environment.variables.table import VARIABLES
from tests.ops.making import make_file, spoil, value_in

DAY = 86400


def known(path: Path) -> dict[str, int]:
    found = file.read(path)
    assert found
    return secret_ages.read(found.values)


def test_init_notes_every_secret_that_stands_in_the_file(tmp_path: Path) -> None:
    path = make_file(tmp_path)

    found = known(path)
    assert "SMTP_PASSWORD" in found
    assert {variable.name for variable in VARIABLES.values() if variable.is_secret} <= set(found)
    assert not {"DATABASE_URL", "REDIS_URL", "DOMAIN"} & set(found)
    assert value_in(path, "SECRET_KEY") not in value_in(path, secret_ages.VARIABLE)
    assert not validation.validate(file.read(path), validation.Context("staging"))  # type: ignore[arg-type]


def test_another_value_has_another_moment_and_leaves_those_of_others(tmp_path: Path) -> None:
    path = make_file(tmp_path)
    before = known(path)

    secret_ages.note(path, "SECRET_KEY", now=before["SECRET_KEY"] + 5 * DAY)

    after = known(path)
    assert after.pop("SECRET_KEY") == before.pop("SECRET_KEY") + 5 * DAY
    assert after == before


def test_a_file_of_an_older_release_counts_from_when_it_was_seen(tmp_path: Path) -> None:
    path = make_file(tmp_path)
    spoil(path, secret_ages.VARIABLE, "# it came later")

    secret_ages.note(path, now=1_700_000_000)

    assert set(known(path).values()) == {1_700_000_000}


def test_nothing_is_written_where_nothing_is_new(tmp_path: Path) -> None:
    path = make_file(tmp_path)
    before = path.read_text()

    secret_ages.note(path, now=0)

    assert path.read_text() == before


def test_what_is_no_moment_is_left_out() -> None:
    assert secret_ages.read({secret_ages.VARIABLE: "A:1700000000,B:,C,:4,D:soon"}) == {
        "A": 1700000000,
        "": 4,
    }
