-- Runs once for a statement, however many trips it changes. `changed` are trips whose topics may be
-- others now, `writers` the riders whose sums may be.
CREATE FUNCTION keep_topics_and_diaries() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    changed uuid[];
    writers uuid[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(id), array_agg(DISTINCT rider_id) INTO changed, writers
        FROM new_trips WHERE published_at IS NOT NULL AND audience = 'everyone';
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(DISTINCT rider_id) INTO writers
        FROM old_trips WHERE published_at IS NOT NULL AND audience = 'everyone';
    ELSE
        SELECT array_agg(id), array_agg(DISTINCT after.rider_id) INTO changed, writers
        FROM new_trips AS after JOIN old_trips AS before USING (id)
        WHERE (after.published_at IS NOT NULL AND after.audience = 'everyone'
               OR before.published_at IS NOT NULL AND before.audience = 'everyone')
        AND (after.published_at, after.audience, after.distance_metres, after.tags, after.countries)
            IS DISTINCT FROM (before.published_at, before.audience, before.distance_metres,
                              before.tags, before.countries);
    END IF;

    IF changed IS NOT NULL THEN
        DELETE FROM topics WHERE trip_id = ANY (changed);
        INSERT INTO topics (kind, word, published_at, trip_id)
        SELECT DISTINCT words.kind, words.word, trips.published_at, trips.id
        FROM trips
        CROSS JOIN LATERAL (
            SELECT 'country' AS kind, unnest(trips.countries) AS word
            UNION ALL SELECT 'tag', unnest(trips.tags)
        ) AS words
        WHERE trips.id = ANY (changed)
        AND trips.published_at IS NOT NULL AND trips.audience = 'everyone';
    END IF;

    IF writers IS NOT NULL THEN
        -- Whoever changes another trip of the same rider waits here, and then counts this one, too.
        INSERT INTO diaries (rider_id, trips, distance_metres, wrote_at)
        SELECT each, 0, 0, '-infinity' FROM unnest(writers) AS each ORDER BY each
        ON CONFLICT (rider_id) DO UPDATE SET trips = diaries.trips;

        UPDATE diaries
        SET trips = sums.trips, distance_metres = sums.metres, wrote_at = sums.wrote_at
        FROM (
            SELECT rider_id, count(*) AS trips, max(published_at) AS wrote_at,
                   coalesce(sum(distance_metres), 0) AS metres
            FROM trips
            WHERE rider_id = ANY (writers) AND published_at IS NOT NULL AND audience = 'everyone'
            GROUP BY rider_id
        ) AS sums
        WHERE diaries.rider_id = sums.rider_id;

        DELETE FROM diaries
        WHERE rider_id = ANY (writers) AND NOT EXISTS (
            SELECT FROM trips WHERE trips.rider_id = diaries.rider_id
            AND published_at IS NOT NULL AND audience = 'everyone'
        );
    END IF;
    RETURN NULL;
END $$;

-- Lists of two topics are merged from the index alone, which is quick for pages known to be seen by
-- all: that is noted each time a fiftieth has come to the table instead of a fifth.
ALTER TABLE topics SET (autovacuum_vacuum_insert_scale_factor = 0.02);

-- From here on those who write trips wait until all is committed; readers do not.
CREATE TRIGGER keep_topics_and_diaries_on_insert AFTER INSERT ON trips
REFERENCING NEW TABLE AS new_trips
FOR EACH STATEMENT EXECUTE FUNCTION keep_topics_and_diaries();

CREATE TRIGGER keep_topics_and_diaries_on_update AFTER UPDATE ON trips
REFERENCING OLD TABLE AS old_trips NEW TABLE AS new_trips
FOR EACH STATEMENT EXECUTE FUNCTION keep_topics_and_diaries();

CREATE TRIGGER keep_topics_and_diaries_on_delete AFTER DELETE ON trips
REFERENCING OLD TABLE AS old_trips
FOR EACH STATEMENT EXECUTE FUNCTION keep_topics_and_diaries();

INSERT INTO topics (kind, word, published_at, trip_id)
SELECT DISTINCT words.kind, words.word, trips.published_at, trips.id
FROM trips
CROSS JOIN LATERAL (
    SELECT 'country' AS kind, unnest(trips.countries) AS word
    UNION ALL SELECT 'tag', unnest(trips.tags)
) AS words
WHERE trips.published_at IS NOT NULL AND trips.audience = 'everyone';

INSERT INTO diaries (rider_id, trips, distance_metres, wrote_at)
SELECT rider_id, count(*), coalesce(sum(distance_metres), 0), max(published_at)
FROM trips WHERE published_at IS NOT NULL AND audience = 'everyone'
GROUP BY rider_id;

ANALYZE topics, diaries;
