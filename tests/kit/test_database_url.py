"""The database's URL, as people and providers write it, read alike for both drivers."""

import pytest
from psycopg.conninfo import conninfo_to_dict

from contravento.kit.database_url import Server, WrongAddress, read_address


@pytest.mark.parametrize(
    ("url", "servers"),
    [
        ("postgresql://u:p@db/diary", [("db", 5432)]),
        ("postgresql+asyncpg://u:p@db.example.org:6000/diary", [("db.example.org", 6000)]),
        ("postgres://u:p@db/diary", [("db", 5432)]),
        ("postgresql://u:p@one:1,two:2/diary", [("one", 1), ("two", 2)]),
        ("postgresql://u:p@one,two/diary", [("one", 5432), ("two", 5432)]),
        ("postgresql://u:p@/diary?host=one:1&host=two:2", [("one", 1), ("two", 2)]),
        ("postgresql://u:p@/diary?host=one,two&port=1,2", [("one", 1), ("two", 2)]),
        ("postgresql://u:p@/diary?host=one,two&port=7", [("one", 7), ("two", 7)]),
        ("postgresql://u:p@[::1]:6000/diary", [("::1", 6000)]),
        ("postgresql://u:p@/diary?host=/run/postgresql", [("/run/postgresql", 5432)]),
    ],
)
def test_servers_are_found_wherever_they_are_written(
    url: str, servers: list[tuple[str, int]]
) -> None:
    address = read_address(url)
    assert address.servers == tuple(Server(*server) for server in servers)
    assert (address.user, address.password, address.database) == ("u", "p", "diary")


def test_libpq_reads_what_is_written_for_it() -> None:
    url = "postgresql+asyncpg://rider:p%40ss%2Fword%20%C3%A9@one:1,two:2/diary?sslmode=require"
    found = conninfo_to_dict(read_address(url).libpq())
    assert found["password"] == "p@ss/word é"
    assert (found["user"], found["dbname"]) == ("rider", "diary")
    assert (found["host"], found["port"], found["sslmode"]) == ("one,two", "1,2", "require")
    assert found["target_session_attrs"] == "read-write", "of several the one that takes writes"
    assert found["tcp_user_timeout"] == "10000", "one that vanished is noticed"


def test_one_server_is_taken_as_it_is() -> None:
    assert read_address("postgresql://u:p@db/diary").target == "any"


def test_an_option_that_is_repeated_for_asyncpg_is_the_same_one() -> None:
    address = read_address("postgresql://u:p@one,two/d?target_session_attrs=primary")
    assert {address.asyncpg(server)["target_session_attrs"] for server in address.servers} == {
        "primary"
    }


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("diary", "is not a database URL"),
        ("mysql://db/diary", "must start with postgresql://"),
        ("postgresql:///diary", "names no server"),
        ("postgresql://db:none/diary", "names the port 'none'"),
        ("postgresql://db/d?sslmode=on", "says sslmode=on; write one of disable"),
        ("postgresql://db/d?sslmode=verify-full", "not whom to believe; add sslrootcert=system"),
        ("postgresql://db/d?channel_binding=require", "holds channel_binding, which is not known"),
        ("postgresql://db/d?connect_timeout=soon", "no number of seconds"),
    ],
)
def test_what_cannot_be_used_is_said(url: str, words: str) -> None:
    with pytest.raises(WrongAddress, match=words):
        read_address(url)
