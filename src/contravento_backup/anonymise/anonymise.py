"""Replacing everybody in a copy of a database, in one transaction, and looking for who is left."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from contravento_backup.anonymise import pii_columns
from contravento_backup.kit.errors import BackupFailed
from contravento_backup.postgres.fingerprint import Connection

LEAST_CHARACTERS = 3  # of a word that tells somebody from others
NAMED_FINDINGS = 20
COLUMNS = """
    SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, NULL)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence = 'p' AND n.nspname NOT LIKE 'pg\\_%'
      AND n.nspname <> 'information_schema' AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY 1, 2, 3
"""
DIGESTS = """
    SELECT encode(digest, 'hex') FROM (
        SELECT cookie_digest FROM public.sign_ins UNION SELECT digest FROM public.mailed_links
        UNION SELECT digest FROM public.refresh_tokens
        UNION SELECT digest FROM public.personal_tokens
    ) AS every (digest) WHERE digest IS NOT NULL
"""
STRANGER: LiteralString = "('anon_' || current_setting('contravento.strangers') || '_' || number)"
SALT: LiteralString = "current_setting('contravento.salt')"
NUMBERED: LiteralString = (
    "(SELECT id AS numbered, row_number() OVER (ORDER BY id) AS number FROM {table}) AS numbers"
)
# A text of which one word is somebody's name, or part of an address.
NAMES_SOMEBODY: LiteralString = """
    ({column} ~ '[^[:space:]]@[^[:space:]]' OR EXISTS (
        SELECT FROM regexp_split_to_table(lower({column}), '[^[:alnum:]_]+') AS word
        WHERE word IN (SELECT name FROM pg_temp.called)))
"""
WORDLESS = re.compile(
    r"uuid|boolean|smallint|integer|bigint|real|double precision|numeric|date|timestamp.*"
)
_WORD = re.compile(r"\w+")
_ADDRESS = re.compile(r"[^\s\"'(),:;<>\[\]{}\\]@[^\s\"'(),:;<>\[\]{}\\]")
_NOBODYS = re.compile(r"anon_[0-9a-f]{6}_[0-9]+(@example\.invalid)?")
_SECRET = re.compile(r"[0-9a-f]{32,}|\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}")


@dataclass(frozen=True, slots=True)
class People:
    """By what those of the original are known: words they are called by, digests of secrets."""

    words: frozenset[str]
    secrets: frozenset[str]


@dataclass(frozen=True, slots=True)
class Finding:
    """Where something personal is left. What it is stays unsaid."""

    table: str
    column: str
    kind: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column} holds {self.kind}"


# --- replacing


def replace(connection: Connection, *, keep_texts: bool = False) -> People:
    """All of it or nothing; who was in it. Raises BackupFailed where a column is not known."""
    with connection.transaction():
        connection.execute("SET LOCAL search_path = public, pg_catalog")
        _refuse_unknown(connection)
        found, there = people(connection), _there(connection)
        _prepare(connection, found)
        for table, columns in pii_columns.TEXTS.items():
            for column in there[table] & set(columns):
                _mask(connection, table, column, keep_texts=keep_texts)
        for table, expressions in pii_columns.REPLACED.items():
            kept = {name: each for name, each in expressions.items() if name in there[table]}
            _replace(connection, table, kept)
        for table in pii_columns.UNFINISHED:
            query = sql.SQL("DELETE FROM {} WHERE state NOT IN ('ready', 'unreadable')")
            connection.execute(query.format(sql.Identifier(table)))
        emptied = map(sql.Identifier, sorted(there.keys() & set(pii_columns.EMPTIED)))
        connection.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(emptied)))
    return found


def _there(connection: Connection) -> dict[str, set[str]]:
    """The columns of each table: an older release's database has fewer than are declared."""
    found: dict[str, set[str]] = {}
    for _, table, column, _ in connection.execute(COLUMNS).fetchall():
        found.setdefault(table, set()).add(column)
    return found


def unknown(connection: Connection) -> list[str]:
    """Columns of which nobody has said whether they are personal."""
    known = pii_columns.declared()
    return [
        f"{table}.{column}"
        for schema, table, column, _ in connection.execute(COLUMNS).fetchall()
        if schema != "public"
        or (table not in pii_columns.EMPTIED and column not in known.get(table, ()))
    ]


def _refuse_unknown(connection: Connection) -> None:
    if names := unknown(connection):
        raise BackupFailed(
            f"Nobody has said whether these columns are personal: {', '.join(names)}."
            " The backup is of another version of ContraVento than this; nothing was replaced."
        )


