import HTTPTypes
import Operations
import Testing

@testable import Collector

/// A body that cannot be read as a whole is a problem that names what is wrong; a bad event spoils only itself.
struct BrokenRequestTests {
    private struct Case: CustomTestStringConvertible {
        var body: String
        var code: String
        var field: String?

        init(_ body: String, _ code: String, _ field: String? = nil) {
            (self.body, self.code, self.field) = (body, code, field)
        }

        var testDescription: String { body }
    }

    private static let broken = [
        Case("", "empty_request"), Case("  \n", "empty_request"), Case("[]", "empty_request"),
        Case("{\"events\":[]}", "empty_request"),
        Case("{", "invalid_json"), Case("[", "invalid_json"), Case("nul", "invalid_json"),
        Case("[\(eventText()),]", "invalid_json"), Case("[\(eventText()) \(eventText())]", "invalid_json"),
        Case("\(eventText()) \(eventText())", "invalid_json"), Case("\(eventText())\n]", "invalid_json"),
        Case("{\"events\":[\(eventText())]", "invalid_json"), Case("{\"events\":[\(eventText())]} x", "invalid_json"),
        Case("{\"userId\":\"\u{1}\"}", "invalid_json"), Case("{\"events\" [1]}", "invalid_json"),
        Case("{\"events\":{}}", "wrong_type", "events"), Case("{\"events\":null}", "wrong_type", "events"),
        Case("{\"sentAt\":1}", "missing_field", "events"),
        Case("{\"events\":[],\"events\":[]}", "duplicate_field", "events"),
        Case("{\"sentAt\":1,\"sentAt\":1}", "duplicate_field", "sentAt"),
        Case("{\"events\":[\(eventText())],\"batch\":1}", "unknown_field", "batch"),
        Case("{\"sentAt\":1,\"userId\":\"u1\"}", "unknown_field", "userId"),
        Case("{\"sentAt\":\"yesterday\",\"events\":[]}", "invalid_format", "sentAt"),
        Case("{\"sentAt\":1.5,\"events\":[]}", "invalid_format", "sentAt"),
        Case("{\"sentAt\":-1,\"events\":[]}", "invalid_format", "sentAt"),
        Case("{\"sentAt\":99999999999999999999,\"events\":[]}", "invalid_format", "sentAt"),
        Case("{\"sentAt\":null,\"events\":[]}", "wrong_type", "sentAt"),
        Case("{\"sentAt\":{\"a\":1},\"events\":[]}", "wrong_type", "sentAt"),
    ]

    @Test(arguments: broken)
    private func isAProblemThatNamesItsPlace(_ broken: Case) {
        let problem = #expect(throws: Problem.self) { try read(broken.body) }
        #expect(problem?.status == .badRequest)
        #expect(problem?.code == broken.code)
        #expect(problem?.field == broken.field)
        #expect(problem?.detail.isEmpty == false)
    }

    /// What a client sent is not sent back at length.
    @Test func namesAreShownInPart() {
        let name = String(repeating: "n", count: 10_000)
        let problem = #expect(throws: Problem.self) { try read("{\"events\":[],\"\(name)\":1}") }
        #expect(problem?.field == String(name.prefix(64)))
        #expect((problem?.detail.utf8.count ?? .max) < 300)
    }

    @Test func eachEventIsJudgedByItself() throws {
        let request = try read(
            "[\(eventText("u1")), 7, \(eventText("null")), {\"userId\":1,\"eventType\":\"a\"}, \(eventText("u5"))]")
        #expect(request.summary == ["u1", "not_an_object ", "junk_user_id userId", "wrong_type userId", "u5"])
    }

    @Test(arguments: [BodyFormat.json, .newlineDelimited])
    func aThousandEventsAreTakenAndNotOneMore(format: BodyFormat) throws {
        func body(_ count: Int) -> String {
            let events = (0..<count).map { eventText("u\($0)") }
            return format == .json ? "[\(events.joined(separator: ","))]" : events.joined(separator: "\n")
        }
        #expect(CollectorLimits().events == 1000)
        #expect(try read(body(1000), format).items.count == 1000)
        let problem = #expect(throws: Problem.self) { try read(body(1001), format) }
        #expect(problem?.status == .contentTooLarge)
        #expect(problem?.code == "too_many_events")
    }

    /// Lines that are not JSON count as well: else a body of broken lines would have no limit.
    @Test func brokenLinesCount() {
        let body = String(repeating: "x\n", count: 1001)
        #expect(throws: Problem.self) { try read(body, .newlineDelimited) }
    }
}
