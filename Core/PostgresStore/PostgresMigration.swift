internal import Stores

/// One step of the schema: a file of `schemas/postgresql`.
struct PostgresMigration: Sendable {
    /// Counted from 1, without gaps.
    let version: Int32
    /// The file's name without number and extension.
    let name: String
    /// The file's text.
    let sql: String

    /// Serialises those who provision, over all processes; an arbitrary number.
    private static let lock: Int64 = 0x7472_6962_7574_6172

    /// Applies the step unless that has been done. Throws `.invalidConfiguration` where another text of the same
    /// version has been applied.
    func apply(in session: PostgresSession) async throws {
        try await Self.begin(session)
        let same = try await session.rows(Self.compareChecksum, [.integer(version), .text(sql)]) { try $0.bool(0) }
        switch same.first {
        case true: return
        case false:
            throw DatabaseError(
                postgres: .invalidConfiguration,
                "migration \(version) (\(name)) was applied with another text: an applied migration must not change")
        case nil:
            try await session.script(sql)
            let parameters: [PostgresParameter] = [.integer(version), .text(name), .text(sql)]
            _ = try await session.rows(Self.record, parameters) { _ in }
        }
    }

    /// Waits for others who provision, and makes sure of what the steps themselves stand on.
    private static func begin(_ session: PostgresSession) async throws {
        // Notices that something exists already are of no use, and waiting may take as long as it takes.
        try await session.script("SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(\(lock))")
        let encoding = try await session.rows(encoding) { try $0.text(0) }.first ?? ""
        guard encoding == "UTF8" else {
            throw DatabaseError(postgres: .invalidConfiguration, "the database's encoding is \(encoding), not UTF8")
        }
        try await session.script(
            """
            CREATE TABLE IF NOT EXISTS schema_migration (
              version integer PRIMARY KEY,
              name text NOT NULL,
              checksum text NOT NULL,
              applied_at timestamptz NOT NULL DEFAULT now()
            )
            """)
    }

    /// Throws `.notProvisioned` where steps are missing. Further ones, of a newer program, do no harm.
    static func checkVersion(in session: PostgresSession) async throws {
        let applied = try await session.count(highest)
        guard applied >= all.count else {
            throw DatabaseError.notProvisioned("the tables are at version \(applied), this program needs \(all.count)")
        }
    }

    private static let encoding = PostgresStatement(name: "encoding", sql: "SELECT current_setting('server_encoding')")
    private static let highest = PostgresStatement(
        name: "highest_version", sql: "SELECT coalesce(max(version), 0)::bigint FROM schema_migration")

    private static let compareChecksum = PostgresStatement(
        name: "compare_checksum",
        sql: "SELECT checksum = encode(sha256(convert_to($2, 'UTF8')), 'hex') FROM schema_migration WHERE version = $1")

    private static let record = PostgresStatement(
        name: "record_migration",
        sql: """
            INSERT INTO schema_migration (version, name, checksum)
            VALUES ($1, $2, encode(sha256(convert_to($3, 'UTF8')), 'hex'))
            """)
}

/// Notes the reporting time zone and its rules. They may change as long as nothing has been folded by others.
func fixTimeZone(_ timeZone: String, in session: PostgresSession) async throws {
    guard let calendar = ReportingCalendar(timeZone) else {
        throw DatabaseError(postgres: .invalidConfiguration, "'\(timeZone)' is no time zone that is known here")
    }
    let parameters: [PostgresParameter] = [.text(timeZone), .text(calendar.rules)]
    _ = try await session.rows(insertState, parameters) { _ in }
    let isUsed = try await session.rows(lockedUse) { try $0.bool(0) }.first ?? false
    if isUsed { try await PostgresReader(session: session).state().check(calendar) }
    _ = try await session.rows(replaceTimeZone, parameters) { _ in }
}

private let insertState = PostgresStatement(
    name: "insert_state",
    sql: "INSERT INTO rollup_state (time_zone, zone_rules) VALUES ($1, $2) ON CONFLICT DO NOTHING")

private let lockedUse = PostgresStatement(
    name: "locked_use",
    sql: """
        SELECT EXISTS (SELECT FROM rollup_source) OR EXISTS (SELECT FROM rollup_cursor)
          OR EXISTS (SELECT FROM visitor) OR EXISTS (SELECT FROM visitor_set)
        FROM rollup_state FOR UPDATE
        """)

let replaceTimeZone = PostgresStatement(
    name: "replace_time_zone",
    sql: """
        UPDATE rollup_state SET time_zone = $1, zone_rules = $2
        WHERE (time_zone, coalesce(zone_rules, '')) <> ($1, $2)
        """)
