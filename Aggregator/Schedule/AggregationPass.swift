import Logging
import Stores

/// What a pass came to.
public struct PassReport: Sendable, Equatable {
    /// Events folded.
    public var events = 0
    /// Partitions whose window did not hold as many events as the books say; they were left alone.
    public var mismatches = 0
    /// Everything received before this time has been folded: milliseconds since 1970; `nil` where nothing is known.
    public var completeThrough: Int64?
}

/// Folds what has been stored since the last pass, and merges it.
struct AggregationPass: Sendable {
    /// Offsets read at once, at most.
    static let readSize: Int64 = 10_000

    let raw: any RawEventStore
    let merger: Merger
    let calendar: ReportingCalendar
    let dimensions: Dimensions
    /// Partitions read and folded at a time.
    let parallelism: Int
    let logger: Logger
    /// Events folded into one transaction: about this many, then the next begins. Bounds a pass's memory.
    var transactionSize: Int64 = 200_000

    /// Folds and merges until nothing is left of what was stored when it began.
    func run() async throws -> PassReport {
        // Before any raw event is read.
        let (state, cursors) = try await merger.store.withReader { reader in
            (try await reader.state(), try await reader.cursors())
        }
        try state.check(calendar)
        return try await raw.withConsistentReader { reader in
            var report = PassReport()
            var work = PartitionPass.plan(try await reader.progress(), cursors)[...]
            while let next = work.first {
                if next.window.offsets.count > transactionSize {
                    work.removeFirst()
                    try await foldInSteps(next, reader, state.forgotten, &report)
                } else {
                    try await foldTogether(takeShare(of: &work), reader, state.forgotten, &report)
                }
            }
            return report
        }
    }

    /// The next windows that together fit one transaction.
    private func takeShare(of work: inout ArraySlice<PartitionPass>) -> [PartitionPass] {
        var (share, size) = ([PartitionPass](), Int64(0))
        while let next = work.first, size + Int64(next.window.offsets.count) <= transactionSize {
            size += Int64(next.window.offsets.count)
            share.append(next)
            work.removeFirst()
        }
        return share
    }

    /// Folds whole windows side by side, and merges them in one transaction.
    private func foldTogether(
        _ passes: [PartitionPass], _ reader: any RawEventReader, _ forgotten: Int64, _ report: inout PassReport
    ) async throws {
        let folds = try await withThrowingTaskGroup(of: (Int, Fold).self) { group in
            var (folds, next) = ([Fold?](repeating: nil, count: passes.count), 0)
            func start() {
                guard next < passes.count else { return }
                let (index, window) = (next, passes[next].window)
                next += 1
                group.addTask { (index, try await fold(window, reader)) }
            }
            for _ in 0..<parallelism { start() }
            while let (index, fold) = try await group.next() {
                folds[index] = fold
                start()
            }
            return folds
        }
        var (good, moved) = ([Fold](), [PartitionPass]())
        for (pass, fold) in zip(passes, folds) {
            guard let fold, holds(pass, Int64(fold.count)) else {
                report.mismatches += 1
                continue
            }
            good.append(fold)
            moved.append(pass)
        }
        guard !moved.isEmpty else { return }
        try await merger.merge(good, moving: moved, forgotten: forgotten)
        report.events += good.reduce(0) { $0 + $1.count }
    }

    /// Folds a window that is too large for one transaction. All of it is counted first: nothing moves unless the whole
    /// is what the books say.
    private func foldInSteps(
        _ pass: PartitionPass, _ reader: any RawEventReader, _ forgotten: Int64, _ report: inout PassReport
    ) async throws {
        var found: Int64 = 0
        for part in pass.window.parts(of: Self.readSize) { found += Int64(try await reader.events(in: part).count) }
        guard holds(pass, found) else {
            report.mismatches += 1
            return
        }
        var from = pass.from
        for part in pass.window.parts(of: transactionSize) {
            let fold = try await fold(part, reader)
            var to = pass.to
            to.nextOffset = part.offsets.upperBound
            to.foldedStored = (from?.foldedStored ?? 0) + Int64(fold.count)
            try await merger.merge(
                [fold], moving: [PartitionPass(from: from, to: to, start: part.offsets.lowerBound)],
                forgotten: forgotten)
            report.events += fold.count
            from = to
        }
    }

    private func fold(_ window: OffsetWindow, _ reader: any RawEventReader) async throws -> Fold {
        var fold = Fold(calendar: calendar, dimensions: dimensions)
        for part in window.parts(of: Self.readSize) {
            fold.add(try await reader.events(in: part, metadata: dimensions.metadata))
        }
        return fold
    }

    /// Whether a window's events are as many as the books say; if not, nothing may move.
    private func holds(_ pass: PartitionPass, _ found: Int64) -> Bool {
        guard found != pass.expectedEvents else { return true }
        logger.error(
            "A window does not hold the events that the books say",
            metadata: [
                "partition": "\(pass.to.partition)", "offsets": "\(pass.window.offsets)", "found": "\(found)",
                "expected": "\(pass.expectedEvents)",
            ])
        return false
    }
}
