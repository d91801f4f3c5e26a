import Stores
import Testing

/// An implementation of `RawEventStore` under test: one empty store of its own for each check.
///
/// To hold another implementation to the contract, write a fixture and a suite like `MongoRawEventStoreTests`; the
/// checks stay as they are.
protocol RawEventStoreFixture: Sendable {
    /// Opens a handle on this fixture's data, provisioned: each call as another process would.
    func open() async throws -> any RawEventStore

    /// A store whose engine does not answer, and how long its calls may take; `nil` where that cannot be.
    func openUnreachable() async throws -> (store: any RawEventStore, limit: Duration)?

    /// Removes all data.
    func tearDown() async throws
}

/// One rule of the contract, by name.
struct RawEventStoreCheck: Sendable, CustomTestStringConvertible {
    let name: String
    let body: @Sendable (any RawEventStoreFixture) async throws -> Void

    init(_ name: String, _ body: @escaping @Sendable (any RawEventStoreFixture) async throws -> Void) {
        self.name = name
        self.body = body
    }

    var testDescription: String { name }

    /// Every rule.
    static let all: [RawEventStoreCheck] =
        verdicts + contents + progress + races + deadLetters + windows + forgetting + availability

    /// Holds a fixture to the rule and removes its data, also when the rule is broken.
    func run(on fixture: any RawEventStoreFixture) async throws {
        do { try await body(fixture) } catch {
            try? await fixture.tearDown()
            throw error
        }
        try await fixture.tearDown()
    }
}
