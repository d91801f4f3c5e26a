import Events
import Foundation
import Stores
import Testing

@testable import MongoStore

@Suite struct MongoSchemaTests {
    private static let published: URL = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../schemas/mongodb/collections.json").standardized

    @Test func thePublishedSchemaIsTheProgramsOwn() throws {
        let published = try JSONDecoder().decode(MongoSchema.self, from: try Data(contentsOf: Self.published))
        #expect(published == MongoSchema.current(retentionDays: MongoStore.Options().retentionDays))
    }

    /// The documents that are really written have the fields that the file tells, in name and order-free.
    @Test func thePublishedShapesAreWhatIsWritten() throws {
        let shapes = try publishedShapes()
        let event = RawEvent(
            source: "s", eventID: "e", userID: "u", eventType: "t", timestamp: 0, clientTimestamp: 0, receivedAt: 0,
            metadata: Array("{}".utf8)[...], context: fullContext(),
            position: Position(epoch: 1, partition: 2, offset: 3), payloadHash: .init(high: 1, low: 2))
        #expect(try paths(of: RawEventEncoder.encode([event], now: 0).batch) == shapes["raw_events"])
        var progress = IngestProgress(partition: .init(epoch: 1, partition: 2), first: 0)
        progress.lastHash = .init(high: 1, low: 2)
        let written = try paths(of: BSONBatch { progress.write(to: &$0) })
        #expect(written.union(["_id"]) == shapes["ingest_progress"])
        let entry = DeadLetterEntry(
            position: event.position, deadLetter: LogOffset(partition: 0, offset: 0), stage: "", reason: "",
            message: "", source: "", eventID: "", failedAt: 0, state: .open)
        #expect(try paths(of: BSONBatch { entry.write(to: &$0) }) == shapes["dead_letters"])
    }

    @Test func eventsThatSeveralShardsGaveAreBroughtInOrder() {
        func events(_ offsets: [Int64]) -> [StoredEvent] {
            offsets.map { StoredEvent(source: "s", userID: "u", eventType: "t", timestamp: 0, offset: $0) }
        }
        #expect(inOrder(events([1, 3, 5, 2, 4])) == events([1, 2, 3, 4, 5]))
        #expect(inOrder(events([])) == [])
    }

    private func fullContext() -> EventContext {
        var context = EventContext(clientAddress: "a", userAgent: "b")
        (context.device, context.bot, context.path, context.country) = ("d", "b", "p", "c")
        context.browser = .init(name: "n", version: "v")
        context.os = .init(name: "n", version: "v")
        context.referrer = .init(host: "h", kind: "k")
        (context.utm.source, context.utm.medium, context.utm.campaign) = ("s", "m", "c")
        (context.utm.term, context.utm.content) = ("t", "c")
        context.failures = ["f"]
        context.traceID = "t"
        return context
    }

    private func publishedShapes() throws -> [String: Set<String>] {
        let file = try JSONSerialization.jsonObject(with: try Data(contentsOf: Self.published))
        let collections = try #require((file as? [String: Any])?["collections"] as? [[String: Any]])
        return try collections.reduce(into: [:]) { shapes, collection in
            let name = try #require(collection["name"] as? String)
            shapes[name] = paths(of: try #require(collection["document"] as? [String: Any]), under: "")
        }
    }

    private func paths(of object: [String: Any], under prefix: String) -> Set<String> {
        object.reduce(into: []) { paths, member in
            if let nested = member.value as? [String: Any] {
                paths.formUnion(self.paths(of: nested, under: prefix + member.key + "."))
            } else {
                paths.insert(prefix + member.key)
            }
        }
    }

    private func paths(of batch: BSONBatch) throws -> Set<String> {
        try paths(of: try BSONReader(contentsOf: batch.document), under: "")
    }

    private func paths(of document: BSONReader, under prefix: String) throws -> Set<String> {
        var (document, paths) = (document, Set<String>())
        while let element = try document.next() {
            let name = prefix + String(decoding: element.name, as: UTF8.self)
            if element.type == BSONType.document, name != "metadata" {
                paths.formUnion(try self.paths(of: try element.document(), under: name + "."))
            } else {
                paths.insert(name)
            }
        }
        return paths
    }
}
