"""A community of any size: trips by a tenth as many riders, as unlike one another as people are.

    python -m benchmarks.community DATABASE_URL TRIPS [SEED]

The server makes it all, so that a million trips take minutes. The same seed makes the same.
There are rows for files, but no files. Lines and profiles have fewer samples than read ones.
"""

import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import psycopg
from psycopg.types.json import Jsonb

from contravento.kit.database.session import libpq_url
from contravento.tracks.drawing import draw
from contravento.trips.markdown import excerpt
from contravento.trips.rules import EXCERPT_CHARACTERS

BATCH = 20_000
TRIPS_PER_RIDER = 10
SEED = 7
LOADED_SHARE = 0.002  # of trips: as many photos as may be, and thirty tracks
SHAPES, LINE_POINTS, PROFILE_POINTS = 32, 50, 60
SENTENCES = (
    "After Zamora the only shade was our own, and it was getting shorter by the hour.",
    "The road keeps to the north bank, and so did we, all the way to the ferry.",
    "Nobody had told us about the wind.",
)
STORY_SENTENCES = (3, 8, 20, 45)
TABLES = (*("riders", "sign_ins", "trips", "tracks", "track_days", "photos", "topics", "diaries"),)
BATCH_SQL = Path(__file__).with_suffix(".sql")

# `share` is a number from 0 to 1 by a trip's (or track's, or photo's) number and what it is for.
# `ranked` turns one into a rank by Zipf and Mandelbrot: its density falls with (rank + q)^-s.
FUNCTIONS = """
CREATE FUNCTION share(n bigint, what int) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT (hashint8extended(n, {seed} * 1000 + what) & 9007199254740991) / 9007199254740992::float8
$$;
CREATE FUNCTION ranked(u float8, ranks bigint, q float8, s float8) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT least(ranks, 1 + floor(
        power(power(q, 1 - s) + u * (power(ranks + q, 1 - s) - power(q, 1 - s)), 1 / (1 - s)) - q
    )::bigint)
$$;
CREATE FUNCTION id_of(at timestamptz, kind text, n bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
            || substr(md5(kind || {seed} || ':' || n), 1, 3) || '8'
            || substr(md5(kind || {seed} || ':' || n), 4, 15))::uuid
$$;
CREATE FUNCTION tag(rank bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce((ARRAY['gravel', 'river', 'night', 'rain', 'mountains', 'with children',
                           'coast', 'winter', 'ferry', 'tandem'])[rank], 'word-' || rank)
$$;
CREATE FUNCTION code(rank bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT ('{{ES,FR,PT,IT,DE,NL,GB,CH,AT,BE,SE,NO,DK,FI,IE,PL,CZ,SK,HU,SI,HR,GR,RO,BG,TR,MA,US,CA,'
            'MX,AR,CL,PE,JP,KR,AU,NZ,IS,EE,LV,LT}}'::text[])[rank]
$$;
CREATE TEMPORARY TABLE shapes
    (number bigint, line jsonb, bounds jsonb, profile jsonb, outline jsonb, sheet jsonb);
CREATE TEMPORARY TABLE stories (number bigint, story text, excerpt text);
CREATE TEMPORARY TABLE ranks (rank bigint PRIMARY KEY, id uuid);
CREATE TEMPORARY TABLE chosen
    (first bigint, last bigint, total bigint, riders bigint, loaded float8);
"""
RIDERS = """
INSERT INTO riders
    (id, username, email, password_hash, name, bio, language, confirmed_at, created_at)
SELECT id_of(begun, 'rider', n), 'rider_' || n, 'rider_' || n || '@example.org', '$2b$',
       CASE WHEN share(n, 40) < 0.7 THEN 'Rider ' || n ELSE '' END,
       CASE WHEN share(n, 41) < 0.3 THEN 'Slowly, and mostly uphill.' ELSE '' END,
       CASE WHEN share(n, 42) < 0.4 THEN 'es' ELSE 'en' END, begun + interval '5 minutes', begun
FROM generate_series(1, %s::bigint) AS n
CROSS JOIN LATERAL (
    SELECT timestamptz '2014-12-01Z' + n * (interval '30 days' / %s::bigint) AS begun) AS times
"""
SIGN_INS = """
INSERT INTO sign_ins (rider_id, cookie_digest, agent, expires_at)
SELECT id, sha256(convert_to(username, 'UTF8')), 'Firefox', now() + interval '30 days' FROM riders
"""


