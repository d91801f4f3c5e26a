import Foundation
import Stores
import Testing

@testable import PostgresStore

/// What only PostgreSQL has: migrations, lost connections, cancelled statements.
@Suite("PostgresStore", .serialized)
struct PostgresStoreTests {
    @Test("a connection killed in mid-transaction is an error, and the next call works")
    func killedInTransaction() async throws {
        try await withFixture { fixture, store in
            await expect(.unreachable) {
                try await store.withTransaction { transaction in
                    _ = try await transaction.lockCursors()
                    try await transaction.add([(key(), counts(1, 1))])
                    try fixture.killConnections()
                    try await transaction.raiseRevision()
                }
            }
            #expect(try await row(key(), in: store) == nil)
            try await merge(store) { try await $0.add([(key(), counts(1, 1))]) }
            #expect(try await row(key(), in: store) == counts(1, 1))
        }
    }

    @Test("a connection killed before COMMIT leaves it open whether that happened")
    func killedBeforeCommit() async throws {
        try await withFixture { fixture, store in
            await expect(.timedOut) {
                try await store.withTransaction { transaction in
                    try await transaction.raiseRevision()
                    try fixture.killConnections()
                }
            }
            let state = try await store.withReader { try await $0.state() }
            #expect(state.revision == 0)
        }
    }

    @Test("a connection killed while idle is opened again without an error")
    func killedIdle() async throws {
        try await withFixture { fixture, store in
            for round in 1...3 {
                try fixture.killConnections()
                try await merge(store) { try await $0.raiseRevision() }
                let state = try await store.withReader { try await $0.state() }
                #expect(state.revision == Int64(round))
            }
        }
    }

    @Test("a cancelled task stops waiting for a lock, and leaves no transaction behind")
    func cancelledWhileWaiting() async throws {
        try await withFixture { fixture, store in
            let other = try await fixture.open()
            try await merge(other) { transaction in
                try await transaction.raiseRevision()
                let waiting = Task { try await store.withTransaction { _ = try await $0.lockCursors() } }
                try await fixture.waitUntil("SELECT count(*) = 1 FROM pg_locks WHERE NOT granted")
                let start = ContinuousClock.now
                waiting.cancel()
                await #expect(throws: CancellationError.self) { try await waiting.value }
                // Well before the statement's own time limit.
                #expect(ContinuousClock.now - start < .seconds(10))
                try await fixture.waitUntil("SELECT count(*) = 0 FROM pg_locks WHERE NOT granted")
            }
            try await fixture.waitUntil(
                "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND state LIKE '%in trans%'"
            )
            try await merge(store) { try await $0.raiseRevision() }
            #expect(try await store.withReader { try await $0.state() }.revision == 2)
            await other.close()
        }
    }

    @Test("a cancelled task stops waiting for a connection")
    func cancelledInQueue() async throws {
        try await withFixture { _, store in
            try await store.withTransaction { _ in
                let waiting = Task { try await store.withTransaction { _ in } }
                waiting.cancel()
                await #expect(throws: CancellationError.self) { try await waiting.value }
            }
        }
    }

    @Test("a statement has a time limit")
    func statementTimeout() async throws {
        let fixture = try await PostgresFixture()
        try await fixture.cleanly {
            var options = PostgresOptions()
            options.statementTimeout = .milliseconds(200)
            let holder = try await fixture.openProvisioned()
            let store = try PostgresStore(url: fixture.url, options: options)
            try await merge(holder) { _ in
                await expect(.timedOut) { try await store.withTransaction { _ = try await $0.lockCursors() } }
            }
            _ = try await store.withTransaction { try await $0.lockCursors() }
            await store.close()
            await holder.close()
        }
    }

    @Test("a caller too many is turned away")
    func fullQueue() async throws {
        let fixture = try await PostgresFixture()
        try await fixture.cleanly {
            var options = PostgresOptions()
            options.maximumWaiters = 0
            let store = try PostgresStore(url: fixture.url, options: options)
            try await store.provision(timeZone: zone)
            try await store.withTransaction { _ in
                await expect(.unreachable) { try await store.withTransaction { _ in } }
            }
            await store.close()
        }
    }

    @Test("two writers in a deadlock: one is told to repeat, the other goes on")
    func deadlock() async throws {
        try await withFixture { fixture, store in
            let other = try await fixture.open()
            let (first, second) = (Gate(), Gate())
            async let one = codeOf {
                try await store.withTransaction { transaction in
                    _ = try await transaction.addVisitors(users([1]), to: "a")
                    await first.open()
                    await second.wait()
                    _ = try await transaction.addVisitors(users([1]), to: "b")
                }
            }
            async let two = codeOf {
                try await other.withTransaction { transaction in
                    _ = try await transaction.addVisitors(users([2]), to: "b")
                    await second.open()
                    await first.wait()
                    _ = try await transaction.addVisitors(users([2]), to: "a")
                }
            }
            let codes = await [one, two]
            #expect(Set(codes) == [nil, .contended])
            await other.close()
        }
    }

    private func codeOf(_ body: () async throws -> Void) async -> DatabaseError.Code? {
        do { try await body() } catch { return (error as? DatabaseError)?.code ?? .other }
        return nil
    }

    private func withFixture(
        _ body: @Sendable (PostgresFixture, any RollupStore) async throws -> Void
    ) async throws {
        let fixture = try await PostgresFixture()
        try await fixture.cleanly {
            let store = try await fixture.openProvisioned()
            try await body(fixture, store)
            await store.close()
        }
    }
}

extension PostgresFixture {
    /// Runs a test and removes the database, also where the test throws.
    func cleanly(_ body: () async throws -> Void) async throws {
        do { try await body() } catch {
            try? await tearDown()
            throw error
        }
        try await tearDown()
    }

    /// Ends all connections to the fixture's database.
    func killConnections() throws {
        try execute(
            """
            SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            """)
    }

    /// Asks until the answer is true; fails after ten seconds.
    func waitUntil(_ sql: String) async throws {
        for _ in 0..<500 {
            if try isTrue(sql) { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("never true: \(sql)")
    }
}
