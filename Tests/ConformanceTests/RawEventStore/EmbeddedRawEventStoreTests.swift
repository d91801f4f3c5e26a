import Stores
import TestSupport
import Testing

@testable import EmbeddedStores

@Suite("RawEventStore: embedded", .serialized)
struct EmbeddedRawEventStoreTests {
    @Test(arguments: RawEventStoreCheck.all)
    func holds(_ check: RawEventStoreCheck) async throws {
        try await check.run(on: try EmbeddedRawFixture(SeenIndex.Options()))
    }

    /// Drains, swaps and collisions in every check.
    @Test(arguments: RawEventStoreCheck.all)
    func holdsWithASmallIndex(_ check: RawEventStoreCheck) async throws {
        try await check.run(
            on: try EmbeddedRawFixture(SeenIndex.Options(capacity: 3, hash: { _, id in Int64(id.utf8.count) })))
    }
}

/// A file in a directory of its own.
struct EmbeddedRawFixture: RawEventStoreFixture {
    private let directory: TemporaryDirectory
    private let options: SeenIndex.Options

    init(_ options: SeenIndex.Options) throws {
        directory = try TemporaryDirectory()
        self.options = options
    }

    func open() async throws -> any RawEventStore {
        try EmbeddedRawEventStore(path: "\(directory.path)/raw.db", options)
    }

    /// A file of this process is always there.
    func openUnreachable() async throws -> (store: any RawEventStore, limit: Duration)? { nil }

    func tearDown() async throws { directory.remove() }
}
