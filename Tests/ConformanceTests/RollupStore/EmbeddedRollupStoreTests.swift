import EmbeddedStores
import Stores
import TestSupport
import Testing

@Suite("RollupStore: embedded", .serialized)
struct EmbeddedRollupStoreTests {
    @Test(arguments: RollupStoreCheck.all)
    func holds(_ check: RollupStoreCheck) async throws {
        try await check.run(on: try EmbeddedRollupFixture())
    }
}

/// A file in a directory of its own.
struct EmbeddedRollupFixture: RollupStoreFixture {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    func open() async throws -> any RollupStore { try EmbeddedRollupStore(path: "\(directory.path)/rollups.db") }

    /// A file of this process is always there.
    func openUnreachable() async throws -> (store: any RollupStore, limit: Duration)? { nil }

    func tearDown() async throws { directory.remove() }
}
