import ArgumentParser
import Foundation
import Operations
import Stores
import Worker

/// `tributary dead-letters replay`
struct ReplayDeadLetters: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Send the events of open dead letters to the log again.",
        discussion: "Safe to repeat: an event counts once. With --from-file, corrected events are sent instead.")

    @OptionGroup var stores: StoreOptions
    @OptionGroup var selection: LetterSelection

    @Option(help: "Letters, at most.")
    var limit = 100_000

    @Flag(help: "Say what would be sent, and send nothing.")
    var dryRun = false

    @Option(help: "Corrected events: what 'export' wrote, with other values; letters that it leaves out are not sent.")
    var fromFile: String?

    @Option(help: "Leave out letters that have been replayed this often.")
    var maxReplays = 3

    @Flag(help: "Send conflicts too, though another event with their eventId is stored.")
    var includeConflicts = false

    @Option(help: "Seconds to wait for the workers to come to the events sent; 0: not at all.")
    var wait = 60

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit must be 1 or more, is \(limit)") }
        guard maxReplays > 0 else { throw ValidationError("--max-replays must be 1 or more, is \(maxReplays)") }
        guard 0...3600 ~= wait else { throw ValidationError("--wait must be 0 to 3600 seconds, is \(wait)") }
    }

    func carryOut(on stores: BuiltStores, settings: Settings, terminal: any Terminal) async throws {
        var plan = DeadLetterReplay.Plan(filter: try selection.filter(now: currentMilliseconds()), limit: limit)
        (plan.isDryRun, plan.maximumReplays, plan.includesConflicts) = (dryRun, maxReplays, includeConflicts)
        if let fromFile { plan.corrections = try await corrections(fromFile, terminal) }
        let replay = DeadLetterReplay(log: stores.log, store: stores.raw, now: currentMilliseconds)
        var report = try await replay.run(plan) { seen in
            await terminal.show(ProgressNote(label: "replay", done: Int64(seen), note: "\(seen) letters looked at"))
        }
        for omission in report.omitted { await terminal.say("\(omission.position) left out: \(omission.reason)") }
        if dryRun { return await tellPlan(report, terminal) }
        if wait > 0 { try await settle(&report, replay, terminal) }
        await terminal.print(
            "\(report.sent.count) sent, \(report.omitted.count) left out, \(report.resolved) resolved, "
                + "\(report.failedAgain) failed again")
        if report.failedAgain > 0 { throw ExitCode.failure }
    }

    private func tellPlan(_ report: DeadLetterReplay.Report, _ terminal: any Terminal) async {
        for item in report.sent { await terminal.print(item.position.description) }
        await terminal.say("\(report.sent.count) would be sent, \(report.omitted.count) left out; nothing was changed")
    }

    private func settle(
        _ report: inout DeadLetterReplay.Report, _ replay: DeadLetterReplay, _ terminal: any Terminal
    ) async throws {
        do {
            try await replay.settle(&report, within: .seconds(wait))
        } catch let error as EventLogError where error.code == .timedOut {
            await terminal.say("\(error.message)")
        }
    }

    private func corrections(_ path: String, _ terminal: any Terminal) async throws -> [Position: [UInt8]] {
        let absolute = path.hasPrefix("/") ? path : "\(terminal.directory)/\(path)"
        let data: Data
        do { data = try Data(contentsOf: URL(filePath: absolute)) } catch {
            await terminal.say("'\(path)' cannot be read: \(error.localizedDescription)")
            throw ExitCode(66)  // EX_NOINPUT
        }
        var (corrections, faults) = ([Position: [UInt8]](), 0)
        for (index, line) in data.split(separator: UInt8(ascii: "\n")).enumerated() {
            guard let record = try? JSONDecoder().decode(LetterRecord.self, from: Data(line)),
                let position = Position(argument: record.position), let bytes = record.bytes
            else {
                faults += 1
                await terminal.say("line \(index + 1) needs \"position\" and \"value\", as 'export' writes them")
                continue
            }
            corrections[position] = bytes
        }
        guard faults == 0 else { throw ExitCode(65) }  // EX_DATAERR: nothing was sent
        return corrections
    }
}

/// `tributary dead-letters resolve`
struct ResolveDeadLetters: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolve", abstract: "Note that nobody has to look at dead letters any more.")

    @OptionGroup var stores: StoreOptions
    @OptionGroup var selection: LetterSelection

    @Option(help: "Those in this state: open or replayed.")
    var state = DeadLetterEntry.State.open

    @Flag(help: "Say which, and change nothing.")
    var dryRun = false

    func validate() throws {
        guard state != .resolved else { throw ValidationError("--state must be open or replayed") }
    }

    func carryOut(on stores: BuiltStores, settings: Settings, terminal: any Terminal) async throws {
        var filter = try selection.filter(now: currentMilliseconds())
        filter.state = state
        var count = 0
        try await stores.raw.forEachPage(of: filter) { page in
            if dryRun {
                for entry in page { await terminal.print(entry.position.description) }
                count += page.count
            } else {
                count += try await stores.raw.moveDeadLetters(at: page.map(\.position), from: state, to: .resolved)
            }
            return true
        }
        await terminal.say("\(count) \(dryRun ? "would be " : "")resolved")
    }
}
