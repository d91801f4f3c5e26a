import Stores

/// What a slice's way through the chain came to.
struct Processed: Sendable {
    /// The partition's progress now.
    var progress: IngestProgress
    /// What became of each record; empty where somebody else had moved the progress.
    var outcomes: [Outcome]
    /// Whether another worker moved the progress, or the fetch passed over records: positions must be compared again.
    var isAstray: Bool
}

/// The way of a partition's records through the worker. Progress moves last, so that a crash anywhere before it
/// means a redelivery, which comes to the same outcomes.
struct PartitionChain: Sendable {
    let gaps: GapCheck
    let decoder = Decoder()
    let enricher: Enricher
    let storing: Storing
    let deadLetters: DeadLetterWriter
    /// Names a batch.
    let newToken: @Sendable () -> String

    /// decode → enrich → store → dead letters → progress.
    /// - Throws: the world's trouble; the same slice is to be processed again.
    func process(_ slice: RecordSlice, from progress: IngestProgress) async throws -> Processed {
        let due = slice.dropping(below: progress.next)
        guard !due.isEmpty else { return Processed(progress: progress, outcomes: [], isAstray: false) }
        guard try await gaps.holesAreEmpty(in: due, from: progress.next) else {
            return Processed(progress: progress, outcomes: [], isAstray: true)
        }
        let decoded = decoder.decode(due, epoch: progress.partition.epoch)
        let outcomes = try await storing.store(enricher.enrich(decoded, of: due))
        try await deadLetters.write(faults(outcomes, of: due), of: due, epoch: progress.partition.epoch)
        return try await advance(progress, past: due, outcomes)
    }

    private func faults(_ outcomes: [Outcome], of slice: RecordSlice) -> [(index: Int, fault: Fault)] {
        zip(slice.indices, outcomes).compactMap { index, outcome in
            if case .dead(let fault) = outcome { (index, fault) } else { nil }
        }
    }

    private func advance(
        _ progress: IngestProgress, past slice: RecordSlice, _ outcomes: [Outcome]
    ) async throws -> Processed {
        let books = Bookkeeping.enter(outcomes, of: slice, into: progress, token: newToken())
        switch try await storing.store.advance(from: progress, to: books) {
        case .advanced: return Processed(progress: books, outcomes: outcomes, isAstray: false)
        case .superseded(let current): return Processed(progress: current, outcomes: [], isAstray: true)
        }
    }
}
