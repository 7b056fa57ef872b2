"""What in the application's tables is personal: every column of every table, declared.

A column that is declared nowhere keeps a copy from being made, and a test from passing.
"""

from collections.abc import Mapping
from typing import LiteralString

type Expressions = Mapping[LiteralString, LiteralString]

# Emptied: who is signed in, what was mailed, what waits to be done, what the server said of itself.
EMPTIED: tuple[LiteralString, ...] = (
    *("mailed_links", "sign_ins", "refresh_tokens", "personal_tokens", "replies", "mishaps"),
    *("operation_reports", "procrastinate_jobs", "procrastinate_events", "procrastinate_workers"),
    *("procrastinate_periodic_defers", "holdings"),
)

# Uploads that a job would have read go with that job.
UNFINISHED: tuple[LiteralString, ...] = ("photos", "tracks")

# What people wrote in their own words. A copy may keep it, except where it names somebody.
TEXTS: Mapping[LiteralString, tuple[LiteralString, ...]] = {
    "riders": ("bio",),
    "trips": ("title", "story", "excerpt"),
    "photos": ("caption", "alt"),
    "tracks": ("name",),
}

# Leaves TEXT its length and its Markdown, and no word of it.
MASK: LiteralString = "regexp_replace(TEXT, '[^[:space:].,;:!?()#*_>-]', 'x', 'g')"
_ENDINGS: LiteralString = "[.](gpx|fit|tcx|kml|xml|gz|jpg|jpeg|png|webp|heic|heif|avif)"
_FILE_NAME: LiteralString = (
    f"'file' || coalesce(substring(lower(file_name) from '({_ENDINGS})$'), '')"
)
_REFUSAL: LiteralString = (
    "CASE WHEN refusal IS NOT NULL THEN jsonb_build_object("
    "'code', 'unreadable', 'message', 'This file could not be read.', 'params', '{}'::jsonb) END"
)

# Names of files are never used twice, and what comes in place of a file has another content.
NEW_KEY: LiteralString = (
    "split_part(COLUMN, '/', 1) || '/' || substr(md5(SALT || COLUMN), 1, 2) || '/'"
    " || substr(md5(SALT || COLUMN), 3) || coalesce(substring(COLUMN from '[.][a-z0-9]+$'), '')"
)
_FILE_KEY: LiteralString = NEW_KEY.replace("COLUMN", "file_key")
_POINTS_KEY: LiteralString = NEW_KEY.replace("COLUMN", "points_key")

# The digest of no password that anybody can find.
NO_PASSWORD: LiteralString = "$2b$12$" + "." * 53

# SALT is random. STRANGER is a name for the row that nobody had before, such as anon_3fa9c1_17.
REPLACED: Mapping[LiteralString, Expressions] = {
    "riders": {
        "username": "STRANGER",
        "email": "STRANGER || '@example.invalid'",
        "password_hash": f"'{NO_PASSWORD}'",
        "name": "CASE WHEN name = '' THEN '' ELSE STRANGER END",
        "portrait": "NULL",
        "portrait_refusal": "NULL",
        "is_admin": "false",
    },
    "trips": {
        "tags": "string_to_array("
        "regexp_replace(array_to_string(tags, ' '), '[^ -]', 'x', 'g'), ' ')",
        "cover": "jsonb_set(cover, '{alt}', '\"\"')",
    },
    "photos": {
        "file_name": _FILE_NAME,
        "file_key": _FILE_KEY,
        "refusal": _REFUSAL,
        "notes": "NULL",
    },
    "tracks": {
        "file_name": _FILE_NAME,
        "file_key": _FILE_KEY,
        "points_key": _POINTS_KEY,
        "refusal": _REFUSAL,
        "report": "'[]'",
        "waypoints": "NULL",
    },
}

# Figures, moments and relations, none of which can hold a word.
HARMLESS: Mapping[LiteralString, str] = {
    "riders": "id confirmed_at created_at is_admin",
    "trips": "id rider_id starts_on ends_on published_at created_at updated_at distance_metres"
    " ascent_metres descent_metres highest_metres lowest_metres elapsed_seconds moving_seconds",
    "photos": "id trip_id file_bytes attempts position width height taken_at created_at",
    "tracks": "id trip_id file_bytes attempts created_at read_at distance_metres ascent_metres"
    " descent_metres highest_metres lowest_metres elapsed_seconds moving_seconds average_speed"
    " top_speed points segments tracks started_at ended_at",
    "track_days": "track_id ridden_on distance_metres ascent_metres highest_metres",
    "topics": "published_at trip_id",
    "diaries": "rider_id trips distance_metres wrote_at",
}

# Made by the program of figures. Where they were ridden stays, since maps are tried on it.
DRAWN: Mapping[LiteralString, str] = {
    "trips": "countries outline sheet",
    "photos": "sizes",
    "tracks": "bounds countries outline profile climbs gradients transfers",
}

# What may stand in a copy where only so much can: choices, random names, and what replaced others.
_KEY = "[a-z][a-z_-]*/[0-9a-f]{2}/[0-9a-f]{30}([.][a-z0-9]+)?"
_PLAIN_REFUSAL = (
    r'\{"code": "unreadable", "params": \{\}, "message": "This file could not be read\."\}'
)
CLOSED: Mapping[LiteralString, Mapping[LiteralString, str]] = {
    "alembic_version": {"version_num": "[0-9a-z_]+"},
    "riders": {"language": "[a-z]{2}"},
    "trips": {
        "key": "[A-Za-z0-9]{12}",
        "audience": "everyone|followers|link|me",
        "tags": r"[\{\},x\"-]*",
        "cover": r'\{"alt": "", "width": \d+, "colour": "#[0-9a-f]{6}", "height": \d+,'
        r'( "version": "[0-9a-f]{8}",)? "photo_id": "[0-9a-f-]{36}"\}',
    },
    "topics": {"kind": "country|tag", "word": "[A-Z]{2}|[x-]*"},  # follow their trips by a trigger
    "photos": {
        "state": "queued|ready|unreadable",
        "colour": "#[0-9a-f]{6}",
        "file_key": _KEY,
        "file_name": f"file({_ENDINGS})?",
        "refusal": _PLAIN_REFUSAL,
    },
    "tracks": {
        "state": "queued|reading|ready|unreadable",
        "file_key": _KEY,
        "points_key": _KEY,
        "file_name": f"file({_ENDINGS})?",
        "refusal": _PLAIN_REFUSAL,
        "report": r"\[\]",
    },
}


def declared() -> dict[str, set[str]]:
    """The columns of each table that is kept."""
    found: dict[str, set[str]] = {}
    for group in (HARMLESS, DRAWN):
        for table, names in group.items():
            found.setdefault(table, set()).update(names.split())
    for columns in (TEXTS, REPLACED, CLOSED):
        for table, each in columns.items():
            found.setdefault(table, set()).update(each)
    return found
