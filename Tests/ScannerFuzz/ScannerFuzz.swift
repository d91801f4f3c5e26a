import ArgumentParser
import Foundation

/// Gives random and damaged texts to the scanner and to another parser, and ends with 1 where they disagree.
///
/// Made to run under AddressSanitizer (`make fuzz`): every text lies in memory of just its size, so that a byte read
/// before or after it is caught. The text at work is kept in a file, for the case that the sanitizer ends the process.
@main
struct ScannerFuzz: ParsableCommand {
    @Option(help: "How long.")
    var seconds = 60.0

    @Option(help: "All texts are drawn from it; random where it is not given.")
    var seed = UInt64.random(in: 0 ... .max)

    @Option(help: "The other parser, run by python3.")
    var oracle: String

    @Option(help: "A directory of texts to begin with; may be absent.")
    var corpus: String?

    @Option(help: "Where failing texts, and the one at work, are written.")
    var output = "."

    @Argument(help: "Texts to judge instead of random ones.")
    var files: [String] = []

    private static let batch = 256
    private static let mostFailures = 10

    func run() throws {
        let oracle = try Oracle(script: oracle)
        let record = try WorkRecord(directory: output)
        if !files.isEmpty { return try judge(files, oracle, record) }
        var (source, tally) = (try TextSource(seed: seed, corpus: corpus), Tally())
        say("fuzz: seed \(seed), \(source.pool.count) texts to begin with, \(Int(seconds)) s")
        let start = ContinuousClock.now
        var nextWord = Duration.seconds(30)
        while case let time = ContinuousClock.now - start, time < .seconds(seconds), tally.failures < Self.mostFailures
        {
            if time > nextWord {
                say("fuzz: \(tally)")
                nextWord += .seconds(30)
            }
            let texts = (0..<Self.batch).map { _ in source.next() }
            for (text, verdict) in zip(texts, try verdicts(texts, oracle, record)) {
                tally.count(verdict.ours)
                if verdict.isAgreed {
                    if verdict.ours != "0" { source.keep(text) }
                } else {
                    tally.failures += 1
                    let path = try record.keep(text, "failure-\(seed)-\(tally.failures).json")
                    say("fuzz: seed \(seed), text \(tally.texts): \(verdict)\n  \(path)")
                }
            }
        }
        say("fuzz: \(tally); seed \(seed), \(Int((ContinuousClock.now - start) / .seconds(1))) s")
        if tally.failures > 0 { throw ExitCode.failure }
        // Where nothing or everything is accepted, nothing has been tried.
        guard tally.isVaried else { throw ValidationError("too few texts were accepted, or too few refused") }
    }

    private struct Comparison: CustomStringConvertible {
        var ours: String
        var theirs: String
        var isAgreed: Bool { ours == theirs }
        var description: String { "the scanner says '\(ours)', the other parser '\(theirs)'" }
    }

    private func verdicts(_ texts: [[UInt8]], _ oracle: Oracle, _ record: WorkRecord) throws -> [Comparison] {
        let verdicts = texts.map { text in
            record.begin(text)
            return Verdict(of: text)
        }
        let theirs = try oracle.judge(zip(texts, verdicts).map { ($0, $1.rewritten) })
        return zip(verdicts, theirs).map { Comparison(ours: $0.line, theirs: $1) }
    }

    private func judge(_ files: [String], _ oracle: Oracle, _ record: WorkRecord) throws {
        var differs = false
        for file in files {
            let text = Array(try Data(contentsOf: URL(filePath: file)))
            let verdict = try verdicts([text], oracle, record)[0]
            say("\(file): \(verdict)")
            differs = differs || !verdict.isAgreed
        }
        if differs { throw ExitCode.failure }
    }
}

/// What has been tried.
private struct Tally: CustomStringConvertible {
    private(set) var texts = 0
    private(set) var accepted = 0
    private(set) var events = 0
    var failures = 0

    mutating func count(_ verdict: String) {
        texts += 1
        if verdict != "0" { accepted += 1 }
        if verdict.hasSuffix("=") { events += 1 }
    }

    var isVaried: Bool { accepted > texts / 20 && accepted < texts / 20 * 19 && events > texts / 100 }

    var description: String {
        "\(texts) texts, \(accepted) of them JSON, \(events) good events, \(failures) failures"
    }
}

private func say(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

/// The text at work, in a file that outlives the process.
struct WorkRecord {
    private let descriptor: Int32
    private let directory: String

    init(directory: String) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        self.directory = directory
        descriptor = open("\(directory)/at-work.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw ValidationError("\(directory) cannot be written to") }
    }

    func begin(_ text: [UInt8]) {
        pwrite(descriptor, text, text.count, 0)
        ftruncate(descriptor, off_t(text.count))
    }

    func keep(_ text: [UInt8], _ name: String) throws -> String {
        let path = "\(directory)/\(name)"
        try Data(text).write(to: URL(filePath: path))
        return path
    }
}