def fill(url: str, trips: int, *, seed: int = SEED, batch: int = BATCH) -> None:
    """Into a database that was migrated and is empty. Raises ValueError where it is not."""
    riders = max(1, trips // TRIPS_PER_RIDER)
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        if connection.execute("SELECT FROM riders LIMIT 1").fetchone() is not None:
            raise ValueError("There are riders in this database. Give an empty one.")
        connection.execute(
            "CREATE SCHEMA making; SET search_path = making, public; SET synchronous_commit = off"
        )
        _prepare(connection, seed)
        connection.execute(RIDERS, (riders, riders))
        connection.execute(SIGN_INS)
        connection.execute("INSERT INTO ranks SELECT substr(username, 7)::bigint, id FROM riders")
        connection.execute("ANALYZE ranks")
        for first in range(1, trips + 1, batch):
            last = min(trips, first + batch - 1)
            _add(connection, (first, last, trips, riders, LOADED_SHARE))
        connection.execute("DROP SCHEMA making CASCADE")
    settle(url)


def settle(url: str) -> None:
    """As a database is that has had the time to tidy up: its rows known to be seen by all."""
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        for table in TABLES:
            connection.execute(f"VACUUM (FREEZE, ANALYZE) {table}")


def _prepare(connection: psycopg.Connection, seed: int) -> None:
    connection.execute(FUNCTIONS.format(seed=int(seed)))
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO shapes VALUES (%s, %s, %s, %s, %s, %s)", list(_shapes()))
        cursor.executemany("INSERT INTO stories VALUES (%s, %s, %s)", list(_stories()))


def _add(connection: psycopg.Connection, chosen: tuple[float, ...]) -> None:
    with connection.transaction():
        connection.execute("TRUNCATE chosen")
        connection.execute("INSERT INTO chosen VALUES (%s, %s, %s, %s, %s)", chosen)
        connection.execute(BATCH_SQL.read_text())
    # or the triggers' plans would go on from when there was next to nothing
    connection.execute("ANALYZE trips, topics, diaries")


def _stories() -> Iterator[tuple[int, str, str]]:
    for number, sentences in enumerate(STORY_SENTENCES):
        story = "\n\n".join(
            " ".join(SENTENCES[(number + index) % len(SENTENCES)] for index in range(start, end))
            for start, end in _paragraphs(sentences)
        )
        yield number, story, excerpt(story, EXCERPT_CHARACTERS)


def _paragraphs(sentences: int) -> Iterator[tuple[int, int]]:
    starts = range(0, sentences, 5)
    return ((start, min(start + 5, sentences)) for start in starts)


def _shapes() -> Iterator[tuple[object, ...]]:
    """Rides as they are kept and drawn, by the program's own drawing."""
    rng = np.random.default_rng(SEED)
    for number in range(SHAPES):
        steps = rng.normal([0.012, 0.004], 0.008, (LINE_POINTS, 2))
        line = ((rng.uniform([-8, 37], [24, 58])) + np.cumsum(steps, axis=0)).round(5)
        west, south = line.min(axis=0).tolist()
        east, north = line.max(axis=0).tolist()
        outline, sheet = draw([[[(x, y) for x, y in line.tolist()]]])
        shape = (line.tolist(), [west, south, east, north], _profile(rng), outline, sheet)
        yield number, *map(Jsonb, shape)


def _profile(rng: np.random.Generator) -> dict[str, object]:
    heights = 400 + np.cumsum(rng.normal(0, 25, PROFILE_POINTS))
    return {
        "distance_metres": np.linspace(0, 60_000, PROFILE_POINTS).round(1).tolist(),
        "elevation_metres": heights.round(1).tolist(),
        "grade_percent": rng.normal(0, 3, PROFILE_POINTS).round(1).tolist(),
        "coordinates": rng.uniform([-8, 37], [24, 58], (PROFILE_POINTS, 2)).round(5).tolist(),
    }


def main() -> None:
    url, trips, *rest = islice(sys.argv, 1, None)
    begun = time.monotonic()
    fill(url, int(trips), seed=int(rest[0]) if rest else SEED)
    print(f"{int(trips):,} trips in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
