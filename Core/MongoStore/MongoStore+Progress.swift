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
        await withTaskGroup(of: (Int, Result<AdvanceOutcome, any Error>).self) { group in
            for (index, move) in moves.enumerated() {
                group.addTask {
                    do { return (index, .success(try await self.advance(move.old, to: move.new))) } catch {
                        return (index, .failure(error))
                    }
                }
            }
            return await group.reduce(into: [Int: Result<AdvanceOutcome, any Error>]()) { $0[$1.0] = $1.1 }
                .sorted { $0.key < $1.key }.map(\.value)
        }
    }

    private func advance(_ old: IngestProgress, to new: IngestProgress) async throws -> AdvanceOutcome {
        try await run(.advance) { (client) throws(DatabaseError) in
            do throws(DatabaseError) {
                if try client.replace(old, by: new) { return .advanced }
            } catch {
                // The reply was lost, or a majority is late. What is stored tells, if it can be read.
                guard error.code != .closed, let outcome = try? client.outcome(from: old, to: new) else { throw error }
                return outcome
            }
            guard let outcome = try client.outcome(from: old, to: new) else {
                throw DatabaseError(
                    .contended, store: mongoStoreName, "progress of \(old.partition) is changing or gone")
            }
            return outcome
        }
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

    /// Compare-and-set: whether it was `old` and is `new` now.
    fileprivate func replace(_ old: IngestProgress, by new: IngestProgress) throws(DatabaseError) -> Bool {
        let command = BSONBatch { command in
            command.field("findAndModify", Collections.progress)
            command.field("query") { query in
                query.field("_id", old.partition.description)
                query.field("next", old.next)
                query.field("batch", old.batch)
            }
            command.field("update") { new.write(to: &$0) }
            command.field("new", true)
        }
        return try write(command, MongoOperation.advance.doing) { (reply) throws(BSONFault) in
            try Self.value(of: reply) != nil
        }
    }

    /// What is stored, compared with what was wanted; `nil` where it is still `old`, or gone.
    fileprivate func outcome(
        from old: IngestProgress, to new: IngestProgress
    ) throws(DatabaseError) -> AdvanceOutcome? {
        let filter = BSONBatch { $0.field("_id", old.partition.description) }
        let stored = try find(Collections.progress, filter, MongoOperation.advance.doing) {
            (document) throws(BSONFault) in try IngestProgress(document)
        }.first
        guard let stored else { return nil }
        if stored == new { return .advanced }
        return stored.next == old.next && stored.batch == old.batch ? nil : .superseded(by: stored)
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
