import Foundation
import Stores
import Testing

@testable import PostgresStore

@Suite("PostgreSQL schema", .serialized)
struct PostgresSchemaTests {
    @Test("the program holds exactly the files of schemas/postgresql")
    func filesAndProgramAgree() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../schemas/postgresql")
        let files = try FileManager.default.contentsOfDirectory(atPath: root.standardizedFileURL.path).sorted()
        let held = PostgresMigration.all.map { migration in
            let digits = String(migration.version)
            return String(repeating: "0", count: 4 - digits.count) + digits + "_\(migration.name).sql"
        }
        #expect(held == files)
        #expect(PostgresMigration.all.map(\.version) == Array(1...Int32(files.count)))
        for (file, migration) in zip(files, PostgresMigration.all) {
            let text = try String(contentsOf: root.appending(path: file), encoding: .utf8)
            let isSame = migration.sql == text
            #expect(isSame, "copy \(file) into Migrations.swift")
        }
    }

    @Test("an applied migration whose text has changed stops")
    func changedChecksum() async throws {
        let fixture = try await PostgresFixture()
        try await fixture.cleanly {
            let store = try await fixture.openProvisioned()
            try fixture.execute("UPDATE schema_migration SET checksum = 'another' WHERE version = 1")
            await expect(.invalidConfiguration) { try await store.provision(timeZone: zone) }
            await store.close()
        }
    }

    @Test("a migration that fails leaves nothing of itself")
    func failedMigration() async throws {
        let fixture = try await PostgresFixture()
        try await fixture.cleanly {
            // In the way of a late statement of the first migration.
            try fixture.execute("CREATE TABLE visitor_set_delta (x integer)")
            let store = try await fixture.open()
            await #expect(throws: DatabaseError.self) { try await store.provision(timeZone: zone) }
            #expect(try fixture.isTrue("SELECT to_regclass('rollup_state') IS NULL"))
            #expect(try fixture.isTrue("SELECT to_regclass('schema_migration') IS NULL"))
            try fixture.execute("DROP TABLE visitor_set_delta")
            try await store.provision(timeZone: zone)
            try await store.checkHealth()
            await store.close()
        }
    }

    @Test("tables older than the program are not healthy")
    func olderTables() async throws {
        let fixture = try await PostgresFixture()
        try await fixture.cleanly {
            let store = try await fixture.openProvisioned()
            try fixture.execute("DELETE FROM schema_migration")
            await expect(.notProvisioned) { try await store.checkHealth() }
            await store.close()
        }
    }

    @Test("a program holds its tables by name only: other tables change under a running store")
    func tablesChangeUnderPreparedStatements() async throws {
        let fixture = try await PostgresFixture()
        try await fixture.cleanly {
            let store = try await fixture.openProvisioned()
            _ = try await store.withReader { try await $0.cursors() }
            // The prepared statement's rows would now be of another type.
            try fixture.execute("ALTER TABLE rollup_cursor ALTER next_offset TYPE integer")
            await #expect(throws: DatabaseError.self) { try await store.withReader { try await $0.cursors() } }
            try fixture.execute("ALTER TABLE rollup_cursor ALTER next_offset TYPE bigint")
            #expect(try await store.withReader { try await $0.cursors() } == [])
            await store.close()
        }
    }

    @Test("the longest index keys stay apart and below the limit")
    func indexKeys() async throws {
        let fixture = try await PostgresFixture()
        try await fixture.cleanly {
            await (try fixture.openProvisioned()).close()
            #expect(
                try fixture.isTrue("SELECT index_key(repeat('😀', 136) || 'x') <> index_key(repeat('😀', 136) || 'y')"))
            #expect(try fixture.isTrue("SELECT octet_length(index_key(repeat('😀', 2000))) = 136 * 4 + 64"))
            #expect(try fixture.isTrue("SELECT octet_length(index_key(repeat('a', 200))) = 200"))
            #expect(try fixture.isTrue(#"SELECT index_key(repeat('\', 2000)) <> index_key(repeat('\', 1999))"#))
            // A text that could be taken for a long one's key is itself long.
            #expect(
                try fixture.isTrue(
                    "SELECT index_key(index_key(repeat('😀', 50))) <> index_key(repeat('😀', 50))"))
        }
    }
}
