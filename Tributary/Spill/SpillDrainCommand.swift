import ArgumentParser
import Collector
import EmbeddedStores
import Operations
import Stores

/// `tributary spill drain --dir DIR`: rescues the spill of a collector that will not come back.
struct SpillDrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Give everything in a dead collector's spill to Kafka; what Kafka has acknowledged leaves the spill.",
        discussion: "Ends with 0 when the spill is empty. What is not drained stays, and the command can be repeated.")

    @OptionGroup var options: RoleOptions

    @Option(help: "The directory: the collector's SPILL_DIR. No collector may be using it.")
    var dir: String

    func run() async throws {
        let process = try RoleProcess(.spillDrain, options)
        let directory = try process.configured { try SpillDirectory(path: dir, mayCreate: false) }
        let log = try process.buildLog()
        let open = try await process.openSpill(directory, before: log)
        let result = await drain(open.spill)
        await log.close()
        await open.close()
        print(result.summary)
        if result.failure != nil || result.left > 0 || result.refused > 0 { throw ExitCode.failure }
    }

    private func drain(_ spill: Spill) async -> SpillDrainResult {
        var bar: ProgressBar?
        let result = await spill.drainAll { done, total in
            bar = bar ?? ProgressBar(label: "drain", total: total)
            bar?.update(done, note: "\(done) of \(total) events")
        }
        bar?.finish(result.drained, note: "\(result.drained) events")
        if let failure = result.failure { say("tributary spill drain: \(failure)") }
        return result
    }
}

extension SpillDrainResult {
    fileprivate var summary: String {
        let refusals = refused == 0 ? "" : ", \(refused) refused by Kafka and set aside in the directory"
        return "\(drained) events drained, \(left) left\(refusals)"
    }
}
