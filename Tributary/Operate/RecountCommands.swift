import Aggregator
import ArgumentParser
import Events
import Foundation
import Operations
import Stores

/// The days and sources of a recount.
struct RecountSelection: ParsableArguments {
    @Option(help: "The first day, YYYY-MM-DD in the reporting time zone.")
    var from: String

    @Option(help: "The last day, included.")
    var to: String

    @Option(help: "Only this source.")
    var source: String?

    func validate() throws {
        _ = try span
        if let source { try checkSource(source) }
    }

    /// The days.
    var span: RecountSpan {
        get throws { try recountSpan(from: from, to: to) }
    }

    var sources: [String]? { source.map { [$0] } }
}

/// The span of two days as they are written.
func recountSpan(from: String, to: String) throws -> RecountSpan {
    func day(_ text: String, _ option: String) throws -> PeriodNumber {
        guard let date = CivilDate(text), (1970...2100).contains(date.year) else {
            throw ValidationError("\(option) must be a day from 1970 to 2100 such as 2025-05-01, is '\(text)'")
        }
        return date.dayNumber
    }
    let (first, last) = (try day(from, "--from"), try day(to, "--to"))
    guard first <= last else { throw ValidationError("--from must not be after --to") }
    return RecountSpan(days: first...last)
}

/// Throws unless a text can be a source.
func checkSource(_ source: String) throws {
    guard EventRules.isSource(source) else {
        throw ValidationError("--source must be ^[a-z0-9][a-z0-9_-]{0,63}$, is '\(source)'")
    }
}

/// `tributary verify`: recounts, and says whether the rollups are right.
struct VerifyCommand: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Recount days from the raw events and print every row that differs.",
        discussion: "Exit status 0: all rows and sets are what the recount gives. 1: there are differences.")

    @OptionGroup var stores: StoreOptions
    @OptionGroup var selection: RecountSelection

    func carryOut(on stores: BuiltStores, settings: Settings, terminal: any Terminal) async throws {
        let verification = Verification(try RecountBasis(stores, settings))
        do {
            let report = try await verification.run(
                try selection.span, sources: selection.sources, now: currentMilliseconds(),
                progress: { await terminal.show(.recount("verify", $0, $1)) },
                found: { await terminal.print($0.words) })
            await terminal.print(
                "\(report.rows) rows compared with \(report.events) raw events: \(report.differences) differ")
            if report.differences > 0 { throw ExitCode.failure }
        } catch let error as RecountError {
            await terminal.say("verify: \(error)")
            throw ExitCode(65)  // EX_DATAERR
        }
    }
}

extension RecountBasis {
    init(_ stores: BuiltStores, _ settings: Settings, calendar: ReportingCalendar? = nil) throws {
        self.init(
            raw: stores.raw, rollups: stores.rollups, calendar: try calendar ?? reportingCalendar(settings),
            metadata: keysOfMetadata(settings), retentionDays: settings.mongodb.rawRetentionDays)
    }
}

extension ProgressNote {
    static func recount(_ label: String, _ done: Int64, _ all: Int64) -> ProgressNote {
        ProgressNote(label: label, done: done, total: all, note: "\(done) records", isLast: done == all)
    }
}

extension Verification.Difference {
    /// One line: the row, what is stored, what it should be.
    fileprivate var words: String {
        func numbers(_ counts: RollupCounts?) -> String {
            counts.map { "\($0.events) events, \($0.visitors) visitors" } ?? "no row"
        }
        let period =
            key.granularity == .interval
            ? Timestamp.format(Int64(key.period) * ReportingCalendar.intervalLength)
            : CivilDate(dayNumber: key.period).description
        let row = [key.source, key.granularity.rawValue, period, key.dimension, key.value].map { displayed($0) }
        let set = isOtherSet ? "; the set of visitors is another one" : ""
        return "\(row.joined(separator: " ")): stored \(numbers(stored)); recounted \(numbers(recounted))\(set)"
    }
}
