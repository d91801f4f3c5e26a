import EmbeddedStores
import Foundation
import Stores
import TestSupport
import Testing

@testable import PostgresStore
@testable import StoreModels

/// Any interleaving of batches, kills, late and repeated events, rebuilds, recuts, forgettings and two aggregators comes to
/// what a naive recount comes to, bit for bit.
@Suite(.serialized)
struct InterleavingTests {
    private static let isLong = ProcessInfo.processInfo.environment["TRIBUTARY_TEST_LONG"] != nil
    private static let killed = DatabaseError(.unreachable, store: "test", "killed here")

    private func run(
        rounds: Int, steps: Int, _ function: String = #function,
        _ open: (String) async throws -> (handles: [any RollupStore], fuse: Fuse, close: () async throws -> Void)
    ) async throws {
        var random = SeededRandom.announced(function)
        var kills = 0
        for round in 0..<(Self.isLong ? rounds * 10 : rounds) {
            let zone = hardTimeZones.randomElement(using: &random)!
            let (handles, fuse, close) = try await open(zone)
            do {
                let world = InterleavedWorld(
                    handles, zone: zone, fuse: fuse, random: SeededRandom(seed: random.next()))
                for _ in 0..<steps { try await world.step() }
                try await world.expectRecount()
                kills += world.kills
            } catch {
                Issue.record("round \(round): \(error)")
            }
            for handle in handles { await handle.close() }
            try await close()
        }
        #expect(kills > rounds, "\(kills) were killed")
        print("\(function): \(kills) killed")
    }

    @Test func models() async throws {
        try await run(rounds: 5, steps: 40) { zone in
            let store = RollupStoreModel(timeZone: zone)
            return ([store, store], Fuse { throw Self.killed }, {})
        }
    }

    @Test func embedded() async throws {
        try await run(rounds: 3, steps: 30) { zone in
            let directory = try TemporaryDirectory()
            let handles = try (0..<2).map { _ in try EmbeddedRollupStore(path: "\(directory.path)/rollups.db") }
            try await handles[0].provision(timeZone: zone)
            return (handles, Fuse { throw Self.killed }, { directory.remove() })
        }
    }

    /// The server ends the connections: between two statements, or before COMMIT, whose outcome is then not known.
    @Test func postgresql() async throws {
        let server = try #require(
            ProcessInfo.processInfo.environment["TRIBUTARY_TEST_POSTGRES_URL"],
            "TRIBUTARY_TEST_POSTGRES_URL is not set: run `make test`, which starts the servers")
        try await run(rounds: 3, steps: 30) { zone in
            let database = "interleaving_\(UInt64.random(in: 0 ... .max))"
            try Self.administer("CREATE DATABASE \(database) TEMPLATE template0 ENCODING 'UTF8'", server)
            var address = URLComponents(string: server)!
            address.path = "/\(database)"
            let handles = try (0..<2).map { _ in try PostgresStore(url: address.string!) }
            try await handles[0].provision(timeZone: zone)
            let fuse = Fuse {
                try Self.administer(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(database)'", server)
            }
            return (handles, fuse, { try Self.administer("DROP DATABASE \(database) WITH (FORCE)", server) })
        }
    }

    /// Few and short statements: they may wait here.
    private static func administer(_ sql: String, _ url: String) throws {
        let handle = try PostgresHandle(try ConnectionString(url), PostgresOptions(), wake: try WakeSignal())
        try handle.script(sql)
    }
}
