-- A batch of trips, from :first to :last of :total, with tracks, days and photos. What a trip is to
-- have is drawn from its number counted back from the newest: the same seed makes the same community,
-- and a larger one begins with the same trips.
-- Parameters come as the table chosen; shapes, stories and ranks are made by benchmarks/community.py.

DROP TABLE IF EXISTS plans, rides, shots;

CREATE TEMPORARY TABLE plans AS
SELECT n, d, id_of(begun, 'trip', n) AS id, ranks.id AS rider_id, begun,
       begun + interval '1 day' * (1 + 30 * share(d, 2)) AS told_at,
       begun::date - 3 - (400 * share(d, 3))::int AS starts_on,
       CASE WHEN share(d, 4) < loaded THEN 60 ELSE (24 * power(share(d, 5), 3))::int END AS photos,
       CASE WHEN share(d, 4) < loaded THEN 30 WHEN share(d, 6) < 0.15 THEN 0
            ELSE 1 + (6 * power(share(d, 7), 4))::int END AS tracks,
       share(d, 8) < 0.08 AS is_draft,
       CASE WHEN share(d, 9) < 0.85 THEN 'everyone' WHEN share(d, 9) < 0.91 THEN 'followers'
            WHEN share(d, 9) < 0.96 THEN 'link' ELSE 'me' END AS audience,
       ranked(share(d, 10), 40, 1, 0.9) AS home,
       ARRAY(
           SELECT tag FROM (
               SELECT tag(ranked(share(d * 8 + k, 11), 5000, 2, 0.95)) AS tag, k
               FROM generate_series(1, (5 * power(share(d, 12), 1.5))::int) AS k
           ) AS drawn GROUP BY tag ORDER BY min(k)
       ) AS tags,
       d % (SELECT count(*) FROM stories) AS story, d % (SELECT count(*) FROM shapes) AS shape
FROM chosen CROSS JOIN LATERAL generate_series(chosen.first, chosen.last) AS n
CROSS JOIN LATERAL (
    SELECT timestamptz '2015-01-01Z' + n * (interval '3650 days' / chosen.total) AS begun,
           chosen.total - n AS d
) AS times
JOIN ranks ON ranks.rank = ranked(share(d, 1), chosen.riders, 10, 0.8);

CREATE TEMPORARY TABLE rides AS
SELECT id_of(plans.begun + k * interval '1 minute', 'track', r) AS id, plans.id AS trip_id,
       k, r, plans.shape, plans.begun + k * interval '1 minute' AS begun, state,
       metres, CASE WHEN is_high THEN metres * (0.004 + 0.012 * share(r, 22)) END AS ascent,
       CASE WHEN is_high THEN metres * (0.004 + 0.012 * share(r, 23)) END AS descent,
       CASE WHEN is_high THEN 200 + 1900 * share(r, 24) END AS highest,
       CASE WHEN is_high THEN 190 * share(r, 25) - 5 END AS lowest,
       CASE WHEN is_timed THEN metres / 3.1 END AS elapsed,
       CASE WHEN is_timed THEN metres / 4.6 END AS moving,
       CASE WHEN is_timed THEN (plans.starts_on + k)::timestamp AT TIME ZONE 'UTC'
                               + interval '6 hours' END AS started_at,
       CASE WHEN share(r, 26) < 0.1 THEN ARRAY[code, code(plans.home % 40 + 1)]
            ELSE ARRAY[code] END AS countries
FROM plans
CROSS JOIN LATERAL generate_series(1, plans.tracks) AS k
CROSS JOIN LATERAL (
    SELECT plans.d * 64 + k AS r, code(plans.home) AS code
) AS numbered
CROSS JOIN LATERAL (
    SELECT CASE WHEN share(r, 20) < 0.98 THEN 'ready' WHEN share(r, 20) < 0.995 THEN 'unreadable'
           ELSE 'queued' END AS state
) AS states
CROSS JOIN LATERAL (
    SELECT CASE WHEN state = 'ready' THEN 15000 + 110000 * share(r, 21) END AS metres,
           state = 'ready' AND share(r, 27) > 0.07 AS is_high,
           state = 'ready' AND share(r, 28) > 0.05 AS is_timed
) AS drawn;

CREATE TEMPORARY TABLE shots AS
SELECT id_of(plans.begun + k * interval '1 second', 'photo', p) AS id, plans.id AS trip_id,
       k, plans.begun + k * interval '1 second' AS begun, md5('photo' || p) AS name,
       CASE WHEN share(p, 30) < 0.99 THEN 'ready' ELSE 'unreadable' END AS state,
       '#' || substr(md5('colour' || p), 1, 6) AS colour,
       CASE WHEN share(p, 31) < 0.4 THEN 'The road, ' || k ELSE '' END AS caption,
       (3000000 + 3000000 * share(p, 32))::int AS bytes
FROM plans
CROSS JOIN LATERAL generate_series(1, plans.photos) AS k
CROSS JOIN LATERAL (SELECT plans.d * 64 + k AS p) AS numbered;

INSERT INTO trips (
    id, rider_id, key, title, story, excerpt, starts_on, ends_on, tags, audience, published_at,
    created_at, updated_at, distance_metres, ascent_metres, descent_metres, highest_metres,
    lowest_metres, elapsed_seconds, moving_seconds, countries, outline, sheet, cover)
