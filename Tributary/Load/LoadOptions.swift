import ArgumentParser
import AsyncHTTPClient
import Events
import Foundation
import Operations
import Traffic

/// Where traffic goes.
struct TargetOptions: ParsableArguments {
    @Option(help: "The collector's address.")
    var collector = "http://127.0.0.1:8080"

    @Option(help: "The write key, which also names the source, where the collector asks for one.")
    var writeKey: String?

    @Option(help: "Events of a request at most, 1 to 1000. At a fixed rate there are 20 requests a second at least.")
    var batch = 500

    @Option(help: "Requests at a time, 1 to 1000.")
    var connections = 4

    func check() throws {
        try checkBatch(batch)
        try checkCollector(collector)
        guard (1...1000).contains(connections) else {
            throw ValidationError("--connections must be 1 to 1000, is \(connections)")
        }
    }

    var poster: EventPoster { EventPoster(client: .shared, collector: collector, writeKey: writeKey) }
}

/// What is made.
struct TrafficOptions: ParsableArguments {
    /// Events of a history for each user, unless told otherwise.
    private static let eventsPerUser = 20

    @Option(help: "All else is drawn from it.")
    var seed: UInt64 = 1

    @Option(help: "People who visit, 1 to 100000000; those of little habit may not come at all.")
    var users = 10_000

    @Option(help: "Events: about so many of a history (default: 20 a user), exactly so many live (default: no end).")
    var events: Int?

    @Option(help: "A history of so many days, up to --to.")
    var days: Int?

    @Option(help: "A history from this date or RFC 3339 time on.")
    var from: PointInTime?

    @Option(help: "The history's end, itself excluded (default: now).")
    var to: PointInTime?

    @Option(help: "The share of events that arrive late: hours or days in a history, minutes live.")
    var late: Share = 0.01

    @Option(help: "The share of events that are sent once more.")
    var duplicates: Share = 0.01

    @Option(help: "eventIds: ordered (UUIDv7) or random (UUIDv4).")
    var ids = IDs.ordered

    @Flag(help: "Events say a made-up address, for a write key that is marked as a server's.")
    var addresses = false

    enum IDs: String, ExpressibleByArgument, CaseIterable {
        case ordered, random
    }

    var isHistory: Bool { days != nil || from != nil || to != nil }

    /// How many events there will be, if that is known.
    var eventCount: Int? { events ?? (isHistory ? users * Self.eventsPerUser : nil) }

    func check() throws {
        guard (1...100_000_000).contains(users) else {
            throw ValidationError("--users must be 1 to 100000000, is \(users)")
        }
        if let events, events < 1 { throw ValidationError("--events must be at least 1, is \(events)") }
        if let days, !(1...3660).contains(days) { throw ValidationError("--days must be 1 to 3660, is \(days)") }
        if days != nil, from != nil { throw ValidationError("--days and --from are two ways to say one thing") }
        if to != nil, days == nil, from == nil { throw ValidationError("--to needs --days or --from") }
        _ = try plan(now: currentMilliseconds(), rate: .max)
    }

    func plan(now: Int64, rate: Rate) throws -> TrafficPlan {
        var plan = TrafficPlan(try span(now: now, rate: rate))
        (plan.seed, plan.users, plan.ids) = (seed, users, ids == .random ? .random : .ordered)
        plan.hasAddresses = addresses
        (plan.lateShare, plan.duplicateShare) = (late.value, duplicates.value)
        return plan
    }

    private func span(now: Int64, rate: Rate) throws -> TrafficPlan.Span {
        guard isHistory else { return .live(from: now, eventsPerSecond: rate.eventsPerSecond ?? 1000) }
        let end = to?.time ?? now
        let start = days.map { end - Int64($0) * 86_400_000 } ?? from?.time ?? end
        guard start < end else {
            throw ValidationError("--from must be before --to, which is now where it is not given")
        }
        guard start >= 0, end <= now + 86_400_000 else {
            throw ValidationError(
                "--from and --to must lie between 1970 and tomorrow: the collector takes no other times")
        }
        return .history(from: start, to: end, events: eventCount ?? 0)
    }
}

/// How fast events are sent.
enum Rate: ExpressibleByArgument, Equatable {
    case max
    case perSecond(Double)

    init?(argument: String) {
        if argument == "max" {
            self = .max
            return
        }
        let text = argument.hasSuffix("/s") ? String(argument.dropLast(2)) : argument
        guard let rate = Double(text), (0.01...10_000_000).contains(rate) else { return nil }
        self = .perSecond(rate)
    }

    var eventsPerSecond: Double? {
        if case .perSecond(let rate) = self { rate } else { nil }
    }
}

/// A share, 0 to 1.
struct Share: ExpressibleByArgument, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
    var value: Double

    init?(argument: String) {
        guard let value = Double(argument), (0...1).contains(value) else { return nil }
        self.value = value
    }

    init(floatLiteral value: Double) { self.value = value }
    init(integerLiteral value: Int) { self.value = Double(value) }

    var defaultValueDescription: String { "\(value)" }
}

/// A date, which is its beginning in UTC, or an RFC 3339 time.
struct PointInTime: ExpressibleByArgument {
    /// Milliseconds since 1970.
    var time: Int64

    init?(argument: String) {
        let date = CivilDate(argument).map { Int64($0.dayNumber) * 86_400_000 }
        guard let time = date ?? Timestamp.parse(argument.utf8) else { return nil }
        self.time = time
    }
}

/// `500ms`, `30s`, `5m`, `2h`.
struct LengthOfTime: ExpressibleByArgument {
    var value: Duration

    init?(argument: String) {
        guard let value = parseDuration(argument), value > .zero else { return nil }
        self.value = value
    }
}
