import Events
import Testing

@testable import Collector

/// A body may hold its events in four shapes. What is read is the event's own bytes, wherever they were.
struct RequestShapesTests {
    private let one = eventText("u1", more: ",\"metadata\":{\"a\":[1, 2]}")
    private let two = "{ \"eventType\" : \"click\",\n \"userId\" : \"u2\" }"

    @Test(arguments: ["", " ", "\n\t\r "])
    func aSingleEvent(space: String) throws {
        let request = try read(space + one + space)
        #expect(request.summary == ["u1"])
        #expect(request.texts == [one])
        #expect(request.sentAt == nil)
    }

    @Test func anArray() throws {
        #expect(try read("[\(one)]").texts == [one])
        let request = try read(" [ \(one) ,\n\(two), {\"userId\":\"u3\"} ] ")
        #expect(request.summary == ["u1", "u2", "missing_field eventType"])
        #expect(request.texts == [one, two, "{\"userId\":\"u3\"}"])
    }

    @Test(arguments: ["\"2025-05-01T14:00:00.250+02:00\"", "1746100800250"])
    func aWrapperWithSentAtBeforeOrAfter(sentAt: String) throws {
        for body in [
            "{\"sentAt\":\(sentAt),\"events\":[\(one),\(two)]}", "{\"events\":[\(one),\(two)],\"sentAt\":\(sentAt)}",
            " { \"events\" : [ \(one) , \(two) ] , \"sentAt\" : \(sentAt) } ",
        ] {
            let request = try read(body)
            #expect(request.texts == [one, two], "\(body)")
            #expect(request.sentAt == noon + 250, "\(body)")
        }
    }

    @Test func aWrapperWithoutSentAt() throws {
        let request = try read("{\"events\":[\(one)]}")
        #expect(request.texts == [one])
        #expect(request.sentAt == nil)
        #expect(try read("{\"\\u0065vents\":[\(one)]}").texts == [one], "an escaped key is the same key")
    }

    /// Only the first member decides: an event that has a member `events` is a bad event, not a wrapper.
    @Test func anEventWithAMemberNamedEventsIsAnEvent() throws {
        #expect(try read(eventText("u1", more: ",\"events\":[]")).summary == ["unknown_field events"])
    }

    @Test(arguments: ["\n", "\r\n"])
    func aLineAnEvent(newline: String) throws {
        let compact = eventText("u2")
        for body in [
            [one, compact].joined(separator: newline), [one, compact, ""].joined(separator: newline),
            ["", one, "", "  \t", compact, "", ""].joined(separator: newline),
        ] {
            let request = try read(body, .newlineDelimited)
            #expect(request.texts == [one, compact])
            #expect(request.summary == ["u1", "u2"])
        }
    }

    @Test func aBrokenLineSpoilsOnlyItself() throws {
        let request = try read("\(one)\n{\"userId\":\n\(eventText("u3")) x\nnull\n\(one)", .newlineDelimited)
        #expect(request.summary == ["u1", "invalid_json ", "invalid_json ", "not_an_object ", "u1"])
        #expect(request.items[1].violation?.message.hasSuffix("at byte 10 of the line") == true)
        let good = eventText("u3").utf8.count
        #expect(request.items[2].violation?.message.hasSuffix("at byte \(good + 1) of the line") == true)
    }

    /// An event may not reach over the end of its line, though JSON would allow it.
    @Test func anEventDoesNotReachIntoTheNextLine() throws {
        #expect(try read("{\"userId\":\"u1\",\n\"eventType\":\"a\"}", .newlineDelimited).summary.count == 2)
    }

    @Test(arguments: [nil, "application/json", "APPLICATION/JSON; charset=utf-8", "text/plain;charset=UTF-8", ""])
    func theseTypesAreJSON(contentType: String?) {
        #expect(BodyFormat(contentType: contentType) == .json)
    }

    @Test(arguments: ["application/x-ndjson", "application/ndjson ; charset=utf-8", "application/jsonl"])
    func theseTypesAreLines(contentType: String) {
        #expect(BodyFormat(contentType: contentType) == .newlineDelimited)
    }

    @Test(arguments: ["text/html", "application/xml", "application/jsonx", "multipart/form-data; boundary=x"])
    func noOthersAreTaken(contentType: String) {
        #expect(BodyFormat(contentType: contentType) == nil)
    }
}