SELECT plans.id, plans.rider_id,
       translate(lpad(to_hex(plans.n), 6, '0') || substr(md5('key' || plans.n), 1, 6), '01', 'xy'),
       'Day ' || plans.n || ' along the river', stories.story, stories.excerpt,
       coalesce(sums.first_on, plans.starts_on), coalesce(sums.last_on, plans.starts_on + 2),
       plans.tags, plans.audience, CASE WHEN NOT plans.is_draft THEN plans.told_at END,
       plans.begun, plans.told_at, sums.metres, sums.ascent, sums.descent, sums.highest,
       sums.lowest, sums.elapsed, sums.moving, coalesce(visited.countries, '{}'),
       CASE WHEN sums.trip_id IS NOT NULL THEN shapes.outline END,
       CASE WHEN sums.trip_id IS NOT NULL THEN shapes.sheet END, covers.cover
FROM plans
JOIN stories ON stories.number = plans.story
JOIN shapes ON shapes.number = plans.shape
LEFT JOIN (
    SELECT trip_id, sum(metres ORDER BY k) AS metres, sum(ascent) AS ascent,
           sum(descent) AS descent, max(highest) AS highest, min(lowest) AS lowest,
           sum(elapsed) AS elapsed, sum(moving) AS moving,
           min((started_at AT TIME ZONE 'UTC')::date) AS first_on,
           max((started_at AT TIME ZONE 'UTC')::date) AS last_on
    FROM rides WHERE state = 'ready' GROUP BY trip_id
) AS sums ON sums.trip_id = plans.id
LEFT JOIN (
    SELECT trip_id, array_agg(code ORDER BY place) AS countries FROM (
        SELECT trip_id, code, min(ARRAY[(started_at IS NULL)::int, k, nth]) AS place
        FROM rides CROSS JOIN LATERAL unnest(countries) WITH ORDINALITY AS each (code, nth)
        WHERE state = 'ready' GROUP BY trip_id, code
    ) AS firsts GROUP BY trip_id
) AS visited ON visited.trip_id = plans.id
LEFT JOIN (
    SELECT DISTINCT ON (trip_id) trip_id, jsonb_build_object(
        'photo_id', id, 'width', 2560, 'height', 1707, 'colour', colour, 'alt', caption) AS cover
    FROM shots WHERE state = 'ready' ORDER BY trip_id, k
) AS covers ON covers.trip_id = plans.id;

INSERT INTO tracks (
    id, trip_id, file_name, file_bytes, file_key, state, refusal, name, created_at, read_at,
    distance_metres, ascent_metres, descent_metres, highest_metres, lowest_metres, elapsed_seconds,
    moving_seconds, average_speed, top_speed, points, segments, tracks, started_at, ended_at,
    bounds, countries, outline, profile, points_key)
SELECT rides.id, trip_id, 'day-' || k || '.gpx', 100000 + (coalesce(metres, 0) * 8)::int,
       'tracks/' || substr(md5('t' || r), 1, 2) || '/' || substr(md5('t' || r), 3), state,
       CASE state WHEN 'unreadable' THEN jsonb_build_object(
           'code', 'UnreadableTrack', 'message', 'This file could not be read.',
           'params', '{}'::jsonb) END,
       CASE WHEN state = 'ready' THEN 'Day ' || k END, begun,
       CASE WHEN state <> 'queued' THEN begun + interval '2 seconds' END,
       metres, ascent, descent, highest, lowest, elapsed, moving,
       CASE WHEN moving IS NOT NULL THEN 4.6 END, CASE WHEN moving IS NOT NULL THEN 14.2 END,
       (metres / 15)::int, CASE WHEN state = 'ready' THEN 1 END, CASE WHEN state = 'ready' THEN 1 END,
       started_at, started_at + elapsed * interval '1 second',
       CASE WHEN state = 'ready' THEN shapes.bounds END,
       CASE WHEN state = 'ready' THEN rides.countries ELSE '{}' END,
       CASE WHEN state = 'ready' THEN jsonb_build_array(shapes.line) END,
       CASE WHEN state = 'ready' AND highest IS NOT NULL THEN shapes.profile END,
       CASE WHEN state = 'ready'
            THEN 'points/' || substr(md5('p' || r), 1, 2) || '/' || substr(md5('p' || r), 3) END
FROM rides JOIN shapes ON shapes.number = rides.shape;

INSERT INTO track_days (track_id, ridden_on, distance_metres, ascent_metres, highest_metres)
SELECT id, (started_at AT TIME ZONE 'UTC')::date, metres, ascent, highest
FROM rides WHERE started_at IS NOT NULL;

INSERT INTO photos (
    id, trip_id, file_name, file_bytes, file_key, state, refusal, position, caption, width, height,
    colour, sizes, taken_at, created_at)
SELECT id, trip_id, 'IMG_' || k || '.jpg', bytes, 'photos/' || substr(name, 1, 2) || '/'
       || substr(name, 3), state,
       CASE state WHEN 'unreadable' THEN jsonb_build_object(
           'code', 'UnreadablePhoto', 'message', 'This picture could not be read.',
           'params', '{}'::jsonb) END,
       k, caption, CASE state WHEN 'ready' THEN 2560 END, CASE state WHEN 'ready' THEN 1707 END,
       CASE state WHEN 'ready' THEN colour END, CASE state WHEN 'ready' THEN sizes END,
       begun - interval '9 days', begun
FROM shots CROSS JOIN LATERAL (
    SELECT jsonb_object_agg(size, jsonb_build_object(
        'key', 'photos/' || substr(md5(size || name), 1, 2) || '/'
               || substr(md5(size || name), 3) || '.jpg',
        'width', edge, 'height', edge * 2 / 3, 'bytes', edge * edge / 8)) AS sizes
    FROM (VALUES ('full', 2560), ('large', 1600), ('medium', 800), ('small', 400))
         AS each (size, edge)
) AS made
