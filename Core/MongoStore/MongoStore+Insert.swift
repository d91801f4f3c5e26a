import Events
internal import Foundation
public import Stores

extension MongoStore {
    public func insert(_ events: [RawEvent]) async throws -> [InsertVerdict] {
        guard !events.isEmpty else { return [] }
        let encoded = RawEventEncoder.encode(events, now: Int64(Date().timeIntervalSince1970 * 1_000))
        let batch = encoded.batch
        let report = try await run(.insert) { (client) throws(DatabaseError) in
            try client.insert(batch, into: Collections.rawEvents, MongoOperation.insert.doing)
        }
        metrics.record(inserted: batch.count - report.taken.count - report.refused.count)
        var verdicts = [InsertVerdict](repeating: .stored, count: events.count)
        for (index, reason) in encoded.refused { verdicts[index] = .refused(reason: reason) }
        for (document, reason) in report.refused { verdicts[encoded.events[document]] = .refused(reason: reason) }
        let taken = report.taken.map { encoded.events[$0] }
        for (index, verdict) in try await judge(taken, of: events) { verdicts[index] = verdict }
        return verdicts
    }

    /// The verdicts on events whose `_id` is taken: by the same record, the same event, or another one.
    private func judge(_ taken: [Int], of events: [RawEvent]) async throws -> [(Int, InsertVerdict)] {
        var verdicts: [(Int, InsertVerdict)] = []
        for start in stride(from: 0, to: taken.count, by: Self.lookUpSize) {
            let part = taken[start..<min(start + Self.lookUpSize, taken.count)]
            let stored = try await identities(of: part.map { events[$0].id })
            for index in part {
                guard let found = stored[ExactText(events[index].id)] else {
                    // It expired, or a newer primary has not seen it yet: inserted again, it gets its verdict.
                    throw DatabaseError(
                        .contended, store: mongoStoreName, "an event that was in the way of an insert is gone")
                }
                verdicts.append((index, found.verdict(on: events[index])))
            }
        }
        return verdicts
    }

    /// Ids a query: bounds the command, and servers without an index plan for `$in` compare every pair.
    private static let lookUpSize = 100

    private func identities(of ids: [String]) async throws -> [ExactText: StoredIdentity] {
        let found = try await run(.lookUp) { (client) throws(DatabaseError) in
            let filter = BSONBatch { filter in
                filter.field("_id") { $0.array("$in", Set(ids.map(ExactText.init)).map(\.text)) }
            }
            return try client.find(
                Collections.rawEvents, filter, project: StoredIdentity.fields, MongoOperation.lookUp.doing
            ) { (document) throws(BSONFault) in try StoredIdentity(document) }
        }
        return Dictionary(found.map { (ExactText($0.id), $0) }, uniquingKeysWith: { first, _ in first })
    }

    public func event(source: String, eventID: String) async throws -> RawEvent? {
        try await run(.readEvent) { (client) throws(DatabaseError) in
            let filter = BSONBatch { $0.field("_id", "\(source)/\(eventID)") }
            return try client.find(Collections.rawEvents, filter, MongoOperation.readEvent.doing) {
                (document) throws(BSONFault) in try RawEvent(document)
            }.first
        }
    }
}
