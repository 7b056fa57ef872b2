"""Nobody is left in a copy; and of every column somebody has said what it is."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from contravento.accounts.models import EmailToken, PersonalToken, Purpose, RefreshToken, SignIn
from contravento.kit.clock import now
from contravento.kit.resources import Resources
from contravento.kit.security.tokens import digest
from contravento.photos.models import Photo, PhotoState
from contravento.tracks.models import Track, TrackState
from contravento_backup.anonymise import anonymise, pii_columns
from contravento_backup.kit.errors import BackupFailed
from contravento_backup.postgres import fingerprint
from contravento_backup.postgres.fingerprint import Connection
from tests.support import factories

WRITTEN = "Met **Aitana Goikoetxea** at the ferry. Call 944 123 456!\n\n# Home\n\nSlept well."
PERSONAL = (
    *("aitana_g", "aitana", "goikoetxea", "@example.org", "944 123", "ferry", "sirimiri", "$2b$04"),
    *(digest(each).hex() for each in ("cookie", "link", "refresh", "program")),
)
WHOLE_ROWS = sql.SQL("SELECT each::text FROM {} AS each")
KEY = "photos/3f/" + "0" * 30 + ".jpg"


@pytest.fixture
def copied(own_database: str) -> Iterator[Connection]:
    """The copy of a database, asked as the backup service asks."""
    url = make_url(own_database).set(drivername="postgresql")
    with fingerprint.connect(conninfo=url.render_as_string(hide_password=False)) as connection:
        yield connection


@pytest.fixture
async def lived_in(live_resources: Resources) -> None:
    """Everything that a rider can leave behind."""
    async with live_resources.transaction() as session:
        rider = await factories.make_rider(
            session,
            username="Aitana_G",
            email="aitana@example.org",
            name="Aitana Goikoetxea",
            bio="Sirimiri is no rain. Write to aitana@example.org.",
            is_admin=True,
            portrait={"small": {"key": KEY}},
        )
        soon = now() + timedelta(days=1)
        device = SignIn(
            rider_id=rider.id, cookie_digest=digest("cookie"), agent="Firefox", expires_at=soon
        )
        session.add(device)
        await session.flush()
        cover = {"photo_id": str(uuid4()), "width": 6, "height": 4, "colour": "#336699"}
        trip = await factories.make_trip(
            session,
            rider,
            title="To Aitana's house",
            story=WRITTEN,
            excerpt=WRITTEN,
            tags=["sirimiri", "long way"],
            cover={**cover, "alt": "Aitana"},
        )
        quiet = await factories.make_trip(session, rider, title="Slow days", story="No name here.")
        refusal = {"code": "X", "message": "Bad.", "params": {"name": "aitana.gpx"}}
        session.add_all(
            [
                EmailToken(
                    digest=digest("link"), rider_id=rider.id, purpose=Purpose.RESET, expires_at=soon
                ),
                RefreshToken(digest=digest("refresh"), sign_in_id=device.id, expires_at=soon),
                PersonalToken(
                    rider_id=rider.id,
                    digest=digest("program"),
                    name="Aitana's watch",
                    scopes=["read"],
                ),
                Photo(
                    trip_id=trip.id,
                    file_name="Aitana.HEIC",
                    file_bytes=9,
                    file_key=KEY,
                    state=PhotoState.UNREADABLE,
                    refusal=refusal,
                    position=0,
                    caption="Aitana",
                    alt="Aitana at the ferry",
                ),
                Track(
                    trip_id=quiet.id,
                    file_name="to aitana.gpx",
                    file_bytes=9,
                    file_key=KEY,
                    state=TrackState.READY,
                    name="Home of Aitana",
                    report=[{"message": "aitana"}],
                    outline=[[[1.5, 2.5]]],
                    bounds=[1, 2, 3, 4],
                ),
            ]
        )


def everything(connection: Connection) -> str:
    """The whole database as text, in small letters."""
    rows = [
        str(row)
        for schema, table in fingerprint.tables(connection)
        for (row,) in connection.execute(WHOLE_ROWS.format(sql.Identifier(schema, table)))
    ]
    return "\n".join(rows).lower()


def test_of_every_column_it_is_said_what_it_is(copied: Connection) -> None:
    assert anonymise.unknown(copied) == []
    there = {(table, column) for _, table, column, _ in copied.execute(anonymise.COLUMNS)}
    gone = {
        (table, column) for table, names in pii_columns.declared().items() for column in names
    } - there
    assert gone == set(), "declared, but there is no such column"


def test_a_harmless_column_can_hold_no_word(copied: Connection) -> None:
    kinds = {(each[1], each[2]): each[3] for each in copied.execute(anonymise.COLUMNS)}
    for table, names in pii_columns.HARMLESS.items():
        for column in names.split():
            assert anonymise.WORDLESS.fullmatch(kinds[table, column]), f"{table}.{column}"


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE riders ADD COLUMN born_on date",
        "CREATE TABLE public.friends (name text)",
        "CREATE SCHEMA notes CREATE TABLE riders (id uuid)",
    ],
)
def test_what_nobody_has_declared_stops_the_copy(copied: Connection, statement: str) -> None:
    copied.execute(statement)
    with pytest.raises(BackupFailed, match=r"riders\.born_on|friends\.name|riders\.id"):
        anonymise.replace(copied)


@pytest.mark.usefixtures("lived_in")
def test_nobody_is_left(copied: Connection) -> None:
    assert [each for each in PERSONAL if each not in everything(copied)] == []
    counted = copied.execute("SELECT count(*) FROM trips").fetchone()

    people = anonymise.replace(copied)

    assert [each for each in PERSONAL if each in everything(copied)] == []
    assert anonymise.scan(copied, people) == []
    assert copied.execute("SELECT count(*) FROM trips").fetchone() == counted
    story, outline = copied.execute(
        "SELECT story, tracks.outline FROM trips, tracks ORDER BY length(story) DESC"
    ).fetchone() or ("", [])
    assert story.startswith("xxx **xxxxxx xxxxxxxxxx** xx xxx xxxxx.")
    assert len(story) == len(WRITTEN)
    keys = copied.execute("SELECT file_key FROM photos UNION SELECT file_key FROM tracks")
    assert KEY not in {key for (key,) in keys}, "another content needs another name"
    assert outline == [[[1.5, 2.5]]]


@pytest.mark.usefixtures("lived_in")
def test_a_copy_of_a_copy_can_be_made(copied: Connection) -> None:
    anonymise.replace(copied)
    strangers = everything(copied).count("anon_")

    people = anonymise.replace(copied)

    assert anonymise.scan(copied, people) == []
    assert everything(copied).count("anon_") == strangers


@pytest.mark.usefixtures("lived_in")
def test_texts_that_name_nobody_may_stay(copied: Connection) -> None:
    people = anonymise.replace(copied, keep_texts=True)

    titles = copied.execute("SELECT title FROM trips ORDER BY title").fetchall()
    assert titles == [("Slow days",), ("xx xxxxxxxx xxxxx",)]
    assert anonymise.scan(copied, people) == []
    assert "aitana" not in everything(copied)


@pytest.mark.usefixtures("lived_in")
@pytest.mark.parametrize(
    ("left", "kind"),
    [
        ("UPDATE riders SET bio = 'I am aitana_g'", "riders.bio holds what somebody is called"),
        ("UPDATE trips SET title = 'a@b.example'", "trips.title holds an e-mail address"),
        (
            "UPDATE trips SET cover = jsonb_set(cover, '{alt}', '\"Me\"')",
            "trips.cover holds what it should not",
        ),
        ("UPDATE tracks SET outline = '\"a@b.example\"'", "tracks.outline holds an e-mail address"),
        ("UPDATE tracks SET name = 'DIGEST'", "tracks.name holds a password's or a token's digest"),
        (
            "INSERT INTO mishaps (place, words) VALUES ('', '')",
            "mishaps.* holds rows that should be gone",
        ),
    ],
)
def test_what_is_left_is_found(copied: Connection, left: str, kind: str) -> None:
    people = anonymise.replace(copied)
    copied.execute(left.replace("DIGEST", digest("program").hex()))

    assert {str(each) for each in anonymise.scan(copied, people)} == {kind}


@pytest.mark.usefixtures("lived_in")
def test_a_replacement_that_fails_replaces_nothing(copied: Connection) -> None:
    before = everything(copied)
    copied.execute(
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$;"
        "CREATE TRIGGER no BEFORE UPDATE ON tracks FOR EACH ROW EXECUTE FUNCTION no()"
    )
    with pytest.raises(fingerprint.Broken):
        anonymise.replace(copied)
    assert everything(copied) == before
