public import Stores

extension MongoStore {
    public func recordDeadLetters(_ entries: [DeadLetterEntry]) async throws {
        guard !entries.isEmpty else { return }
        var writer = BSONWriter(capacity: entries.count * 384)
        var documents: [Range<Int>] = []
        for entry in entries {
            let start = writer.count
            writer.document { entry.write(to: &$0) }
            documents.append(start..<writer.count)
        }
        let batch = BSONBatch(writer, documents: documents)
        let doing = MongoOperation.recordDeadLetters.doing
        let report = try await run(.recordDeadLetters) { (client) throws(DatabaseError) in
            try client.insert(batch, into: Collections.deadLetters, doing)
        }
        // An `_id` that is taken is the same dead letter, put there before.
        if let (index, reason) = report.refused.first {
            throw DatabaseError(
                .refusedValue, store: mongoStoreName, "\(doing) failed at \(entries[index].position)", cause: reason)
        }
    }

    public func deadLetters(in window: OffsetWindow) async throws -> [DeadLetterEntry] {
        guard !window.offsets.isEmpty else { return [] }
        let found = try await run(.readDeadLetters) { (client) throws(DatabaseError) in
            let filter = BSONBatch { $0.window(window, "epoch", "partition", "offset") }
            return try client.find(Collections.deadLetters, filter, MongoOperation.readDeadLetters.doing) {
                (document) throws(BSONFault) in try DeadLetterEntry(document)
            }
        }
        return found.sorted { $0.position < $1.position }
    }

    public func deadLetters(
        matching filter: DeadLetterFilter, after last: DeadLetterEntry?, limit: Int
    ) async throws -> [DeadLetterEntry] {
        guard limit > 0, filter.window?.offsets.isEmpty != true, filter.failedAt?.isEmpty != true else { return [] }
        return try await run(.readDeadLetters) { (client) throws(DatabaseError) in
            let condition = BSONBatch { condition in
                filter.write(to: &condition)
                last?.writeFollowing(to: &condition)
            }
            let order = FindOrder(fields: ["failedAt", "epoch", "partition", "offset"], limit: limit)
            return try client.find(
                Collections.deadLetters, condition, ordered: order, MongoOperation.readDeadLetters.doing
            ) { (document) throws(BSONFault) in try DeadLetterEntry(document) }
        }
    }

    public func moveDeadLetters(
        at positions: [Position], from: DeadLetterEntry.State, to: DeadLetterEntry.State
    ) async throws -> Int {
        guard !positions.isEmpty, from != to else { return 0 }
        let command = BSONBatch { command in
            command.field("update", Collections.deadLetters)
            command.name("updates", BSONType.array)
            command.document { updates in
                updates.field("0") { update in
                    update.field("q") { query in
                        query.field("_id") { $0.array("$in", positions.map(\.description)) }
                        query.field("state", from.rawValue)
                    }
                    update.field("u") { $0.field("$set") { $0.field("state", to.rawValue) } }
                    update.field("multi", true)
                }
            }
        }
        return try await run(.moveDeadLetters) { (client) throws(DatabaseError) in
            try client.write(command, MongoOperation.moveDeadLetters.doing) { (reply) throws(BSONFault) in
                try modifiedCount(reply)
            }
        }
    }
}

extension DeadLetterFilter {
    /// Writes the conditions as members of a query.
    fileprivate func write(to query: inout BSONWriter) {
        if let state { query.field("state", state.rawValue) }
        if let stage { query.field("stage", stage) }
        if let reason { query.field("reason", reason) }
        if let source { query.field("source", source) }
        if let failedAt {
            query.field("failedAt") { bounds in
                bounds.field("$gte", date: failedAt.lowerBound)
                bounds.field("$lt", date: failedAt.upperBound)
            }
        }
        if let window { query.window(window, "epoch", "partition", "offset") }
    }
}

extension DeadLetterEntry {
    /// Writes the condition that holds for what comes later in the order of lists.
    fileprivate func writeFollowing(to query: inout BSONWriter) {
        query.name("$or", BSONType.array)
        query.document { branches in
            branches.field("0") { $0.field("failedAt") { $0.field("$gt", date: failedAt) } }
            branches.field("1") { branch in
                branch.field("failedAt", date: failedAt)
                branch.field("epoch") { $0.field("$gt", position.epoch) }
            }
            branches.field("2") { branch in
                branch.field("failedAt", date: failedAt)
                branch.field("epoch", position.epoch)
                branch.field("partition") { $0.field("$gt", position.partition) }
            }
            branches.field("3") { branch in
                branch.field("failedAt", date: failedAt)
                branch.field("epoch", position.epoch)
                branch.field("partition", position.partition)
                branch.field("offset") { $0.field("$gt", position.offset) }
            }
        }
    }
}

extension BSONWriter {
    /// The filter for a window, bounded on both sides, so that the index on position answers it alone.
    mutating func window(
        _ window: OffsetWindow, _ epoch: StaticString, _ partition: StaticString, _ offset: StaticString
    ) {
        field(epoch, window.partition.epoch)
        field(partition, window.partition.partition)
        field(offset) { bounds in
            bounds.field("$gte", window.offsets.lowerBound)
            bounds.field("$lt", window.offsets.upperBound)
        }
    }
}
