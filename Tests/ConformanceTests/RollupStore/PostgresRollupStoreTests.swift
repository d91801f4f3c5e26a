import Foundation
import Stores
import Testing

@testable import PostgresStore

@Suite("RollupStore: PostgreSQL", .serialized)
struct PostgresRollupStoreTests {
    @Test(arguments: RollupStoreCheck.all)
    func holds(_ check: RollupStoreCheck) async throws {
        try await check.run(on: try await PostgresFixture())
    }
}

/// A database of its own on the server that `TRIBUTARY_TEST_POSTGRES_URL` names.
struct PostgresFixture: RollupStoreFixture {
    private let administrator: String
    private let database = "tributary_test_\(UInt64.random(in: .min ... .max))"
    /// Connections to it come about and nothing answers, as from a server that hangs.
    private let listener: SilentListener

    init() async throws {
        listener = try SilentListener()
        administrator = try #require(
            ProcessInfo.processInfo.environment["TRIBUTARY_TEST_POSTGRES_URL"],
            "TRIBUTARY_TEST_POSTGRES_URL is not set: run `make test`, which starts the servers")
        try administer("CREATE DATABASE \(database) TEMPLATE template0 ENCODING 'UTF8'")
    }

    /// The address of the fixture's database.
    var url: String {
        var components = URLComponents(string: administrator) ?? URLComponents()
        components.path = "/\(database)"
        return components.string ?? ""
    }

    func open() async throws -> any RollupStore { try PostgresStore(url: url) }

    func openUnreachable() async throws -> (store: any RollupStore, limit: Duration)? {
        var options = PostgresOptions()
        options.connectTimeout = .seconds(2)
        let store = try PostgresStore(url: "postgres://u@127.0.0.1:\(listener.port)/d", options: options)
        return (store, .seconds(5))
    }

    func tearDown() async throws { try administer("DROP DATABASE IF EXISTS \(database) WITH (FORCE)") }

    /// Runs statements on the server's own database, which waits; few and short enough for a test.
    func administer(_ sql: String) throws { _ = try run(sql, at: administrator) }

    /// Runs statements on the fixture's database.
    func execute(_ sql: String) throws { _ = try run(sql, at: url) }

    /// Whether one row, which is true, comes back from the fixture's database.
    func isTrue(_ sql: String) throws -> Bool { try run(sql, at: url) == ["t"] }

    /// The first column of the last result, as text.
    private func run(_ sql: String, at url: String) throws -> [String] {
        let handle = try PostgresHandle(try ConnectionString(url), PostgresOptions(), wake: try WakeSignal())
        return try handle.script(sql).rows.map { try $0.text(0) }
    }
}
