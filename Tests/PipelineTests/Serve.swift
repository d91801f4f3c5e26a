import EmbeddedStores
import Foundation
import Stores
import TestSupport
import Testing

/// `tributary serve` on a directory of its own, at ports that stay the same when it is started again.
final class Serve {
    let directory: String
    private let additions: [String: String]
    let collectorPort: Int
    private let dashboardPort: Int
    private(set) var process: ChildProcess

    /// Runs a test with the four roles up; they are killed in the end, and the directory removed.
    /// - Parameter prepare: given the stores of the directory before the roles are started.
    static func withServe(
        _ additions: [String: String] = [:], preparing prepare: ((DataDirectory) async throws -> Void)? = nil,
        _ body: (Serve) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { directory in
            if let prepare { try await withStores(directory.path, prepare) }
            let serve = try Serve(directory.path, additions)
            do {
                try await serve.waitUntilReady()
                try await body(serve)
            } catch {
                serve.process.stop()
                throw error
            }
            serve.process.stop()
        }
    }

    /// Opens the stores of a directory that no process has, and closes them also when `body` throws.
    static func withStores<Value>(
        _ path: String, _ body: (DataDirectory) async throws -> Value
    ) async throws -> Value {
        let directory = try DataDirectory(path: path)
        do {
            _ = try await directory.log.provision(TopicDefinition.contract)
            try await directory.raw.provision()
            let value = try await body(directory)
            await directory.close()
            return value
        } catch {
            await directory.close()
            throw error
        }
    }

    /// Starts it again, after its end.
    func start() async throws {
        process = try Self.launch(directory, collectorPort, dashboardPort, additions)
        try await waitUntilReady()
    }

    private init(_ directory: String, _ additions: [String: String]) throws {
        (self.directory, self.additions) = (directory, additions)
        (collectorPort, dashboardPort) = (try freePort(), try freePort())
        process = try Self.launch(directory, collectorPort, dashboardPort, additions)
    }

    var collectorURL: String { "http://127.0.0.1:\(collectorPort)" }
    var dashboard: Pipeline.Role { Pipeline.Role(process: process, port: dashboardPort) }
    /// The process as a role, by the port that tells its metrics.
    var role: Pipeline.Role { Pipeline.Role(process: process, port: collectorPort) }

    static func launch(
        _ directory: String, _ collectorPort: Int, _ dashboardPort: Int, _ additions: [String: String] = [:]
    ) throws -> ChildProcess {
        try startBothStreams(
            productPath("tributary"), ["serve", "--data-dir", directory],
            environment: [
                "COLLECTOR_PORT": String(collectorPort), "DASHBOARD_PORT": String(dashboardPort),
                "AGGREGATOR_INTERVAL": "500ms", "REPORTING_TIMEZONE": "UTC", "PATH": "/usr/bin:/bin",
            ].merging(additions) { $1 })
    }

    func waitUntilReady() async throws {
        try await eventually(within: .seconds(120), "serve is ready") {
            let answers = [try await get("\(collectorURL)/readyz"), try await get("\(dashboard.url)/readyz")]
            return answers.allSatisfy { $0.status == 200 }
        }
    }

    /// Kills it without warning and starts it again on the same directory.
    func killAndRestart() async throws {
        process.stop()
        process = try Self.launch(directory, collectorPort, dashboardPort, additions)
        try await waitUntilReady()
    }

    /// Has the running process compare the rollups of the access log with the raw events.
    func verify() async throws {
        let result = try await runToEnd(
            productPath("tributary"),
            ["verify", "--from", "2015-05-11", "--to", "2015-05-24", "--data-dir", directory],
            environment: ["PATH": "/usr/bin:/bin"])
        guard result.end == .exited(0), result.output.contains(": 0 differ") else {
            throw PipelineFailure("verify: \(result.output)")
        }
    }

    /// Asks it to end.
    func terminate() async throws -> ChildProcess.End {
        process.signal(SIGTERM)
        return try await process.wait(within: .seconds(10))
    }

    /// Starts the import of the access log.
    func startImport(batch: Int = 500) throws -> ChildProcess {
        try startBothStreams(
            productPath("tributary"),
            ["import", accessLog!, "--collector", collectorURL, "--batch", String(batch)],
            environment: ["PATH": "/usr/bin:/bin"])
    }

    /// Imports the access log; only its malformed line is skipped.
    func importLog() async throws { try await Self.finish(try startImport()) }

    static func finish(_ running: ChildProcess) async throws {
        #expect(try await running.wait(within: .seconds(120)) == .exited(0), "\(running.lines)")
        #expect(running.lines.contains { $0.contains("9999 events accepted, 0 rejected, 1 lines malformed") })
    }

    /// The books, and how many events are really there. After its end: only one process may open the directory.
    func readStored() async throws -> (books: [IngestProgress], events: Int) {
        let directory = try DataDirectory(path: directory)
        let result: Result<([IngestProgress], Int), any Error>
        do {
            result = .success(
                try await directory.raw.withConsistentReader { reader in
                    let books = try await reader.progress()
                    var count = 0
                    for book in books {
                        let window = OffsetWindow(partition: book.partition, offsets: book.first..<book.next)
                        count += try await reader.events(in: window).count
                    }
                    return (books, count)
                })
        } catch { result = .failure(error) }
        await directory.close()
        return try result.get()
    }
}

/// A port that nobody listens on.
func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
            bind(descriptor, generic, size) == 0 ? getsockname(descriptor, generic, &size) : -1
        }
    }
    guard code == 0 else { throw PipelineFailure("no free port") }
    return Int(UInt16(bigEndian: address.sin_port))
}
