public import Metrics
public import Stores

/// Rollups in PostgreSQL, over libpq.
///
/// One connection writes, the others read: merging is serial anyway, and readers never queue behind a writer.
/// Connections are opened when needed, and again after they were lost.
public final class PostgresStore: RollupStore {
    private let writers: PostgresPool
    private let readers: PostgresPool
    /// The lead is renewed while a long merge goes on.
    private let leads: PostgresPool

    /// Prepares a store; nothing is connected yet.
    ///
    /// - Parameter url: `postgres://user:password@host:port/database?…`, or libpq's `key=value` pairs. What it leaves
    ///   out comes from libpq's environment variables and defaults.
    /// - Throws: `.invalidConfiguration` where it cannot be read; the message does not quote it.
    public init(
        url: String, options: PostgresOptions = PostgresOptions(), metrics: any MetricsFactory = MetricsSystem.factory
    ) throws {
        guard options.connections >= 2 else {
            throw DatabaseError(postgres: .invalidConfiguration, "at least 2 connections are needed")
        }
        let address = try ConnectionString(url)
        writers = try PostgresPool(1, address, options, PostgresTelemetry(.write, metrics))
        leads = try PostgresPool(1, address, options, PostgresTelemetry(.lead, metrics))
        readers = try PostgresPool(options.connections - 1, address, options, PostgresTelemetry(.read, metrics))
    }

    public func provision(timeZone: String) async throws {
        for migration in PostgresMigration.all {
            try await writers.transaction(.write) { try await migration.apply(in: $0) }
        }
        try await writers.transaction(.write) { try await fixTimeZone(timeZone, in: $0) }
    }

    public func withTransaction<Value: Sendable>(
        _ body: @Sendable (any RollupTransaction) async throws -> Value
    ) async throws -> Value {
        try await writers.transaction(.write) { try await body(PostgresTransaction(session: $0)) }
    }

    public func withReader<Value: Sendable>(
        _ body: @Sendable (any RollupReader) async throws -> Value
    ) async throws -> Value {
        try await readers.transaction(.read) { try await body(PostgresReader(session: $0)) }
    }

    public func lead(as holder: String, for term: Duration) async throws -> Bool {
        let parameters: [PostgresParameter] = [.text(holder), .bigint(Int64(term.wholeMilliseconds))]
        return try await leads.transaction(.write) { session in
            try await !session.rows(RollupStatements.lead, parameters) { try $0.text(0) }.isEmpty
        }
    }

    public func resign(as holder: String) async throws {
        try await leads.transaction(.write) { session in
            _ = try await session.rows(RollupStatements.resign, [.text(holder)]) { _ in }
        }
    }

    public func checkHealth() async throws {
        try await readers.transaction(.read) { session in
            try await PostgresMigration.checkVersion(in: session)
            _ = try await PostgresReader(session: session).state()
        }
    }

    public func close() async {
        await writers.close()
        await readers.close()
        await leads.close()
    }
}
