internal import Stores

/// Every statement on rollups, cursors and the state.
enum RollupStatements {
    static let state = PostgresStatement(
        name: "state",
        sql: """
            SELECT time_zone, (extract(epoch FROM complete_through) * 1000)::bigint, revision, forgotten, zone_rules FROM rollup_state
            """)

    static let lockState = PostgresStatement(
        name: "lock_state", sql: "SELECT revision FROM rollup_state FOR UPDATE")

    static let countForgotten = PostgresStatement(
        name: "count_forgotten", sql: "UPDATE rollup_state SET forgotten = forgotten + 1 RETURNING forgotten")

    /// Gives no row where another holder has it still.
    static let lead = PostgresStatement(
        name: "lead",
        sql: """
            INSERT INTO aggregator_lead AS l (holder, until)
            VALUES ($1, clock_timestamp() + $2 * interval '1 millisecond')
            ON CONFLICT (only_row) DO UPDATE SET holder = excluded.holder, until = excluded.until
              WHERE l.holder = excluded.holder OR l.until <= clock_timestamp()
            RETURNING holder
            """)

    static let resign = PostgresStatement(name: "resign", sql: "DELETE FROM aggregator_lead WHERE holder = $1")

    static let raiseRevision = PostgresStatement(
        name: "raise_revision", sql: "UPDATE rollup_state SET revision = revision + 1 RETURNING revision")

    /// `greatest` passes over NULL.
    static let setCompleteThrough = PostgresStatement(
        name: "set_complete_through",
        sql: """
            UPDATE rollup_state SET complete_through
              = greatest(complete_through, timestamptz 'epoch' + $1 * interval '1 millisecond')
            RETURNING revision
            """)

    static let cursors = PostgresStatement(
        name: "cursors",
        sql: "SELECT epoch, partition, next_offset, folded_stored FROM rollup_cursor ORDER BY epoch, partition")

    static let lockCursors = PostgresStatement(name: "lock_cursors", sql: cursors.sql + " FOR UPDATE")

    /// Gives how many moved: one that is elsewhere, or was made meanwhile, does not.
    static let moveCursors = PostgresStatement(
        name: "move_cursors",
        sql: """
            WITH move AS (
              SELECT * FROM unnest($1::integer[], $2::integer[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
                AS m(epoch, partition, from_offset, from_stored, to_offset, to_stored)
            ), moved AS (
              UPDATE rollup_cursor c SET next_offset = m.to_offset, folded_stored = m.to_stored FROM move m
              WHERE c.epoch = m.epoch AND c.partition = m.partition
                AND c.next_offset = m.from_offset AND c.folded_stored = m.from_stored
              RETURNING 1
            ), made AS (
              INSERT INTO rollup_cursor (epoch, partition, next_offset, folded_stored)
              SELECT epoch, partition, to_offset, to_stored FROM move WHERE from_offset IS NULL
              ON CONFLICT DO NOTHING
              RETURNING 1
            )
            SELECT (SELECT count(*) FROM moved) + (SELECT count(*) FROM made)
            """)

    static let sources = PostgresStatement(name: "sources", sql: "SELECT source FROM rollup_source ORDER BY source")

    /// Sorted, so that two writers lock rows in the same order. Keys may be repeated.
    static func add(_ granularity: Granularity) -> PostgresStatement {
        let table = granularity.table
        return PostgresStatement(
            name: "add_\(table)",
            sql: """
                WITH change AS (
                  SELECT source COLLATE "C" AS source, \(granularity.period("number")) AS period,
                    dimension COLLATE "C" AS dimension, value COLLATE "C" AS value,
                    sum(events)::bigint AS events, sum(visitors)::bigint AS visitors
                  FROM unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
                    AS c(source, number, dimension, value, events, visitors)
                  GROUP BY 1, 2, 3, 4
                ), known AS (
                  INSERT INTO rollup_source SELECT DISTINCT source FROM change ORDER BY 1 ON CONFLICT DO NOTHING
                )
                INSERT INTO \(table) AS r (source, period, dimension, value, events, visitors)
                SELECT source, period, dimension, value, events, visitors FROM change ORDER BY 1, 3, 4, 2
                ON CONFLICT (source, dimension, index_key(value), period) DO UPDATE
                  SET events = r.events + excluded.events, visitors = r.visitors + excluded.visitors
                """)
    }

