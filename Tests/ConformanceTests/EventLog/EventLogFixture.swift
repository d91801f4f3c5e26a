import Stores
import Testing

/// A log of one implementation, made for one check: what the checks need of it beyond the protocol.
protocol EventLogFixture: Sendable {
    /// The log as one more process would open it. The fixture closes it in the end.
    func open() async throws -> any EventLog

    /// Destroys the log and puts an empty one in its place, with the same topics, at the same address.
    func recreate() async throws

    /// Drops records of partition 0 so that the one at offset 0 is gone.
    /// - Returns: whether the engine can.
    func truncate(_ topic: Topic, _ log: any EventLog) async throws -> Bool

    /// Makes the log unreachable, or reachable again.
    /// - Returns: whether the engine can.
    func setReachable(_ isReachable: Bool) async throws -> Bool

    /// Lets go of everything.
    func close() async
}

/// An implementation that is held to the protocol.
struct EventLogEngine: Sendable, CustomTestStringConvertible {
    /// Shown with each check.
    let testDescription: String
    /// A value that is larger than the log takes, in bytes.
    let tooLarge: Int
    /// Whether `provision` can make topics.
    let createsTopics: Bool
    /// Makes an empty log with these topics (name, number of partitions).
    let make: @Sendable (_ topics: [Topic: Int]) async throws -> any EventLogFixture

    /// Every implementation there is: a new one is added here, and nowhere else.
    static let all: [EventLogEngine] = [.kafka, .embedded]

    /// Runs a check on a fixture of its own, which is let go of also when the check throws.
    func check(
        _ topics: [Topic: Int], _ body: (_ fixture: any EventLogFixture, _ log: any EventLog) async throws -> Void
    ) async throws {
        let fixture = try await make(topics)
        do {
            try await body(fixture, try await fixture.open())
        } catch {
            await fixture.close()
            throw error
        }
        await fixture.close()
    }
}

extension Topic {
    /// The topic that most checks use.
    static let checked = Topic(rawValue: "conformance")
}
