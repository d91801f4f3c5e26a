extension PostgresMigration {
    /// All steps, in order: the files of `schemas/postgresql`, which are the authority.
    ///
    /// They are repeated here because the program is one file: SwiftPM's resource bundles lie beside it, and its
    /// `.embedInCode` takes nothing from outside the module's folder. A test holds both equal.
    static let all = [
        PostgresMigration(version: 1, name: "rollups", sql: rollups),
        PostgresMigration(version: 2, name: "dimension_values", sql: dimensionValues),
        PostgresMigration(version: 3, name: "new_visitors", sql: newVisitors),
        PostgresMigration(version: 4, name: "forgetting", sql: forgetting),
        PostgresMigration(version: 5, name: "aggregator_lead", sql: aggregatorLead),
        PostgresMigration(version: 6, name: "zone_rules", sql: zoneRules),
    ]

    private static let rollups = #"""
        -- Rollups, the visitors behind them, and how far the log has been folded into them.
        -- Applied by `tributary provision`, which keeps the table schema_migration. Never edit this file once it has been
        -- released: add the next one.
        --
        -- Text compares by its bytes (collation "C"): the same everywhere, unlike a locale's order, and quicker.

        -- What an index holds of a dimension's value. An index entry is limited to 2,704 bytes, and values are not: a long
        -- one is represented by its beginning and a SHA-256 of the whole. Short and long keys never meet: the former have
        -- less than 200 bytes, the latter at least 200. Backslashes are doubled because the cast to bytea reads escapes.
        CREATE FUNCTION index_key(value text) RETURNS text
          LANGUAGE sql IMMUTABLE PARALLEL SAFE
          RETURN CASE
            WHEN octet_length(value) < 200 THEN value
            ELSE left(value, 136) || encode(sha256(replace(value, '\', '\\')::bytea), 'hex')
          END;

        -- Facts about the rollups as a whole; always one row. A merging transaction locks it first, so that one merges at a
        -- time even where there is no cursor yet.
        CREATE TABLE rollup_state (
          only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
          -- The IANA name of the zone that days and weeks are cut in.
          time_zone text NOT NULL,
          -- Everything received before this time has been folded; NULL before the first time.
          complete_through timestamptz,
          -- Grows with every transaction that changes a number.
          revision bigint NOT NULL DEFAULT 0
        );

        -- How far each incarnation (epoch) of each partition has been folded. Moves in the transaction that changes the
        -- rollups, by compare-and-set.
        CREATE TABLE rollup_cursor (
          epoch integer NOT NULL,
          partition integer NOT NULL,
          -- The offset of the next record to fold.
          next_offset bigint NOT NULL,
          -- How many stored events below it have been folded.
          folded_stored bigint NOT NULL,
          PRIMARY KEY (epoch, partition)
        );

        -- The sources that have any rollup.
        CREATE TABLE rollup_source (
          source text COLLATE "C" PRIMARY KEY
        );

        -- Rollups of 15 minutes, UTC. `period` is the first instant.
        CREATE TABLE interval_rollup (
          period timestamptz NOT NULL,
          events bigint NOT NULL,
          visitors bigint NOT NULL,
          source text COLLATE "C" NOT NULL,
          dimension text COLLATE "C" NOT NULL,
          -- Empty for the dimension "all".
          value text COLLATE "C" NOT NULL
        );
        CREATE UNIQUE INDEX interval_rollup_key ON interval_rollup (source, dimension, index_key(value), period);

        -- Rollups of a calendar day in the reporting time zone.
        CREATE TABLE daily_rollup (
          period date NOT NULL,
          events bigint NOT NULL,
          visitors bigint NOT NULL,
          source text COLLATE "C" NOT NULL,
          dimension text COLLATE "C" NOT NULL,
          value text COLLATE "C" NOT NULL
        );
        CREATE UNIQUE INDEX daily_rollup_key ON daily_rollup (source, dimension, index_key(value), period);

        -- Rollups of an ISO week in the reporting time zone. `period` is its Monday.
        CREATE TABLE weekly_rollup (
          period date NOT NULL,
          events bigint NOT NULL,
          visitors bigint NOT NULL,
          source text COLLATE "C" NOT NULL,
          dimension text COLLATE "C" NOT NULL,
          value text COLLATE "C" NOT NULL
        );
        CREATE UNIQUE INDEX weekly_rollup_key ON weekly_rollup (source, dimension, index_key(value), period);

        -- Who has been seen, by source. The number is the bit that stands for the visitor in every set of the source.
        CREATE TABLE visitor (
          -- Dense within the source, from 0; as large as an unsigned 32-bit number.
          number bigint NOT NULL CHECK (number BETWEEN 0 AND 4294967295),
          -- The day of the first event, in the reporting time zone.
          first_day date NOT NULL,
          source text COLLATE "C" NOT NULL,
          -- The first 128 bits of a SHA-256; the userId itself is not kept here.
          user_hash bytea NOT NULL CHECK (octet_length(user_hash) = 16),
          PRIMARY KEY (source, user_hash)
        );
        CREATE UNIQUE INDEX visitor_number ON visitor (source, number);

        -- The next visitor number of each source. A row and not a sequence, because sequences leave gaps at a rollback.
        CREATE TABLE visitor_counter (
          source text COLLATE "C" PRIMARY KEY,
          next bigint NOT NULL
        );

        -- Names the sets of visitors, so that chunks and deltas do not repeat long values.
        CREATE TABLE visitor_set (
          set_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          -- Days since 1970-01-01 (a week's Monday), or 15-minute intervals since 1970-01-01T00:00Z.
          period_number integer NOT NULL,
          granularity text COLLATE "C" NOT NULL CHECK (granularity IN ('interval', 'day', 'week')),
          source text COLLATE "C" NOT NULL,
          dimension text COLLATE "C" NOT NULL,
          value text COLLATE "C" NOT NULL
        );
        CREATE UNIQUE INDEX visitor_set_key
          ON visitor_set (source, granularity, dimension, index_key(value), period_number);

        -- The base of a set, cut by the high 16 bits so that compaction rewrites only what changed. Bitmaps here and below
        -- are in Roaring's portable format, with full 32-bit numbers; they hardly compress further.
        CREATE TABLE visitor_set_chunk (
          set_id bigint NOT NULL REFERENCES visitor_set ON DELETE CASCADE,
          chunk integer NOT NULL CHECK (chunk BETWEEN 0 AND 65535),
          bitmap bytea NOT NULL,
          PRIMARY KEY (set_id, chunk)
        );
        ALTER TABLE visitor_set_chunk ALTER COLUMN bitmap SET STORAGE EXTERNAL;

        -- What one pass added to a set. The set is the union of its chunks and its deltas.
        CREATE TABLE visitor_set_delta (
          set_id bigint NOT NULL REFERENCES visitor_set ON DELETE CASCADE,
          -- Ascends in the order of adding.
          delta_id bigint GENERATED ALWAYS AS IDENTITY,
          bitmap bytea NOT NULL,
          PRIMARY KEY (set_id, delta_id)
        );
        ALTER TABLE visitor_set_delta ALTER COLUMN bitmap SET STORAGE EXTERNAL;

        """#

    private static let dimensionValues = #"""
        -- Which values of a dimension have rows of their own, by ISO week: the first that came, up to a limit. All others are
        -- counted under "(other)". Kept, so that counting the same events again gives the same rows.
        CREATE TABLE dimension_value (
          -- The week's Monday, in the reporting time zone.
          week date NOT NULL,
          source text COLLATE "C" NOT NULL,
          dimension text COLLATE "C" NOT NULL,
          value text COLLATE "C" NOT NULL
        );
        CREATE UNIQUE INDEX dimension_value_key ON dimension_value (source, dimension, week, index_key(value));

        """#

    private static let newVisitors = #"""
        -- How many visitors of a source were first seen on a day. Changes in the transaction that adds visitors or lowers
        -- first days, so that a question about new visitors need not count the visitors themselves.
        CREATE TABLE new_visitors (
          day date NOT NULL,
          visitors bigint NOT NULL,
          source text COLLATE "C" NOT NULL,
          PRIMARY KEY (source, day)
        );
        INSERT INTO new_visitors (day, visitors, source) SELECT first_day, count(*), source FROM visitor GROUP BY 1, 3;

        """#

    private static let forgetting = #"""
        -- Users who are being forgotten, until none of their raw events that have been counted has their id. Meanwhile events that
        -- still have it are counted as those of the token.
        CREATE TABLE forgetting (
          source text COLLATE "C" NOT NULL,
          -- What the visitor was known by.
          user_hash bytea NOT NULL CHECK (octet_length(user_hash) = 16),
          -- The random text that takes the userId's place.
          token text COLLATE "C" NOT NULL,
          PRIMARY KEY (source, user_hash)
        );

        -- How many users have been forgotten: whoever read raw events before the last of them reads them again.
        ALTER TABLE rollup_state ADD COLUMN forgotten bigint NOT NULL DEFAULT 0;

        """#

    private static let aggregatorLead = #"""
        -- Which aggregator does the work, and until when unless it says so again. Not logged: after a crash of the server anybody may.
        CREATE UNLOGGED TABLE aggregator_lead (
          only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
          holder text COLLATE "C" NOT NULL,
          until timestamptz NOT NULL
        );

        """#

    private static let zoneRules = #"""
        -- By which offsets days and weeks were cut: a digest of those of the time zone from 1970 to 2100. NULL: not known yet.
        ALTER TABLE rollup_state ADD COLUMN zone_rules text COLLATE "C";

        """#
}
