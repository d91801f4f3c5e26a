import Events
import Foundation
import KafkaLog
import MongoStore
import Stores
import Synchronization
import TestSupport

/// The whole product as separate processes, on a broker of its own and fresh databases.
final class Pipeline: Sendable {
    /// A role's process and the port it listens on.
    struct Role: Sendable {
        let process: ChildProcess
        let port: Int

        var url: String { "http://127.0.0.1:\(port)" }
    }

    let broker: MockBrokerProcess
    private let mongodbURI: String
    private let postgresURL: String
    private let database: String
    private let started = Mutex<[ChildProcess]>([])

    /// Runs a test with a provisioned pipeline; whatever it started is ended, also when it throws.
    static func withPipeline(_ body: (Pipeline) async throws -> Void) async throws {
        let pipeline = try await Pipeline()
        do {
            try await pipeline.provision()
            try await body(pipeline)
        } catch {
            await pipeline.end()
            throw error
        }
        await pipeline.end()
    }

    private init() async throws {
        database = "pipeline_\(UUID().uuidString.prefix(8).lowercased())"
        mongodbURI = try Servers.mongodbURI(database: database)
        postgresURL = try await Servers.makePostgresDatabase(database)
        broker = try await MockBrokerProcess(topics: Self.topics)
    }

    private static let topics = Dictionary(
        uniqueKeysWithValues: TopicDefinition.contract.map { ($0.name, $0.partitions) })

    private func end() async {
        for process in started.withLock({ $0 }) { process.stop() }
        await broker.stop()
        await Servers.dropPostgresDatabase(database)
    }

    /// The last lines that each process has printed: for a test that fails.
    var lastLines: String {
        started.withLock { $0 }.map { "pid \($0.pid):\n" + $0.lines.suffix(12).joined(separator: "\n") }
            .joined(separator: "\n")
    }

    /// The port of the MongoDB server.
    var mongodbPort: UInt16 { Self.port(of: mongodbURI) }
    /// The port of the PostgreSQL server.
    var postgresPort: UInt16 { Self.port(of: postgresURL) }

    /// The MongoDB address by way of another port.
    func mongodbURI(port: UInt16) -> String { Self.replacing(mongodbURI, port) }
    /// The PostgreSQL address by way of another port.
    func postgresURL(port: UInt16) -> String { Self.replacing(postgresURL, port) }

    private static func port(of address: String) -> UInt16 {
        URLComponents(string: address)?.port.flatMap { UInt16(exactly: $0) } ?? 0
    }

    private static func replacing(_ address: String, _ port: UInt16) -> String {
        var components = URLComponents(string: address)
        components?.port = Int(port)
        return components?.string ?? address
    }

    /// Replaces the broker by an empty one at the same address.
    func recreateBroker() async throws {
        try await broker.recreate()
    }

    private var environment: [String: String] {
        [
            "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrapServers, "MONGODB_URI": mongodbURI, "POSTGRES_URL": postgresURL,
            "COLLECTOR_PORT": "0", "DASHBOARD_PORT": "0", "WORKER_ADMIN_PORT": "0", "AGGREGATOR_ADMIN_PORT": "0",
            "AGGREGATOR_INTERVAL": "500ms", "REPORTING_TIMEZONE": "UTC", "PATH": "/usr/bin:/bin",
            // A member that was killed is missed after this time instead of 45 s.
            "KAFKA_SESSION_TIMEOUT_MS": "6000", "KAFKA_HEARTBEAT_INTERVAL_MS": "500",
        ]
    }

    private func provision() async throws {
        let result = try await run("provision")
        guard result.end == .exited(0) else { throw PipelineFailure("provision failed: \(result.output)") }
    }

    /// Runs a command of the product to its end; the output is both of its streams.
    func run(_ arguments: String...) async throws -> (end: ChildProcess.End, output: String) {
        try await run(arguments)
    }

    /// Runs a command of the product to its end; the output is both of its streams.
    func run(
        _ arguments: [String], _ additions: [String: String] = [:]
    ) async throws -> (end: ChildProcess.End, output: String) {
        try await runToEnd(
            productPath("tributary"), arguments, environment: environment.merging(additions) { $1 })
    }

    /// Has the rollups of the access log compared with the raw events, row by row and set by set.
    func verify() async throws {
        let result = try await run("verify", "--from", "2015-05-11", "--to", "2015-05-24")
        guard result.end == .exited(0), result.output.contains(": 0 differ") else {
            throw PipelineFailure("verify: \(result.output)")
        }
    }

    /// Starts a role and waits until it listens.
    func start(_ role: String, _ additions: [String: String] = [:]) async throws -> Role {
        let process = try startBothStreams(
            productPath("tributary"), [role], environment: environment.merging(additions) { $1 })
        started.withLock { $0.append(process) }
        let line = try await process.line(within: .seconds(120)) { $0.contains("\"message\":\"listening\"") }
        let record = try JSONDecoder().decode(ListeningRecord.self, from: Data(line.utf8))
        guard let port = Int(record.port) else { throw PipelineFailure("no port in \(line)") }
        return Role(process: process, port: port)
    }

    /// Opens the log and the raw event store as one more process would, and closes them also when `body` throws.
    func withStores<Value>(_ body: (KafkaLog, MongoStore) async throws -> Value) async throws -> Value {
        let log = try KafkaLog(
            configuration: KafkaConfiguration(bootstrapServers: broker.bootstrapServers, clientID: "test"))
        let store: MongoStore
        do { store = try MongoStore(uri: mongodbURI) } catch {
            await log.close()
            throw error
        }
        let result: Result<Value, any Error>
        do { result = .success(try await body(log, store)) } catch { result = .failure(error) }
        await log.close()
        await store.close()
        return try result.get()
    }

    private struct ListeningRecord: Decodable { var port: String }

    /// The books of every epoch and partition.
    func books() async throws -> [IngestProgress] {
        try await withRawStore { store in try await store.withConsistentReader { try await $0.progress() } }
    }

    /// Opens the store of raw events for a while.
    func withRawStore<Value>(_ body: (any RawEventStore) async throws -> Value) async throws -> Value {
        let store = try MongoStore(uri: mongodbURI)
        let result: Result<Value, any Error>
        do { result = .success(try await body(store)) } catch { result = .failure(error) }
        await store.close()
        return try result.get()
    }

    /// Events that every epoch's books say are stored, dead, lost or gone over.
    func totals() async throws -> (stored: Int64, duplicate: Int64, dead: Int64, lost: Int64, balanced: Bool) {
        let books = try await books()
        func sum(_ value: (IngestProgress) -> Int64) -> Int64 { books.reduce(0) { $0 + value($1) } }
        return (
            sum(\.stored), sum(\.duplicate), sum(\.dead), sum(\.lost), books.allSatisfy(\.isBalanced)
        )
    }
}
