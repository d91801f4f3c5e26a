import Foundation
import TestSupport

/// The numbers of an access log as counted by `recount.py`, which shares no code with the product.
struct Recount: Decodable, Sendable {
    /// Events and visitors by day.
    var days: [String: [Int64]]
    /// Events and visitors by week's Monday.
    var weeks: [String: [Int64]]
    /// Events and visitors of the whole log.
    var total: [Int64]
    var malformed: Int
    /// Events and visitors of the whole by the kind of event, where that is counted.
    var types: [String: [Int64]]?

    /// Counts a log.
    static func of(_ log: String) async throws -> Recount { try await count(log, by: "recount.py") }

    /// Counts events, one a line, each `eventId` once; days and weeks are those of UTC.
    static func ofEvents(_ file: String) async throws -> Recount { try await count(file, by: "recount_events.py") }

    /// The same by DuckDB, with the days and weeks of a time zone, and by kind of event.
    static func ofEvents(_ file: String, timeZone: String) async throws -> Recount {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        return try await count(
            file, timeZone, by: "recount_duckdb.py", python: root.appending(path: ".local/venv/bin/python").path)
    }

    private static func count(
        _ arguments: String..., by name: String, python: String = "/usr/bin/python3"
    ) async throws -> Recount {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: name).path
        let result = try await runToEnd(python, [script] + arguments)
        guard result.end == .exited(0) else { throw PipelineFailure("\(name) failed: \(result.output)") }
        return try JSONDecoder().decode(Recount.self, from: Data(result.output.utf8))
    }
}

/// Why a pipeline test cannot go on.
struct PipelineFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The real access log beside the checkout; `nil` where the folder is absent.
let accessLog: String? = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    let path = root.appending(path: "../shared/data/apache_logs").standardized.path
    return FileManager.default.fileExists(atPath: path) ? path : nil
}()
