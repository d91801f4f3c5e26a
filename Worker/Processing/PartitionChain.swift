import Stores

/// A partition's share of a batch: records, and the progress that they go on from.
struct Share: Sendable {
    var slice: RecordSlice
    var progress: IngestProgress
    /// What the records say, where somebody has had the time to read them; `nil`: to be read.
    var ahead: ReadAhead?
}

/// What the records of a slice say, read before it was known where its partition goes on.
struct ReadAhead: Sendable {
    /// The partition's incarnation that the events' positions name.
    var epoch: Int32
    /// One for each record of the slice.
    fileprivate var decoded: [Decoded]
}

/// What a share's way through the chain came to.
struct Processed: Sendable {
    /// The partition's progress now.
    var progress: IngestProgress
    /// What became of each record; empty where somebody else had moved the progress.
    var outcomes: [Outcome]
    /// Whether another worker moved the progress, or the fetch passed over records: positions must be compared again.
    var isAstray: Bool
}

/// The way of records through the worker. The partitions of a batch go side by side: one insert and one move of progress
/// for all, but trouble of one partition is not the others'. Progress moves last, so that a crash anywhere before it
/// means a redelivery, which comes to the same outcomes.
struct PartitionChain: Sendable {
    let gaps: GapCheck
    let decoder = Decoder()
    let enricher: Enricher
    let storing: Storing
    let deadLetters: DeadLetterWriter
    /// Names a batch.
    let newToken: @Sendable () -> String
    /// Is told what was stored; `nil` where nobody looks on.
    var live: LiveTally?

    /// decode → enrich → store → dead letters → progress.
    /// - Returns: what became of each share, in order; a failure is the world's trouble, and the same share is to be
    ///   processed again.
    func process(_ shares: [Share]) async -> [Result<Processed, any Error>] {
        var results = Results()
        let due = await takeDue(shares, &results)
        let enriched = await decodeAndEnrich(due)
        let stored = await store(enriched, &results)
        let buried = await bury(stored, &results)
        await advance(buried, &results)
        return shares.indices.map { results[$0]! }
    }

    private typealias Results = [Int: Result<Processed, any Error>]

    /// Records that are to be processed now, and whose share they are.
    private struct Due: Sendable {
        var place: Int
        var share: Share
        var slice: RecordSlice { share.slice }
        var epoch: Int32 { share.progress.partition.epoch }
    }

    /// What the records say, and what is known besides.
    private struct Read: Sendable {
        var due: Due
        var decoded: [Decoded]
    }

    /// What became of the records: stored, or to be buried.
    private struct Settled: Sendable {
        var due: Due
        var decoded: [Decoded]
        var outcomes: [Outcome]

        var faults: [(index: Int, fault: Fault)] {
            zip(due.slice.indices, outcomes).compactMap { index, outcome in
                if case .dead(let fault) = outcome { (index, fault) } else { nil }
            }
        }
    }

    private func takeDue(_ shares: [Share], _ results: inout Results) async -> [Due] {
        var due: [Due] = []
        for (place, share) in shares.enumerated() {
            let next = share.progress.next
            var rest = Share(slice: share.slice.dropping(below: next), progress: share.progress)
            if rest.slice.indices.count == share.slice.indices.count { rest.ahead = share.ahead }
            do {
                if rest.slice.isEmpty {
                    results[place] = .success(Processed(progress: share.progress, outcomes: [], isAstray: false))
                } else if try await gaps.holesAreEmpty(in: rest.slice, from: next) {
                    due.append(Due(place: place, share: rest))
                } else {
                    results[place] = .success(Processed(progress: share.progress, outcomes: [], isAstray: true))
                }
            } catch { results[place] = .failure(error) }
        }
        return due
    }

    /// Reads slices of partitions whose records before them are still on their way.
    /// - Parameter progress: what is known of each partition; slices of others are passed over.
    func readAhead(_ slices: [RecordSlice], after progress: [Int32: IngestProgress]) async -> [Int32: ReadAhead] {
        let due = slices.enumerated().compactMap { place, slice in
            progress[slice.partition].map { Due(place: place, share: Share(slice: slice, progress: $0)) }
        }
        return await decodeAndEnrich(due).reduce(into: [:]) {
            $0[$1.due.slice.partition] = ReadAhead(epoch: $1.due.epoch, decoded: $1.decoded)
        }
    }

    private func decodeAndEnrich(_ due: [Due]) async -> [Read] {
        await withTaskGroup(of: Read.self) { group in
            for item in due {
                group.addTask { Read(due: item, decoded: decodeAndEnrich(item)) }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.due.place < $1.due.place }
        }
    }

    private func decodeAndEnrich(_ item: Due) -> [Decoded] {
        if let ahead = item.share.ahead, ahead.epoch == item.epoch { return ahead.decoded }
        return decoder.decode(item.slice, epoch: item.epoch, completing: enricher)
    }

    private func store(_ read: [Read], _ results: inout Results) async -> [Settled] {
        let outcomes = await storing.store(read.map(\.decoded))
        var settled: [Settled] = []
        for (item, result) in zip(read, outcomes) {
            switch result {
            case .success(let outcomes):
                settled.append(Settled(due: item.due, decoded: item.decoded, outcomes: outcomes))
            case .failure(let error): results[item.due.place] = .failure(error)
            }
        }
        return settled
    }

    private func bury(_ stored: [Settled], _ results: inout Results) async -> [Settled] {
        var buried: [Settled] = []
        for item in stored {
            do {
                try await deadLetters.write(item.faults, of: item.due.slice, epoch: item.due.epoch)
                buried.append(item)
            } catch { results[item.due.place] = .failure(error) }
        }
        return buried
    }

    private func advance(_ buried: [Settled], _ results: inout Results) async {
        guard !buried.isEmpty else { return }
        let moves = buried.map { item in
            let old = item.due.share.progress
            let books = Bookkeeping.enter(item.outcomes, of: item.due.slice, into: old, token: newToken())
            return ProgressMove(from: old, to: books)
        }
        let replies = await storing.store.advance(moves)
        for (item, (move, reply)) in zip(buried, zip(moves, replies)) {
            if case .success(.advanced) = reply { live?.count(move.new.partition, item.decoded, item.outcomes) }
            results[item.due.place] = reply.map { outcome in
                switch outcome {
                case .advanced: Processed(progress: move.new, outcomes: item.outcomes, isAstray: false)
                case .superseded(let current): Processed(progress: current, outcomes: [], isAstray: true)
                }
            }
        }
    }
}
