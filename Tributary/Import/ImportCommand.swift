import AccessLog
import ArgumentParser
import AsyncHTTPClient
import Foundation

/// `tributary import FILE`: sends an access log to a collector. A second import of the same file changes nothing.
struct ImportCommand: AsyncParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case combined
    }

    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Send an access log to a collector; a second import of the same file changes nothing.")

    @Argument(help: "The log, or - for standard input.")
    var file: String

    @Option(help: "The log's format: combined (Apache, nginx).")
    var format = Format.combined

    @Option(help: "The collector's address.")
    var collector = "http://127.0.0.1:8080"

    @Option(help: "The write key, where the collector asks for one.")
    var writeKey: String?

    @Option(help: "Events of a request, 1 to 1000.")
    var batch = 500

    @Flag(help: "Stop at the first malformed line instead of reporting and skipping it.")
    var strict = false

    func validate() throws {
        try checkBatch(batch)
        try checkCollector(collector)
    }

    func run() async throws {
        let poster = EventPoster(client: .shared, collector: collector, writeKey: writeKey)
        var run = ImportRun(poster: poster, batchSize: batch, isStrict: strict)
        do {
            try await run.importLines(of: file)
        } catch let error as SendingError {
            say("import stopped after line \(run.lines): \(error.message)")
            say(run.summary)
            throw ExitCode.failure
        } catch let error as CocoaError {
            say("'\(file)' cannot be read: \(error.localizedDescription)")
            throw ExitCode(66)  // EX_NOINPUT
        }
        print(run.summary)
    }
}

/// The state of one import.
private struct ImportRun {
    let poster: EventPoster
    let batchSize: Int
    let isStrict: Bool

    private(set) var lines = 0
    private var malformed = 0
    private var accepted = 0
    private var rejected = 0
    private var importer = AccessLogImporter()
    private var waiting: [(line: Int, event: [UInt8])] = []

    init(poster: EventPoster, batchSize: Int, isStrict: Bool) {
        (self.poster, self.batchSize, self.isStrict) = (poster, batchSize, isStrict)
    }

    var summary: String {
        "\(lines) lines: \(accepted) events accepted, \(rejected) rejected, \(malformed) lines malformed and skipped"
    }

    mutating func importLines(of path: String) async throws {
        var reader = try LineReader(path: path)
        var bar = ProgressBar(label: "import", total: reader.size)
        while let line = try reader.next() {
            lines += 1
            try take(line)
            if waiting.count >= batchSize { try await post() }
            bar.update(reader.bytesRead, note: "\(accepted) events")
        }
        try await post()
        bar.finish(reader.bytesRead, note: "\(accepted) events")
    }

    private mutating func take(_ line: ArraySlice<UInt8>) throws {
        do {
            waiting.append((lines, try importer.event(line: line, number: lines)))
        } catch let error {
            malformed += 1
            guard !isStrict else {
                throw SendingError(message: "malformed: \(error)", isFinal: true)
            }
            say("malformed and skipped: \(error)")
        }
    }

    private mutating func post() async throws {
        guard !waiting.isEmpty else { return }
        let answer = try await poster.post(waiting.map(\.event))
        accepted += answer.accepted
        rejected += answer.rejected
        for result in answer.results where result.status == "rejected" {
            let line = waiting.indices.contains(result.index) ? waiting[result.index].line : 0
            say("line \(line) was rejected: \(result.error.map { "\($0.field) \($0.message)" } ?? "no reason given")")
        }
        waiting.removeAll(keepingCapacity: true)
    }
}
