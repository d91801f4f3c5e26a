import Foundation
import Synchronization
import TestSupport

/// What chaos is done to: the four roles, each to be killed, and the three servers, each to be stopped or slowed.
actor ChaosWorld {
    /// What may happen.
    enum Fault: String, CaseIterable {
        case killCollector, killWorker, killAggregator, killDashboard
        case brokerDown, brokerSlow, brokerErrors
        case mongodbCut, mongodbSlow, mongodbStopped, mongodbHangs
        case postgresqlCut, postgresqlSlow, postgresqlKilled, postgresqlHangs
    }

    private let pipeline: Pipeline
    private let mongodb: TCPRelay
    private let postgresql: TCPRelay
    private let settings: [String: String]
    private(set) var roles: Roles
    private(set) var counts: [Fault: Int] = [:]
    /// Where the collector is and stays.
    nonisolated let collectorURL: String

    init(_ pipeline: Pipeline, spill: String) async throws {
        self.pipeline = pipeline
        mongodb = try TCPRelay(to: pipeline.mongodbPort)
        postgresql = try TCPRelay(to: pipeline.postgresPort)
        let port = try freePort()
        collectorURL = "http://127.0.0.1:\(port)"
        settings = [
            "MONGODB_URI": pipeline.mongodbURI(port: mongodb.port), "WORKER_BATCH_SIZE": "200",
            "POSTGRES_URL": pipeline.postgresURL(port: postgresql.port), "COLLECTOR_PORT": String(port),
            "SPILL_DIR": spill, "PRODUCE_TIMEOUT": "2s",
        ]
        roles = Roles(
            collector: try await pipeline.start("collector", settings),
            workers: [try await pipeline.start("worker", settings), try await pipeline.start("worker", settings)],
            aggregator: try await pipeline.start("aggregator", settings),
            dashboard: try await pipeline.start("dashboard-api", settings))
    }

    /// Lets one thing happen, and be over when it returns.
    func strike(_ fault: Fault, for duration: Duration) async throws {
        counts[fault, default: 0] += 1
        switch fault {
        case .killCollector, .killWorker, .killAggregator, .killDashboard: try await kill(fault)
        case .brokerDown: try await whilst("down 1", "up 1", duration)
        case .brokerSlow: try await whilst("rtt 1 300", "rtt 1 0", duration)
        case .brokerErrors:
            // Produce and Fetch fail a few times, in ways that a broker that is restarted has.
            try await pipeline.broker.command("request-errors 0 NOT_LEADER_FOR_PARTITION REQUEST_TIMED_OUT")
            try await pipeline.broker.command("request-errors 1 NOT_LEADER_FOR_PARTITION")
        case .mongodbCut: try await whilst(mongodb.cut, mongodb.restore, duration)
        case .postgresqlCut: try await whilst(postgresql.cut, postgresql.restore, duration)
        case .mongodbSlow: try await whilst({ mongodb.delay(.milliseconds(100)) }, { mongodb.delay(.zero) }, duration)
        case .postgresqlSlow:
            try await whilst({ postgresql.delay(.milliseconds(100)) }, { postgresql.delay(.zero) }, duration)
        case .mongodbStopped: try await LocalServer.mongodb.restart(by: SIGTERM)
        case .postgresqlKilled: try await LocalServer.postgresql.restart(by: SIGKILL)
        case .mongodbHangs: try await LocalServer.mongodb.hang(for: duration)
        case .postgresqlHangs: try await LocalServer.postgresql.hang(for: duration)
        }
    }

    private func kill(_ fault: Fault) async throws {
        switch fault {
        case .killCollector:
            roles.collector.process.stop()
            roles.collector = try await pipeline.start("collector", settings)
        case .killWorker:
            roles.workers.removeFirst().process.stop()
            roles.workers.append(try await pipeline.start("worker", settings))
        case .killAggregator:
            roles.aggregator.process.stop()
            roles.aggregator = try await pipeline.start("aggregator", settings)
        default:
            roles.dashboard.process.stop()
            roles.dashboard = try await pipeline.start("dashboard-api", settings)
        }
    }

    private func whilst(_ begin: String, _ end: String, _ duration: Duration) async throws {
        try await pipeline.broker.command(begin)
        try? await Task.sleep(for: duration)
        try await pipeline.broker.command(end)
    }

    private func whilst(_ begin: () -> Void, _ end: () -> Void, _ duration: Duration) async throws {
        begin()
        try? await Task.sleep(for: duration)
        end()
    }
}

/// A server that `scripts/test.sh` has started, by its name in the stack's directory.
enum LocalServer: String {
    case mongodb, postgresql

    /// Ends it by a signal, and has the stack start it again at the same address.
    func restart(by signal: Int32) async throws {
        let pid = try processID()
        kill(pid, signal)
        try await eventually(within: .seconds(60), "\(rawValue) has ended") { kill(pid, 0) != 0 || isZombie(pid) }
        let script = repository(file: "scripts/stack.sh").path
        let result = try await runToEnd(
            script, ["up", "--dir", try Self.directory()], environment: ProcessInfo.processInfo.environment)
        guard result.end == .exited(0) else { throw PipelineFailure("stack.sh up: \(result.output)") }
    }

    /// Stops it in its tracks for a while.
    func hang(for duration: Duration) async throws {
        let pid = try processID()
        kill(pid, SIGSTOP)
        try? await Task.sleep(for: duration)
        kill(pid, SIGCONT)
    }

    private func processID() throws -> pid_t {
        let text = try String(contentsOfFile: "\(try Self.directory())/\(rawValue).pid", encoding: .utf8)
        guard let pid = text.split(separator: " ").first.flatMap({ pid_t($0) }) else {
            throw PipelineFailure("no process id of \(rawValue) in \(text)")
        }
        return pid
    }

    private func isZombie(_ pid: pid_t) -> Bool {
        let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        return stat?.contains(") Z ") ?? true
    }

    private static func directory() throws -> String {
        guard let directory = ProcessInfo.processInfo.environment["TRIBUTARY_TEST_STACK_DIR"] else {
            throw PipelineFailure("TRIBUTARY_TEST_STACK_DIR is not set: run this by `make chaos`")
        }
        return directory
    }
}
