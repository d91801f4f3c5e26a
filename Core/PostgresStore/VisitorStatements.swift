/// Every statement on visitors and their sets.
enum VisitorStatements {
    static let visitors = PostgresStatement(
        name: "visitors",
        sql: """
            SELECT user_hash, number, first_day - date 'epoch' FROM visitor
            WHERE source = $1 AND user_hash = ANY($2::bytea[])
            """)

    /// Gives the first number. The counter's row stays locked until the end of the transaction.
    static let addVisitors = PostgresStatement(
        name: "add_visitors",
        sql: """
            WITH counter AS (
              INSERT INTO visitor_counter AS c (source, next) VALUES ($1, $4)
              ON CONFLICT (source) DO UPDATE SET next = c.next + excluded.next
              RETURNING next - $4 AS first
            ), added AS (
              INSERT INTO visitor (source, user_hash, number, first_day)
              SELECT $1, user_hash, first + ordinal - 1, date 'epoch' + day
              FROM counter, unnest($2::bytea[], $3::integer[]) WITH ORDINALITY AS u(user_hash, day, ordinal)
            ), counted AS (
              \(countFirstDays(from: "SELECT day, 1 AS change FROM unnest($3::integer[]) AS u(day)"))
            )
            SELECT first FROM counter
            """)

    static let forgettings = PostgresStatement(
        name: "forgettings", sql: "SELECT source, user_hash, token FROM forgetting ORDER BY source, user_hash")

    /// Gives the token that is on record now.
    static let beginForgetting = PostgresStatement(
        name: "begin_forgetting",
        sql: """
            INSERT INTO forgetting (source, user_hash, token) VALUES ($1, $2, $3)
            ON CONFLICT (source, user_hash) DO UPDATE SET token = forgetting.token
            RETURNING token
            """)

    /// Gives how many visitors have the new digest, now or since an earlier call.
    static let renameVisitor = PostgresStatement(
        name: "rename_visitor",
        sql: """
            WITH renamed AS (
              UPDATE visitor SET user_hash = $3 WHERE source = $1 AND user_hash = $2 RETURNING 1
            )
            SELECT (SELECT count(*) FROM renamed)
              + (SELECT count(*) FROM visitor WHERE source = $1 AND user_hash = $3)
            """)

    /// Gives how many were taken off the record.
    static let endForgetting = PostgresStatement(
        name: "end_forgetting",
        sql: """
            WITH ended AS (
              DELETE FROM forgetting WHERE source = $1 AND user_hash = $2 AND token = $3 RETURNING 1
            )
            SELECT count(*) FROM ended
            """)

    static let lowerFirstDays = PostgresStatement(
        name: "lower_first_days",
        sql: """
            WITH lowered AS (
              SELECT v.number, v.first_day - date 'epoch' AS was, d.day
              FROM visitor v JOIN (
                SELECT number, min(day) AS day FROM unnest($2::bigint[], $3::integer[]) AS u(number, day) GROUP BY number
              ) d ON v.source = $1 AND v.number = d.number AND v.first_day > date 'epoch' + d.day
            ), moved AS (
              UPDATE visitor v SET first_day = date 'epoch' + l.day FROM lowered l
              WHERE v.source = $1 AND v.number = l.number
            )
            \(countFirstDays(from: "SELECT was AS day, -1 AS change FROM lowered UNION ALL SELECT day, 1 FROM lowered"))
            """)

    /// The last parameter, the sources, is left away where all are wanted.
    static func newVisitors(allSources: Bool) -> PostgresStatement {
        PostgresStatement(
            name: "new_visitors\(allSources ? "_all" : "")",
            sql: """
                SELECT source, day - date 'epoch', visitors FROM new_visitors
                WHERE day BETWEEN date 'epoch' + $1 AND date 'epoch' + $2 AND visitors > 0
                  \(allSources ? "" : "AND source = ANY($3)")
                ORDER BY source, day
                """)
    }

    /// Adds to how many visitors of source `$1` have their first day on a day.
    private static func countFirstDays(from changes: String) -> String {
        """
        INSERT INTO new_visitors AS n (source, day, visitors)
        SELECT $1, date 'epoch' + day, sum(change) FROM (\(changes)) c GROUP BY day HAVING sum(change) <> 0 ORDER BY day
        ON CONFLICT (source, day) DO UPDATE SET visitors = n.visitors + excluded.visitors
        """
    }

