import ArgumentParser
import EmbeddedStores
import Foundation

/// `tributary spill status --dir DIR`: what is in a spill; also while a collector has it.
struct SpillStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say what is in a spill; changes nothing, and works beside a collector.")

    @Option(help: "The directory: a collector's SPILL_DIR.")
    var dir: String

    func run() throws {
        let contents: SpillDirectory.Contents
        do { contents = try SpillDirectory.contents(of: dir) } catch {
            say("tributary spill status: \(error)")
            throw ExitCode(66)  // EX_NOINPUT
        }
        print("\(dir): \(contents.bytes) bytes")
        for (topic, partitions) in contents.records.sorted(by: { $0.key < $1.key }) {
            let count = partitions.values.reduce(0, +)
            print("\(topic): \(count) events in \(partitions.count) partitions")
        }
        guard let oldest = contents.oldest else { return print("nothing is to be drained") }
        let received = Date(timeIntervalSince1970: Double(oldest) / 1000)
        let age = Int(-received.timeIntervalSinceNow)
        print("the oldest was received at \(received.formatted(.iso8601)), \(age) s ago")
    }
}
