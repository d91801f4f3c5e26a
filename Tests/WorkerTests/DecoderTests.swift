import Events
import Stores
import Testing

@testable import StoreModels
@testable import Worker

/// A record becomes an event, or a fault that says why not.
struct DecoderTests {
    private func decode(_ record: LoggedRecord) -> Decoded {
        Decoder().decode(RecordSlice([record]), epoch: 3)[0]
    }

    private func event(_ record: LoggedRecord) throws -> RawEvent {
        guard case .event(let event) = decode(record) else { throw Unexpected(decoded: decode(record)) }
        return event
    }

    private struct Unexpected: Error { var decoded: Decoded }

    private func text(_ bytes: ArraySlice<UInt8>?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    @Test func allThatIsKnownOfAGoodOne() throws {
        let value = eventText("ü\\n1", more: ",\"metadata\":{ \"b\":1.0e0, \"a\":\"\\u00e9\" }")
        let event = try event(
            record(
                value, offset: 7, partition: 5, more: [(.clientAddress, "192.0.2.0"), (.userAgent, "Agent/1 ü")]))
        #expect(event.id == "web/e1")
        #expect(event.userID == "ü\n1")
        #expect(event.eventType == "page_view")
        #expect(event.timestamp == noon - 3_600_000)
        #expect(event.receivedAt == noon)
        #expect(text(event.metadata) == "{ \"b\":1.0e0, \"a\":\"\\u00e9\" }", "bytes untouched")
        #expect(event.context == EventContext(), "enrichment fills it")
        #expect(event.position == Position(epoch: 3, partition: 5, offset: 7))
    }

    @Test func whatMayBeAbsent() throws {
        let event = try event(
            record("{\"userId\":\"u1\",\"eventType\":\"a\",\"eventId\":\"own\"}", eventID: nil, receivedAt: nil))
        #expect(event.eventID == "own")
        #expect(event.receivedAt == noon + 5, "the record's time, for want of a header")
        #expect(event.timestamp == noon + 5)
        #expect(event.metadata == nil)
        #expect(event.context == EventContext())
    }

    @Test func theHeadersIdentityCounts() throws {
        #expect(try event(record(eventText(more: ",\"eventId\":\"own\""))).eventID == "e1")
    }

    @Test func duplicateKeysOfMetadataAreMadeUnique() throws {
        let event = try event(record(eventText(more: ",\"metadata\":{\"a\":1, \"b\":{\"c\":1,\"c\": 2}, \"a\":3}")))
        #expect(text(event.metadata) == "{\"b\":{\"c\":2},\"a\":3}")
        let plain = try self.event(record(eventText(more: ",\"metadata\":{\"a\":3,\"b\":{\"c\":2}}")))
        #expect(event.payloadHash == plain.payloadHash)
    }

    /// A retry of the same request differs in the spliced time only, and must not be a conflict.
    @Test func aSplicedTimeIsNoContent() throws {
        func spliced(_ time: String, mark: Bool) -> LoggedRecord {
            record(
                "{\"timestamp\":\"\(time)\",\"userId\":\"u1\",\"eventType\":\"a\"}",
                more: mark ? [(.timestampFrom, "receipt")] : [])
        }
        let (first, again) = ("2025-05-01T11:00:00Z", "2025-05-01T11:00:01Z")
        #expect(try event(spliced(first, mark: true)).payloadHash == event(spliced(again, mark: true)).payloadHash)
        #expect(try event(spliced(first, mark: false)).payloadHash != event(spliced(again, mark: false)).payloadHash)
        #expect(try event(spliced(again, mark: true)).timestamp == noon - 3_599_000)
    }

    @Test(arguments: [0, -3_600_000, 3_600_000, 20 * 365 * 86_400_000] as [Int64])
    func theClientsClockIsCorrected(skew: Int64) throws {
        let happened = noon - 60_000
        let value = "{\"userId\":\"u1\",\"eventType\":\"a\",\"timestamp\":\(happened - skew)}"
        let event = try event(record(value, more: [(.sentAt, String(noon - skew))]))
        #expect(event.timestamp == happened)
        #expect(event.clientTimestamp == (skew == 0 ? nil : happened - skew), "both times are kept")
        #expect(event.receivedAt == noon)
        let plain = try self.event(record(value.replacing("\(happened - skew)", with: "\(happened)")))
        #expect(plain.timestamp == happened && plain.clientTimestamp == nil)
    }

    /// A retry has another `sentAt`, and the corrected time differs by how long each try was on its way.
    @Test func sentAtIsNoContent() throws {
        let tries = try [noon, noon - 5_000].map { try event(record(more: [(.sentAt, String($0))])) }
        #expect(tries[0].timestamp != tries[1].timestamp)
        #expect(tries[0].payloadHash == tries[1].payloadHash)
    }

    @Test func aSplicedTimeIsNotCorrected() throws {
        let value = "{\"timestamp\":\(noon),\"userId\":\"u1\",\"eventType\":\"a\"}"
        let event = try event(record(value, more: [(.timestampFrom, "receipt"), (.sentAt, "0")]))
        #expect(event.timestamp == noon && event.clientTimestamp == nil)
    }

    private static let faults: [(LoggedRecord, String)] = [
        (record(source: nil), "missing_header"), (record(eventID: nil), "missing_header"),
        (record(source: ""), "invalid_header"), (record(source: "Web/1"), "invalid_header"),
        (record(eventID: ""), "invalid_header"), (record(eventID: "a\u{0}"), "invalid_header"),
        (record(eventID: String(repeating: "e", count: 129)), "invalid_header"),
        (record(receivedAt: "soon"), "invalid_header"), (record(receivedAt: "-1"), "invalid_header"),
        (record(receivedAt: String(Int64.max)), "invalid_header"),
        (record(receivedAt: String(Timestamp.maximum + 1)), "invalid_header"),
        (record(more: [(.sentAt, "soon")]), "invalid_header"), (record(more: [(.sentAt, "-1")]), "invalid_header"),
        (record(more: [(.sentAt, "0")]), "in_the_future"),
        (record(more: [(.sentAt, String(Timestamp.maximum))]), "out_of_range"),
        (record(""), "invalid_json"), (record("{"), "invalid_json"), (record(eventText() + "x"), "invalid_json"),
        (record(eventText() + eventText()), "invalid_json"), (record("[\(eventText())]"), "not_an_object"),
        (record("7"), "not_an_object"), (record("{\"userId\":\"u1\"}"), "missing_field"),
        (record(eventText("null")), "junk_user_id"), (record(eventText(more: ",\"x\":1")), "unknown_field"),
        (record(eventText(more: ",\"userId\":\"u2\"")), "duplicate_field"),
        (record(eventText(more: ",\"metadata\":[]")), "wrong_type"),
        (record(eventText(more: ",\"metadata\":{\"$a\":1}")), "forbidden_key"),
        (record("{\"userId\":\"u1\",\"eventType\":\"a\",\"timestamp\":\"2025-05-03T12:00:00Z\"}"), "in_the_future"),
    ]

    @Test(arguments: faults)
    func faultsAreNamed(record: LoggedRecord, code: String) {
        guard case .fault(let fault) = decode(record) else { return #expect(Bool(false), "\(decode(record))") }
        #expect(fault.stage == .decode)
        #expect(fault.reason.code == code)
        #expect(!fault.message.isEmpty)
    }

    /// Anyone may write any time into a record: it must not stop the worker.
    @Test(arguments: [Int64.min, -1, Timestamp.maximum + 1, .max])
    func anImpossibleRecordTimeIsAFault(time: Int64) {
        var record = record(receivedAt: nil)
        record.timestamp = time
        guard case .fault(let fault) = decode(record) else { return #expect(Bool(false), "\(decode(record))") }
        #expect(fault.reason == .invalidHeader)
    }

    @Test func headersThatAreNotTextAreInvalid() {
        for name in [HeaderName.source, .eventID, .receivedAt] {
            var record = record()
            for index in record.headers.indices where record.headers[index].name == name.rawValue {
                record.headers[index].value = [0xFF]
            }
            guard case .fault(let fault) = decode(record) else { return #expect(Bool(false), "\(name)") }
            #expect(fault.reason == .invalidHeader, "\(name)")
        }
    }

    @Test func onlyTheSlicesRecordsAreDecodedInOrder() {
        let batch = RecordBatch([
            record("{", offset: 4, partition: 1), record(offset: 8, partition: 2), record(offset: 5, partition: 1),
            record("1", offset: 6, partition: 1),
        ])
        let slices = RecordSlice.slices(of: batch)
        #expect(slices.map(\.partition) == [1, 2])
        let decoded = slices.map { Decoder().decode($0, epoch: 1) }
        #expect(
            decoded[0].map { item in
                switch item {
                case .event(let event): "event at \(event.position)"
                case .fault(let fault): fault.reason.code
                }
            } == ["invalid_json", "event at 1/1/5", "not_an_object"])
        #expect(decoded[1].count == 1)
    }
}
