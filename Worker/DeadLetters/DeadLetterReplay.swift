import Events
public import Stores

/// Sends dead letters to the log again, and settles those that came through.
///
/// Safe to repeat: a letter that was sent and not yet marked is sent once more, and deduplication counts its event
/// once. An event that fails again becomes a new dead letter, with one replay more on its count.
public struct DeadLetterReplay: Sendable {
    /// Letters read and sent at once.
    static let pageSize = 200

    /// What is to be sent.
    public struct Plan: Sendable {
        /// Which letters; those that are not open are left out.
        public var filter: DeadLetterFilter
        /// Letters sent, at most.
        public var limit: Int
        /// Whether to look only.
        public var isDryRun = false
        /// Letters that have been replayed this often are left out: they would go round for ever.
        public var maximumReplays = 3
        /// Whether letters of conflicts are sent as they are; they come to the same end unless the stored event is gone.
        public var includesConflicts = false
        /// Corrected events, by the position of the letter; `nil`: letters are sent as they are.
        public var corrections: [Position: [UInt8]]?

        /// Plans to send the open letters that a filter lets through.
        public init(filter: DeadLetterFilter, limit: Int) {
            self.filter = filter
            self.filter.state = .open
            self.limit = limit
        }
    }

    /// Why a letter was not sent.
    public struct Omission: Sendable, Equatable {
        /// The letter.
        public var position: Position
        /// For people.
        public var reason: String
    }

    /// What a replay came to.
    public struct Report: Sendable, Equatable {
        /// Letters sent (or to be sent, in a dry run), with the place of the new record; `nil` in a dry run.
        public var sent: [(position: Position, place: LogOffset?)] = []
        /// Letters left out.
        public var omitted: [Omission] = []
        /// Letters settled: their events are stored now.
        public var resolved = 0
        /// Letters whose events failed again, and lie in new dead letters.
        public var failedAgain = 0

        public static func == (left: Report, right: Report) -> Bool {
            left.sent.elementsEqual(right.sent) { $0 == $1 } && left.omitted == right.omitted
                && left.resolved == right.resolved && left.failedAgain == right.failedAgain
        }
    }

    private let log: any EventLog
    private let store: any RawEventStore
    private let now: @Sendable () -> Int64

    /// A replay over a log and the index of its dead letters.
    /// - Parameter now: the clock, milliseconds since 1970.
    public init(log: any EventLog, store: any RawEventStore, now: @escaping @Sendable () -> Int64) {
        (self.log, self.store, self.now) = (log, store, now)
    }

    /// Sends what the plan says. Every letter sent is acknowledged by the log before it is marked.
    /// - Parameter progress: told of the number of letters looked at, page by page.
    /// - Throws: the world's trouble; what was sent by then is marked, but for the last page.
    public func run(_ plan: Plan, progress: @Sendable (Int) async -> Void = { _ in }) async throws -> Report {
        var (report, last, seen) = (Report(), DeadLetterEntry?.none, 0)
        while report.sent.count < plan.limit {
            let page = try await store.deadLetters(matching: plan.filter, after: last, limit: Self.pageSize)
            guard let end = page.last else { break }
            last = end
            let wanted = page.filter { plan.corrections?.keys.contains($0.position) ?? true }
            try await send(wanted, plan, into: &report)
            seen += page.count
            await progress(seen)
        }
        return report
    }

    private func send(_ entries: [DeadLetterEntry], _ plan: Plan, into report: inout Report) async throws {
        let letters = try await Letters.read(entries, from: log)
        var (batch, positions) = (RecordBatch(), [Position]())
        for entry in entries where report.sent.count + positions.count < plan.limit {
            do {
                let letter = try letters.letter(of: entry)
                try letter.check(plan)
                try letter.append(plan.corrections?[entry.position], to: &batch, now: now())
                positions.append(entry.position)
            } catch {
                report.omitted.append(Omission(position: entry.position, reason: error.reason))
            }
        }
        guard !plan.isDryRun else { return report.sent += positions.map { ($0, nil) } }
        guard !positions.isEmpty else { return }
        let places = try await log.produce(batch, to: .userEvents)
        _ = try await store.moveDeadLetters(at: positions, from: .open, to: .replayed)
        report.sent += zip(positions, places).map { ($0, $1) }
    }
}

extension DeadLetterReplay {
    /// Waits until the workers have passed the records sent, and settles the letters whose events did not fail again.
    /// - Throws: `EventLogError` `.timedOut` where the workers are not there in time; the letters stay `replayed`.
    public func settle(_ report: inout Report, within limit: Duration) async throws {
        let deadline = ContinuousClock.now + limit
        var waiting = report.sent.compactMap { item in item.place.map { (position: item.position, place: $0) } }
        while !waiting.isEmpty {
            let partitions = Array(Set(waiting.map(\.place.partition)))
            let progress = try await store.latestProgress(of: partitions)
            let passed = waiting.filter { item in
                progress[item.place.partition].map { $0.next > item.place.offset } ?? false
            }
            for item in passed { try await settle(item, progress[item.place.partition]!, &report) }
            waiting.removeAll { item in passed.contains { $0.position == item.position } }
            guard waiting.isEmpty || .now < deadline else {
                throw EventLogError(
                    .timedOut, "the workers have not come to \(waiting.count) of the events sent; they stay 'replayed'")
            }
            if !waiting.isEmpty { try await Task.sleep(for: .milliseconds(200)) }
        }
    }

    private func settle(
        _ item: (position: Position, place: LogOffset), _ progress: IngestProgress, _ report: inout Report
    ) async throws {
        let window = OffsetWindow(partition: progress.partition, offsets: item.place.offset..<item.place.offset + 1)
        if try await store.deadLetters(in: window).isEmpty {
            report.resolved += try await store.moveDeadLetters(at: [item.position], from: .replayed, to: .resolved)
        } else {
            report.failedAgain += 1
        }
    }
}