    /// Chunks and deltas of the sets asked for, each with its key's place in the question; a delta has no chunk.
    static let sets = PostgresStatement(
        name: "sets",
        sql: """
            WITH wanted AS (
              SELECT s.set_id, k.ordinal
              FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[]) WITH ORDINALITY
                AS k(source, granularity, period_number, dimension, value, ordinal)
              JOIN visitor_set s ON \(sameKey)
            )
            SELECT ordinal, chunk, bitmap FROM (
              SELECT ordinal, chunk, NULL AS delta_id, bitmap FROM wanted JOIN visitor_set_chunk USING (set_id)
              UNION ALL
              SELECT ordinal, NULL, delta_id, bitmap FROM wanted JOIN visitor_set_delta USING (set_id)
            ) part
            ORDER BY ordinal, delta_id
            """)

    /// The last parameter, the sources, is left away where all are wanted.
    static func setKeys(allSources: Bool) -> PostgresStatement {
        PostgresStatement(
            name: "set_keys\(allSources ? "_all" : "")",
            sql: """
                SELECT source, period_number, dimension, value FROM visitor_set
                WHERE granularity = $1 AND period_number BETWEEN $2 AND $3 \(allSources ? "" : "AND source = ANY($4)")
                """)
    }

    /// From the deltas on: of sets there are many more.
    static let keysWithDeltas = PostgresStatement(
        name: "keys_with_deltas",
        sql: """
            SELECT s.source, s.period_number, s.dimension, s.value
            FROM (SELECT DISTINCT set_id FROM visitor_set_delta) d JOIN visitor_set s USING (set_id)
            WHERE s.granularity = $1 AND s.period_number < $2
            LIMIT $3
            """)

    /// Chunks and deltas go with their sets.
    static func removeSets(allSources: Bool) -> PostgresStatement {
        PostgresStatement(
            name: "remove_sets\(allSources ? "_all" : "")",
            sql: """
                DELETE FROM visitor_set
                WHERE granularity = $1 AND period_number BETWEEN $2 AND $3 \(allSources ? "" : "AND source = ANY($4)")
                """)
    }

    /// Gives how many deltas were appended: fewer than asked for where another writer made a set meanwhile.
    static let appendDeltas = PostgresStatement(
        name: "append_deltas",
        sql: """
            WITH delta AS (
              SELECT * FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::bytea[])
                WITH ORDINALITY AS d(source, granularity, period_number, dimension, value, bitmap, ordinal)
            ), \(namedSets(from: "SELECT DISTINCT source, granularity, period_number, dimension, value FROM delta"))
            , appended AS (
              INSERT INTO visitor_set_delta (set_id, bitmap)
              SELECT s.set_id, k.bitmap FROM delta k JOIN named s ON \(sameKey) ORDER BY k.ordinal
              RETURNING 1
            )
            SELECT count(*) FROM appended
            """)

    /// Gives how many sets were found or made: none where another writer made it meanwhile.
    static let compact = PostgresStatement(
        name: "compact",
        sql: """
            WITH \(namedSets(from: "SELECT * FROM (VALUES ($1, $2, $3::integer, $4, $5)) AS v(\(keyColumns))"))
            , dropped AS (
              DELETE FROM visitor_set_delta d USING named s WHERE d.set_id = s.set_id
            ), written AS (
              INSERT INTO visitor_set_chunk AS c (set_id, chunk, bitmap)
              SELECT s.set_id, n.chunk, n.bitmap
              FROM named s, unnest($6::integer[], $7::bytea[]) AS n(chunk, bitmap)
              ON CONFLICT (set_id, chunk) DO UPDATE SET bitmap = excluded.bitmap
            )
            SELECT count(*) FROM named
            """)

    private static let keyColumns = "source, granularity, period_number, dimension, value"

    /// The index finds by `index_key`; the value itself makes sure.
    private static let sameKey = """
        s.source = k.source AND s.granularity = k.granularity AND s.dimension = k.dimension
        AND index_key(s.value) = index_key(k.value) AND s.value = k.value AND s.period_number = k.period_number
        """

    /// Common table expressions that end in `named`: each key with its set, which is made where there is none.
    private static func namedSets(from keys: String) -> String {
        """
        k AS (\(keys)), made AS (
          INSERT INTO visitor_set (\(keyColumns)) SELECT \(keyColumns) FROM k ON CONFLICT DO NOTHING
          RETURNING set_id, \(keyColumns)
        ), named AS (
          SELECT s.set_id, s.source, s.granularity, s.period_number, s.dimension, s.value
          FROM visitor_set s JOIN k ON \(sameKey)
          UNION ALL SELECT * FROM made
        )
        """
    }
}
