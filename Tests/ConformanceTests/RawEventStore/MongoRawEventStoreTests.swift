import Foundation
import Stores
import Testing

@testable import MongoStore

@Suite("RawEventStore: MongoDB", .serialized)
struct MongoRawEventStoreTests {
    @Test(arguments: RawEventStoreCheck.all)
    func holds(_ check: RawEventStoreCheck) async throws {
        try await check.run(on: try MongoFixture())
    }
}

/// A database of its own on the server that `TRIBUTARY_TEST_MONGODB_URI` names.
struct MongoFixture: RawEventStoreFixture {
    let uri: String
    let database = "test_\(UInt64.random(in: .min ... .max))"

    init() throws {
        uri = try #require(
            ProcessInfo.processInfo.environment["TRIBUTARY_TEST_MONGODB_URI"],
            "TRIBUTARY_TEST_MONGODB_URI is not set: run `make test`, which starts the servers")
    }

    func open() async throws -> any RawEventStore {
        let store = try MongoStore(uri: uri, database: database)
        try await store.provision()
        return store
    }

    func openUnreachable() async throws -> (store: any RawEventStore, limit: Duration)? {
        var options = MongoStore.Options()
        options.serverSelectionTimeout = 300
        // Port 1 of the loopback has no listener: a refused connection, as from a server that is down.
        return (try MongoStore(uri: "mongodb://127.0.0.1:1/", database: database, options: options), .seconds(3))
    }

    func tearDown() async throws {
        let store = try MongoStore(uri: uri, database: database)
        try await store.run(.provision) { (client) throws(DatabaseError) in
            try client.command(BSONBatch { $0.field("dropDatabase", Int32(1)) }, "dropping the test's database")
        }
        await store.close()
    }
}
