"""What a database holds, in a few figures that two copies of it can be compared by."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from contravento_backup.storage.file_pool import KEY

type Connection = psycopg.Connection[tuple[Any, ...]]

Broken = psycopg.Error  # what the database itself says no with

# How values are written must not depend on who asks.
SETTINGS: tuple[LiteralString, ...] = (
    "SET timezone = 'UTC'",
    "SET datestyle = 'ISO, YMD'",
    "SET intervalstyle = 'postgres'",
    "SET extra_float_digits = 1",
    "SET bytea_output = 'hex'",
    "SET statement_timeout = 0",
    "SET search_path = pg_catalog, public",
)
TABLES = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname NOT LIKE 'pg\\_%'
      AND n.nspname <> 'information_schema'
    ORDER BY 1, 2
"""
HASH = """
    SELECT count(*),
        coalesce(sum(('x' || substr(h, 1, 16))::bit(64)::bigint::numeric), 0),
        coalesce(sum(('x' || substr(h, 17, 16))::bit(64)::bigint::numeric), 0)
    FROM (SELECT md5(whole_row::text) AS h FROM ONLY {table} AS whole_row) AS hashed
"""
COLUMNS = """
    SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, NULL)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname = 'public' AND c.relname NOT LIKE 'procrastinate\\_%'
      AND a.attnum > 0 AND NOT a.attisdropped
      AND (format_type(a.atttypid, NULL) = 'jsonb' OR a.attname LIKE '%\\_key')
    ORDER BY 1, 2, 3
"""
IN_TEXT = "SELECT {column} FROM {table} WHERE {column} ~ {pattern}"
IN_JSON = """
    SELECT found #>> '{{}}' FROM {table}, jsonb_path_query({column}, 'strict $.**.key') AS found
    WHERE strpos({column}::text, '"key"') > 0 AND found #>> '{{}}' ~ {pattern}
"""


@dataclass(frozen=True, slots=True)
class Content:
    rows: int
    hash: str


def connect(**where: Any) -> Connection:
    """Ready to be asked: every value is written as it is everywhere."""
    connection = psycopg.connect(**where, autocommit=True)
    for setting in SETTINGS:
        connection.execute(setting)
    return connection


def tables(connection: Connection) -> list[tuple[str, str]]:
    return [(str(schema), str(name)) for schema, name in connection.execute(TABLES).fetchall()]


def take(connection: Connection) -> dict[str, Content]:
    """Of every table: its rows, and a hash that does not depend on their order."""
    return {
        f"{schema}.{name}": _content(connection, schema, name)
        for schema, name in tables(connection)
    }


def _content(connection: Connection, schema: str, name: str) -> Content:
    statement = sql.SQL(HASH).format(table=sql.Identifier(schema, name))
    row = connection.execute(statement).fetchone()
    rows, *sums = row if row else (0, 0, 0)
    return Content(int(rows), "".join(f"{int(sum_) % 2**64:016x}" for sum_ in sums))


def references(connection: Connection) -> Iterator[tuple[str, str]]:
    """The key of every stored file that a row speaks of, with the table's name.

    Found by convention: text columns that end in `_key`, and objects in JSON that have a `key`.
    """
    for schema, table, column, kind in connection.execute(COLUMNS).fetchall():
        statement = sql.SQL(IN_JSON if kind == "jsonb" else IN_TEXT).format(
            table=sql.Identifier(schema, table),
            column=sql.Identifier(column),
            pattern=sql.Literal(f"^{KEY}$"),
        )
        for (key,) in connection.execute(statement).fetchall():
            yield str(key), str(table)


def differences(expected: Mapping[str, Content], found: Mapping[str, Content]) -> list[str]:
    """A sentence for each table that is not the same; none where all are."""
    sentences = []
    for name in sorted({*expected, *found}):
        there, here = expected.get(name), found.get(name)
        if there == here:
            continue
        if here is None or there is None:
            sentences.append(f"{name} is {'missing' if here is None else 'not expected'}")
        elif here.rows != there.rows:
            sentences.append(f"{name} has {here.rows} rows instead of {there.rows}")
        else:
            sentences.append(f"{name} has other content than it had, in {here.rows} rows")
    return sentences