    /// The last parameters, the sources and the dimension, are left away where all are wanted.
    static func rows(_ granularity: Granularity, allSources: Bool, allDimensions: Bool) -> PostgresStatement {
        let dimension = allDimensions ? "" : "AND dimension = $\(allSources ? 3 : 4)"
        return PostgresStatement(
            name: "rows_\(granularity.table)\(allSources ? "_all" : "")\(allDimensions ? "_any" : "")",
            sql: """
                SELECT source, \(granularity.number("period")), dimension, value, events, visitors
                FROM \(granularity.table)
                WHERE source \(allSources ? "IN (SELECT source FROM rollup_source)" : "= ANY($3)")
                  AND period BETWEEN \(granularity.period("$1")) AND \(granularity.period("$2")) \(dimension)
                """)
    }

    /// The last parameter, the sources, is left away where all are meant.
    static func removeRows(_ granularity: Granularity, allSources: Bool) -> PostgresStatement {
        PostgresStatement(
            name: "remove_\(granularity.table)\(allSources ? "_all" : "")",
            sql: """
                DELETE FROM \(granularity.table)
                WHERE period BETWEEN \(granularity.period("$1")) AND \(granularity.period("$2"))
                  \(allSources ? "" : "AND source = ANY($3)")
                """)
    }

    static let recordedValues = PostgresStatement(
        name: "recorded_values",
        sql: """
            SELECT d.value FROM unnest($4::text[]) AS v(value) JOIN dimension_value d
              ON d.source = $1 AND d.dimension = $2 AND d.week = date 'epoch' + $3::integer
              AND index_key(d.value) = index_key(v.value) AND d.value = v.value
            """)

    /// Gives the values that are on record now.
    static let recordValues = PostgresStatement(
        name: "record_values",
        sql: """
            WITH wanted AS (
              SELECT value COLLATE "C" AS value, min(ordinal) AS ordinal
              FROM unnest($4::text[]) WITH ORDINALITY AS v(value, ordinal) GROUP BY 1
            ), known AS (
              SELECT w.value FROM wanted w JOIN dimension_value d
                ON d.source = $1 AND d.dimension = $2 AND d.week = date 'epoch' + $3::integer
                AND index_key(d.value) = index_key(w.value) AND d.value = w.value
            ), room AS (
              SELECT $5 - count(*) AS size FROM dimension_value
              WHERE source = $1 AND dimension = $2 AND week = date 'epoch' + $3::integer
            ), made AS (
              INSERT INTO dimension_value (week, source, dimension, value)
              SELECT date 'epoch' + $3::integer, $1, $2, value
              FROM (
                SELECT value, row_number() OVER (ORDER BY ordinal) AS place FROM wanted
                WHERE NOT EXISTS (SELECT FROM known k WHERE k.value = wanted.value)
              ) new, room
              WHERE place <= room.size
              RETURNING value
            )
            SELECT value FROM known UNION ALL SELECT value FROM made
            """)

    /// The last parameter, the sources, is left away where all are wanted.
    static func counts(_ granularity: Granularity, allSources: Bool) -> PostgresStatement {
        PostgresStatement(
            name: "counts_\(granularity.table)\(allSources ? "_all" : "")",
            sql: """
                SELECT source, \(granularity.number("period")), events, visitors FROM \(granularity.table)
                WHERE source \(allSources ? "IN (SELECT source FROM rollup_source)" : "= ANY($5)")
                  AND period BETWEEN \(granularity.period("$1")) AND \(granularity.period("$2"))
                  AND dimension = $3 AND index_key(value) = index_key($4) AND value = $4
                ORDER BY 1, 2
                """)
    }
}

extension Granularity {
    fileprivate var table: String {
        switch self {
        case .interval: "interval_rollup"
        case .day: "daily_rollup"
        case .week: "weekly_rollup"
        }
    }

    /// SQL that makes a period of a number.
    fileprivate func period(_ number: String) -> String {
        switch self {
        case .interval: "timestamptz 'epoch' + \(number) * interval '15 minutes'"
        case .day, .week: "date 'epoch' + \(number)"
        }
    }

    /// SQL that makes a number of a period.
    fileprivate func number(_ period: String) -> String {
        switch self {
        case .interval: "(extract(epoch FROM \(period)) / 900)::integer"
        case .day, .week: "\(period) - date 'epoch'"
        }
    }
}
