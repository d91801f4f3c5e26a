import Stores
import Testing

@testable import MongoStore

@Suite struct MongoAddressTests {
    @Test(arguments: [
        "", "mongodb", "http://127.0.0.1/", "mongodb://", "mongodb://host:99999/", "mongodb://host:port/",
        "mongodb://user:s3cret@", "mongodb://user:s3cret@host:99999/", "mongodb://user:s3/cret@host/",
        "mongodb://user:s3?cret@host/", "mongodb://user:s3@cret@host/", "mongodb://user:s3:cret#x@host/",
        "mongodb://user:s3%cret@host/", "mongodb://user:s3cret@host/?authMechanism=NONE&s3cret",
        "mongodb://ho st\0/",
    ])
    func aBadAddressIsRefusedWithoutShowingThePassword(_ uri: String) throws {
        let error = try #require(throws: DatabaseError.self) { try MongoStore(uri: uri, database: "x") }
        #expect(error.code == .invalidConfiguration && !error.isTransient)
        #expect(!error.description.contains("cret") && !error.description.contains("s3"))
    }

    @Test func aRefusalSaysWhatIsWrong() throws {
        let error = try #require(throws: DatabaseError.self) { try MongoStore(uri: "mongodb://host:99999/") }
        #expect(!error.cause.isEmpty)
        let reserved = try #require(throws: DatabaseError.self) { try MongoStore(uri: "mongodb://u:a/b@host/") }
        #expect(reserved.message.contains("percent-encoded"))
    }

    @Test(arguments: ["", "a b", "a/b", "a.b", "$a", "a\"b", "a\0b", String(repeating: "x", count: 64)])
    func aBadDatabaseNameIsRefused(_ name: String) throws {
        let error = try #require(throws: DatabaseError.self) { try MongoStore(uri: "mongodb://h/", database: name) }
        #expect(error.code == .invalidConfiguration)
    }

    @Test func limitsAreDefaultsThatTheURIOverrides() throws {
        let limits = TimeLimits(serverSelection: 5_000, socket: 30_000)
        let plain = try MongoAddress("mongodb://h/", limits: limits, applicationName: "tributary")
        #expect(plain.limits == [5_000, 5_000, 30_000] && plain.database == nil)
        let own = try MongoAddress(
            "mongodb://u:p%40ss@h/events?serverSelectionTimeoutMS=1000&socketTimeoutMS=2000", limits: limits,
            applicationName: "tributary")
        #expect(own.limits == [1_000, 5_000, 2_000] && own.database == "events")
        own.limit(to: 1_500)
        #expect(own.limits == [1_000, 1_500, 1_500])
    }

    @Test func connectionsAndRetentionAreBounded() {
        var options = MongoStore.Options()
        options.connections = 0
        #expect(throws: DatabaseError.self) { try MongoStore(uri: "mongodb://h/", options: options) }
        options.connections = 4
        options.retentionDays = 0
        #expect(throws: DatabaseError.self) { try MongoStore(uri: "mongodb://h/", options: options) }
    }
}