def people(connection: Connection) -> People:
    """Everybody who is in the database now."""
    words, hidden = set[str](), set[str]()
    query = "SELECT username, name, email, password_hash FROM public.riders"
    for username, name, email, password_hash in connection.execute(query):
        words |= {username.lower(), *_WORD.findall(name.lower())}
        words |= set(_WORD.findall(email.partition("@")[0].lower()))
        hidden.add(password_hash)
    hidden |= {digest for (digest,) in connection.execute(DIGESTS)}
    telling = {word for word in words if len(word) >= LEAST_CHARACTERS and set(word) != {"x"}}
    return People(frozenset(telling), frozenset(hidden - {pii_columns.NO_PASSWORD}))


def _prepare(connection: Connection, found: People) -> None:
    """The name that all strangers have in common, which nobody has; and whom texts may not name."""
    for name, length in (("contravento.strangers", 3), ("contravento.salt", 16)):
        connection.execute("SELECT set_config(%s, %s, true)", (name, secrets.token_hex(length)))
    connection.execute("CREATE TEMPORARY TABLE called (name text PRIMARY KEY) ON COMMIT DROP")
    with connection.cursor().copy("COPY pg_temp.called FROM STDIN") as copy:
        for word in found.words:
            copy.write_row((word,))


def _mask(connection: Connection, table: str, column: str, *, keep_texts: bool) -> None:
    names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
    mask: LiteralString = pii_columns.MASK.replace("TEXT", "{column}")
    statement = sql.SQL("UPDATE {table} SET {column} = ").format(**names)
    statement += sql.SQL(mask).format(**names)
    if keep_texts:
        statement += sql.SQL(" WHERE " + NAMES_SOMEBODY).format(**names)
    connection.execute(statement)


def _replace(
    connection: Connection, table: LiteralString, expressions: pii_columns.Expressions
) -> None:
    changes: LiteralString = ", ".join(
        f"{column} = {expression.replace('STRANGER', STRANGER).replace('SALT', SALT)}"
        for column, expression in expressions.items()
    )
    numbered = sql.SQL(NUMBERED).format(table=sql.Identifier(table))
    connection.execute(
        sql.SQL("UPDATE {} SET ").format(sql.Identifier(table))
        + sql.SQL(changes)
        + sql.SQL(" FROM {} WHERE id = numbered").format(numbered)
    )


# --- looking


def scan(connection: Connection, missing: People) -> list[Finding]:
    """Whatever was said of a column, each of its values is looked at; the first few findings."""
    found = list(_left_over(connection))
    for _, table, column, kind in connection.execute(COLUMNS).fetchall():
        if table not in pii_columns.EMPTIED and not WORDLESS.fullmatch(kind):
            found += _look_through(connection, table, column, missing)
    return found[:NAMED_FINDINGS]


def _left_over(connection: Connection) -> Iterator[Finding]:
    for table in _there(connection).keys() & set(pii_columns.EMPTIED):
        query = sql.SQL("SELECT FROM public.{} LIMIT 1").format(sql.Identifier(table))
        if connection.execute(query).fetchone() is not None:
            yield Finding(table, "*", "rows that should be gone")


def _look_through(
    connection: Connection, table: str, column: str, missing: People
) -> Iterator[Finding]:
    query = sql.SQL("SELECT {column}::text FROM public.{table} WHERE {column} IS NOT NULL").format(
        table=sql.Identifier(table), column=sql.Identifier(column)
    )
    may_be = pii_columns.CLOSED.get(table, {}).get(column)
    is_drawn = column in pii_columns.DRAWN.get(table, "").split()
    with connection.transaction(), connection.cursor("looking") as cursor:
        for (value,) in cursor.execute(query):
            kind = _secret(value, missing)
            if may_be is not None and not re.fullmatch(may_be, value):
                kind = kind or "what it should not"
            elif may_be is None and not is_drawn:
                kind = kind or _name(value, missing)
            if kind:
                yield Finding(table, column, kind)


def _secret(value: str, missing: People) -> str:
    if _ADDRESS.search(_NOBODYS.sub("", value)):
        return "an e-mail address"
    if any(each in missing.secrets for each in _SECRET.findall(value)):
        return "a password's or a token's digest"
    return ""


def _name(value: str, missing: People) -> str:
    words = _WORD.findall(_NOBODYS.sub("", value).lower())
    return "what somebody is called" if not missing.words.isdisjoint(words) else ""
