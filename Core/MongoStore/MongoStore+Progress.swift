internal import Events
public import Stores

extension MongoStore {
    public func latestProgress(of partitions: [Int32]) async throws -> [Int32: IngestProgress] {
        let wanted = Set(partitions)
        let all = try await run(.readProgress) { (client) throws(DatabaseError) in try client.progress() }
        return all.reduce(into: [:]) { latest, progress in
            let partition = progress.partition.partition
            guard wanted.contains(partition) else { return }
            if let known = latest[partition], known.partition.epoch > progress.partition.epoch { return }
            latest[partition] = progress
        }
    }

    public func beginEpoch(_ progress: IngestProgress) async throws -> IngestProgress {
        try await run(.beginEpoch) { (client) throws(DatabaseError) in
            // Of two upserts at once, one may meet the other's `_id`: trying again, it finds what is stored.
            do throws(DatabaseError) { return try client.insertIfAbsent(progress) } catch {
                guard error.code == .contended else { throw error }
            }
            return try client.insertIfAbsent(progress)
        }
    }

    public func advance(_ moves: [ProgressMove]) async -> [Result<AdvanceOutcome, any Error>] {
        guard !moves.isEmpty else { return [] }
        do {
            return try await run(.advance) { (client) throws(DatabaseError) in
                do throws(DatabaseError) {
                    if try client.replace(moves) == moves.count { return moves.map { _ in .success(.advanced) } }
                } catch {
                    // The reply was lost, or a majority is late. What is stored tells, if it can be read.
                    guard error.code != .closed, let outcomes = try? client.outcomes(of: moves) else { throw error }
                    return outcomes.map { outcome in outcome.map { .success($0) } ?? .failure(error) }
                }
                return zip(moves, try client.outcomes(of: moves)).map { move, outcome in
                    outcome.map { .success($0) } ?? .failure(Self.unsettled(move))
                }
            }
        } catch {
            return moves.map { _ in .failure(error) }
        }
    }

    private static func unsettled(_ move: ProgressMove) -> DatabaseError {
        DatabaseError(
            .contended, store: mongoStoreName, "progress of \(move.old.partition) is changing or gone")
    }
}

extension MongoClient {
    /// Progress of all partitions and epochs: a few hundred small documents, so they are all read.
    func progress(session: Int? = nil) throws(DatabaseError) -> [IngestProgress] {
        try find(Collections.progress, BSONBatch { _ in }, session: session, MongoOperation.readProgress.doing) {
            (document) throws(BSONFault) in try IngestProgress(document)
        }
    }

    fileprivate func insertIfAbsent(_ progress: IngestProgress) throws(DatabaseError) -> IngestProgress {
        let command = BSONBatch { command in
            command.field("findAndModify", Collections.progress)
            command.field("query") { $0.field("_id", progress.partition.description) }
            command.field("update") { $0.field("$setOnInsert") { progress.write(to: &$0) } }
            command.field("upsert", true)
            command.field("new", true)
        }
        let doing = MongoOperation.beginEpoch.doing
        let stored = try write(command, doing) { (reply) throws(BSONFault) in try Self.value(of: reply) }
        guard let stored else {
            throw DatabaseError(.contended, store: mongoStoreName, "\(doing) met another who did the same")
        }
        return stored
    }

    /// Compare-and-set of each: how many were `old` and are `new` now. One command for all partitions of a batch.
    fileprivate func replace(_ moves: [ProgressMove]) throws(DatabaseError) -> Int {
        let command = BSONBatch { command in
            command.field("update", Collections.progress)
            command.field("ordered", false)
            command.array("updates", moves) { statement, move in
                statement.field("q") { query in
                    query.field("_id", move.old.partition.description)
                    query.field("next", move.old.next)
                    query.field("batch", move.old.batch)
                }
                statement.field("u") { move.new.write(to: &$0) }
            }
        }
        return try write(command, MongoOperation.advance.doing) { (reply) throws(BSONFault) in
            var reply = reply
            while let element = try reply.next() {
                if element.isNamed("n") { return Int(try element.integer()) }
            }
            return 0
        }
    }

    /// What is stored, compared with what was wanted of each; `nil` where it is still `old`, or gone.
    fileprivate func outcomes(of moves: [ProgressMove]) throws(DatabaseError) -> [AdvanceOutcome?] {
        let filter = BSONBatch { filter in
            filter.field("_id") { $0.array("$in", moves.map(\.old.partition.description)) }
        }
        let stored = try find(Collections.progress, filter, MongoOperation.advance.doing) {
            (document) throws(BSONFault) in try IngestProgress(document)
        }
        let found = Dictionary(stored.map { ($0.partition, $0) }) { first, _ in first }
        return moves.map { move in
            guard let stored = found[move.old.partition] else { return nil }
            if stored == move.new { return .advanced }
            return stored.next == move.old.next && stored.batch == move.old.batch ? nil : .superseded(by: stored)
        }
    }

    /// The document in a reply of findAndModify; `nil` where none matched.
    private static func value(of reply: BSONReader) throws(BSONFault) -> IngestProgress? {
        var reply = reply
        while let element = try reply.next() {
            if element.isNamed("value"), element.type == BSONType.document {
                return try IngestProgress(try element.document())
            }
        }
        return nil
    }
}
