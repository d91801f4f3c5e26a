import Stores
import TestSupport

@testable import EmbeddedStores

extension EventLogEngine {
    /// `EmbeddedLog` in a directory of its own.
    static let embedded = EventLogEngine(testDescription: "embedded", tooLarge: 1 << 20 + 1, createsTopics: true) {
        try await EmbeddedLogFixture(topics: $0)
    }
}

/// A log file, and the handles opened on it: all of them in this process, which is the only one that may.
actor EmbeddedLogFixture: EventLogFixture {
    private let directory: TemporaryDirectory
    private var logs: [EmbeddedLog] = []

    init(topics: [Topic: Int]) async throws {
        directory = try TemporaryDirectory()
        let log = try EmbeddedLog(path: "\(directory.path)/log.db")
        logs.append(log)
        _ = try await log.provision(
            topics.map {
                TopicDefinition(name: $0.key.rawValue, partitions: $0.value, replicationFactor: 1, configuration: [:])
            })
    }

    func open() throws -> any EventLog {
        let log = try EmbeddedLog(path: "\(directory.path)/log.db")
        logs.append(log)
        return log
    }

    func recreate() async throws { try await logs[0].clear() }

    func truncate(_ topic: Topic, _ log: any EventLog) async throws -> Bool {
        try await logs[0].trim(topic, 0, below: 5)
        return true
    }

    /// A file of this process is always there.
    func setReachable(_ isReachable: Bool) -> Bool { false }

    func close() async {
        for log in logs { await log.close() }
        directory.remove()
    }
}
