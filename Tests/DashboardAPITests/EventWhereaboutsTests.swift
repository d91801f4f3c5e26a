import Events
import Stores
import Testing

@testable import DashboardAPI
@testable import StoreModels

/// What became of an event.
struct EventWhereaboutsTests {
    private func world() async throws -> PipelineWorld {
        let world = PipelineWorld(cursors: [
            RollupCursor(partition: PartitionEpoch(epoch: 1, partition: 0), nextOffset: 5, foldedStored: 5)
        ])
        _ = try await world.raw.insert([event("a", at: 4), event("b", at: 5), event("x/y ü", at: 3)])
        try await world.raw.recordDeadLetters([letter("c", at: 6), letter("a", at: 7), letter("b", at: 8, of: "shop")])
        return world
    }

    private func event(_ id: String, at offset: Int64) -> RawEvent {
        RawEvent(
            source: "web", eventID: id, userID: "u", eventType: "click", timestamp: 1_746_100_800_250,
            receivedAt: 1_746_100_801_000,
            metadata: nil, context: EventContext(), position: Position(epoch: 1, partition: 0, offset: offset),
            payloadHash: Digest128(high: 0, low: UInt64(offset)))
    }

    private func letter(_ id: String, at offset: Int64, of source: String = "web") -> DeadLetterEntry {
        DeadLetterEntry(
            position: Position(epoch: 1, partition: 0, offset: offset),
            deadLetter: LogOffset(partition: 0, offset: 0), stage: "store", reason: "conflict", message: "why",
            source: source, eventID: id, failedAt: 1_746_100_800_250, state: .open)
    }

    @Test func whereItIs() async throws {
        let world = try await world()
        func get(_ id: String) async throws -> [String: Any] {
            let (status, members) = try await world.get("/api/events/web/\(id)")
            #expect(status == 200)
            #expect(Set(members.keys) == ["source", "eventId", "status", "event", "deadLetters"])
            return members
        }
        let folded = try await get("a")
        #expect(folded["status"] as? String == "folded" && folded["eventId"] as? String == "a")
        let event = try #require(folded["event"] as? [String: Any])
        #expect(Set(event.keys) == ["position", "eventType", "timestamp", "receivedAt", "folded"])
        #expect(event["position"] as? [String: Int] == ["epoch": 1, "partition": 0, "offset": 4])
        #expect(event["timestamp"] as? String == "2025-05-01T12:00:00.250Z")
        // Another one with that id was in conflict with it.
        let letters = try #require(folded["deadLetters"] as? [[String: Any]])
        #expect(letters.map { $0["reason"] as? String } == ["conflict"] && letters[0]["state"] as? String == "open")

        let stored = try await get("b")
        #expect(stored["status"] as? String == "stored")
        #expect((stored["event"] as? [String: Any])?["folded"] as? Bool == false)
        #expect((stored["deadLetters"] as? [Any])?.isEmpty == true, "that one is the shop's")
        #expect(try await get("c")["status"] as? String == "dead")
        #expect(try await get("nowhere")["status"] as? String == "unknown")
        #expect(try await get("x%2Fy%20%C3%BC")["status"] as? String == "folded", "an id may hold anything")
    }

    @Test func itIsTheSourcesOnly() async throws {
        let analyst = Caller(subject: "ann", roles: [.analyst], sources: .only(["shop"]))
        let (status, members) = try await world().get("/api/events/web/a", as: analyst)
        #expect(status == 403 && members["code"] as? String == "source_not_permitted")
        #expect(try await world().get("/api/events/shop/b", as: analyst).members["status"] as? String == "dead")
    }

    @Test(arguments: [
        ("Web/a", "source"), ("web/\(String(repeating: "x", count: 200))", "eventId"), ("web/%FF", "eventId"),
        ("web/%00", "eventId"), ("a%2Fb/c", "source"),
    ])
    func badNames(path: String, field: String) async throws {
        let (status, members) = try await world().get("/api/events/\(path)")
        #expect(status == 400 && members["field"] as? String == field, "\(members)")
    }
}
