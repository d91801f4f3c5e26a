import Stores
import Testing

/// An implementation of `RollupStore` under test: one empty store of its own for each check.
///
/// To hold another implementation to the contract, write a fixture and a suite like `PostgresRollupStoreTests`; the
/// checks stay as they are.
protocol RollupStoreFixture: Sendable {
    /// Opens a handle on this fixture's data, not provisioned: each call as another process would.
    func open() async throws -> any RollupStore

    /// A store whose engine does not answer, and how long its calls may take; `nil` where that cannot be.
    func openUnreachable() async throws -> (store: any RollupStore, limit: Duration)?

    /// Removes all data.
    func tearDown() async throws
}

extension RollupStoreFixture {
    /// Opens a handle and provisions it for the checks' time zone.
    func openProvisioned() async throws -> any RollupStore {
        let store = try await open()
        try await store.provision(timeZone: zone)
        return store
    }
}

/// The reporting time zone of the checks.
let zone = "Europe/Berlin"

/// By which it is cut.
let zoneRules = ReportingCalendar.rules(of: zone)

/// One rule of the contract, by name.
struct RollupStoreCheck: Sendable, CustomTestStringConvertible {
    let name: String
    let body: @Sendable (any RollupStoreFixture) async throws -> Void

    init(_ name: String, _ body: @escaping @Sendable (any RollupStoreFixture) async throws -> Void) {
        self.name = name
        self.body = body
    }

    var testDescription: String { name }

    /// Every rule.
    static let all: [RollupStoreCheck] =
        provisioning + counting + values + visitors + forgetting + leads + recuts + sets + cursors + isolation
        + availability + model

    /// Holds a fixture to the rule and removes its data, also when the rule is broken.
    func run(on fixture: any RollupStoreFixture) async throws {
        do { try await body(fixture) } catch {
            try? await fixture.tearDown()
            throw error
        }
        try await fixture.tearDown()
    }
}
