import Events
import Stores
import Testing

@testable import Collector
@testable import StoreModels

/// The identities that events are given whose client gave none.
struct IdentityTests {
    private func facts(_ key: String?, source: String = "web", receivedAt: Int64 = noon) -> RequestFacts {
        RequestFacts(source: source, receivedAt: receivedAt, idempotencyKey: key)
    }

    private func identities(_ body: String, _ facts: RequestFacts) async throws -> [String] {
        let (admitted, records) = try await publish(body, facts: facts)
        #expect(records.map { $0[.eventID] } == admitted.map(\.eventID), "the answer says what the log holds")
        return admitted.map(\.eventID)
    }

    @Test func theClientsOwnIsKept() async throws {
        for key in [nil, "k1"] {
            let (admitted, _) = try await publish(eventText(eventID: "e-1"), facts: facts(key))
            #expect(admitted.map(\.eventID) == ["e-1"])
            #expect(admitted.map(\.isFresh) == [false])
        }
    }

    @Test func aRepetitionWithTheSameKeyGivesTheSame() async throws {
        let body = "[\(eventText("a")),\(eventText("b")),\(eventText("a")),\(eventText("a"))]"
        let first = try await identities(body, facts("k1"))
        let again = try await identities(body, facts("k1", receivedAt: noon + 60_000))
        #expect(first == again)
        #expect(Set(first).count == 4, "equal events of one request are different events")
        let (admitted, _) = try await publish(body, facts: facts("k1"))
        #expect(admitted.allSatisfy { !$0.isFresh })
    }

    /// The key is the request's, the shape is not: a client may batch its events anew.
    @Test func otherKeysAndSourcesGiveOthers() async throws {
        let body = eventText("a")
        let all = try await [
            identities(body, facts("k1")), identities(body, facts("k2")), identities(body, facts("k1", source: "app")),
            identities(eventText("b"), facts("k1")),
        ]
        #expect(Set(all).count == 4)
        #expect(try await identities("[\(body)]", facts("k1")) == all[0])
    }

    /// A bad event between good ones does not change the identities of those.
    @Test func rejectedEventsDoNotCountAsOccurrences() async throws {
        let good = try await identities("[\(eventText("a")),\(eventText("a"))]", facts("k1"))
        #expect(try await identities("[\(eventText("a")),{\"userId\":\"a\"},\(eventText("a"))]", facts("k1")) == good)
    }

    /// An empty header is none: as a key it would make one event of all equal ones, for ever.
    @Test(arguments: [nil, ""])
    func withoutAKeyTheyAreFresh(key: String?) async throws {
        let body = "[\(eventText("a")),\(eventText("a"))]"
        let (first, _) = try await publish(body, facts: facts(key))
        let (again, _) = try await publish(body, facts: facts(key))
        let all = first + again
        #expect(all.map(\.isFresh) == [true, true, true, true])
        #expect(Set(all.map(\.eventID)).count == 4)
        #expect(first.allSatisfy { Array($0.eventID)[14] == "7" }, "UUIDv7")
    }
}
