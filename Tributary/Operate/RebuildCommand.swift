import Aggregator
import ArgumentParser
import Events
import Operations
import Stores

/// `tributary rebuild`: makes rows anew.
struct RebuildCommand: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract: "Make the rollups of days anew from the raw events; passes go on meanwhile.",
        discussion: """
            With --timezone all days and weeks are cut anew in that zone, or by its changed rules; passes wait meanwhile, \
            and questions are answered from the old ones until all is done. Then start the aggregator with \
            REPORTING_TIMEZONE as it was given here.
            """)

    @OptionGroup var stores: StoreOptions

    @Option(help: "The first day, YYYY-MM-DD in the reporting time zone.")
    var from: String?

    @Option(help: "The last day, included.")
    var to: String?

    @Option(help: "Only this source.")
    var source: String?

    @Option(help: "Cut everything anew in this IANA time zone.")
    var timezone: String?

    @Flag(
        help: """
            With --timezone, where raw events have expired: go on, and lose the numbers of all days and weeks before \
            those that RAW_RETENTION_DAYS reaches back to. 15-minute buckets stay.
            """)
    var dropExpired = false

    private enum Work {
        case span(RecountSpan, [String]?)
        case recut(ReportingCalendar)
    }

    func validate() throws { _ = try work }

    private var work: Work {
        get throws {
            if let timezone {
                guard from == nil, to == nil, source == nil else {
                    throw ValidationError("--timezone is for all days and sources: leave --from, --to and --source out")
                }
                guard let calendar = ReportingCalendar(timezone) else {
                    throw ValidationError("--timezone must be an IANA name such as Europe/Berlin, is '\(timezone)'")
                }
                return .recut(calendar)
            }
            guard let from, let to else { throw ValidationError("--from and --to are needed, or --timezone") }
            guard !dropExpired else { throw ValidationError("--drop-expired goes with --timezone") }
            if let source { try checkSource(source) }
            return .span(try recountSpan(from: from, to: to), source.map { [$0] })
        }
    }

    func carryOut(on stores: BuiltStores, settings: Settings, terminal: any Terminal) async throws {
        do {
            switch try work {
            case .span(let span, let sources):
                try await rebuild(span, sources, RecountBasis(stores, settings), terminal)
            case .recut(let calendar):
                try await recut(calendar, RecountBasis(stores, settings, calendar: calendar), terminal)
            }
        } catch let error as RecountError {
            let way = timezone == nil ? "" : "; --drop-expired goes on without those before"
            await terminal.say("rebuild: \(error)\(way); nothing was changed")
            throw ExitCode(65)  // EX_DATAERR
        }
    }

    private func rebuild(
        _ span: RecountSpan, _ sources: [String]?, _ basis: RecountBasis, _ terminal: any Terminal
    ) async throws {
        let report = try await Rebuild(basis).run(
            span, sources: sources, now: currentMilliseconds(),
            progress: { await terminal.show(.recount("rebuild", $0, $1)) })
        await terminal.print("\(report.rows) rows made anew from \(report.events) raw events")
    }

    private func recut(_ calendar: ReportingCalendar, _ basis: RecountBasis, _ terminal: any Terminal) async throws {
        let report = try await Recut(basis).run(
            droppingExpired: dropExpired, now: currentMilliseconds(),
            progress: { await terminal.show(.recount("rebuild", $0, $1)) })
        await terminal.print("all days cut in \(calendar.identifier) from \(report.events) raw events")
        if let day = report.firstDay {
            await terminal.print(
                "raw events had expired: days and weeks that begin before \(CivilDate(dayNumber: day)) are gone")
        }
        await terminal.say("Start the aggregator with REPORTING_TIMEZONE=\(calendar.identifier).")
    }
}
