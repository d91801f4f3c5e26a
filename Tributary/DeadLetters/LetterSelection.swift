public import ArgumentParser
import Events
import Foundation
public import Stores

extension DeadLetterEntry.State: ExpressibleByArgument {}

extension Position: ExpressibleByArgument {
    /// `epoch/partition/offset`.
    public init?(argument: String) {
        let numbers = argument.split(separator: "/", omittingEmptySubsequences: false)
        guard numbers.count == 3, let epoch = Int32(numbers[0]), let partition = Int32(numbers[1]),
            let offset = Int64(numbers[2])
        else { return nil }
        self.init(epoch: epoch, partition: partition, offset: offset)
    }
}

/// Which dead letters a command is about.
struct LetterSelection: ParsableArguments {
    @Option(help: "Only those of this stage: decode, store.")
    var stage: String?

    @Option(help: "Only those with this reason, such as invalid_json or conflict.")
    var reason: String?

    @Option(help: "Only those of this source.")
    var source: String?

    @Option(help: "Only those that failed at or after this time (RFC 3339, or a length of time ago such as 2h).")
    var since: String?

    @Option(help: "Only those that failed before this time (RFC 3339, or a length of time ago such as 10m).")
    var until: String?

    @Option(help: "Only those at these places in the log: epoch/partition, or epoch/partition/from-to.")
    var at: String?

    func validate() throws {
        _ = try filter(now: 0)
        if let source { try checkSource(source) }
    }

    /// The filter, but for the state.
    /// - Parameter now: what lengths of time count back from, milliseconds since 1970.
    func filter(now: Int64) throws -> DeadLetterFilter {
        var filter = DeadLetterFilter()
        (filter.stage, filter.reason, filter.source) = (stage, reason, source)
        if since != nil || until != nil {
            let lower = try since.map { try Self.time($0, "--since", now: now) } ?? 0
            let upper = try until.map { try Self.time($0, "--until", now: now) } ?? Timestamp.maximum
            guard lower <= upper else { throw ValidationError("--since must not be after --until") }
            filter.failedAt = lower..<upper
        }
        filter.window = try at.map(Self.window)
        return filter
    }

    private static func time(_ text: String, _ option: String, now: Int64) throws -> Int64 {
        if let time = Timestamp.parse(Array(text.utf8)) { return time }
        let units: [Character: Int64] = ["s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
        if let unit = text.last.flatMap({ units[$0] }), let number = Int64(text.dropLast()), 0...100_000 ~= number {
            return max(0, now - number * unit)
        }
        throw ValidationError(
            "\(option) must be a time such as 2025-05-01T12:00:00Z, or 90s, 10m, 2h, 7d; is '\(text)'")
    }

    private static func window(_ text: String) throws -> OffsetWindow {
        let pattern = /([0-9]{1,9})\/([0-9]{1,9})(\/([0-9]{1,18})-([0-9]{1,18}))?/
        guard let match = text.wholeMatch(of: pattern), let epoch = Int32(match.1), let partition = Int32(match.2)
        else {
            throw ValidationError("--at must be epoch/partition or epoch/partition/from-to, is '\(text)'")
        }
        let (lower, upper) = (match.4.flatMap { Int64($0) } ?? 0, match.5.flatMap { Int64($0) } ?? .max - 1)
        guard lower <= upper else { throw ValidationError("--at must end where it begins or later, is '\(text)'") }
        return OffsetWindow(partition: PartitionEpoch(epoch: epoch, partition: partition), offsets: lower..<upper + 1)
    }
}

extension RawEventStore {
    /// Calls `body` with the dead letters that a filter lets through, page by page, until it returns `false`.
    func forEachPage(
        of filter: DeadLetterFilter, size: Int = 500, _ body: ([DeadLetterEntry]) async throws -> Bool
    ) async throws {
        var last: DeadLetterEntry?
        while true {
            let page = try await deadLetters(matching: filter, after: last, limit: size)
            guard let end = page.last else { return }
            last = end
            guard try await body(page) else { return }
        }
    }
}
