import Events
import Testing

@testable import Collector

/// With `sentAt`, times are judged as they will be stored: corrected by how much the client's clock is off.
struct ClockSkewTests {
    private static let day: Int64 = 86_400_000

    private func summary(_ time: Int64, sentAt: Int64?, _ shape: Shape) throws -> [String] {
        let event = eventText("u1", more: ",\"timestamp\":\(time)")
        let sent = sentAt.map { "\"sentAt\":\($0)," } ?? ""
        return switch shape {
        case .before: try read("{\(sent)\"events\":[\(event)]}").summary
        case .after: try read("{\"events\":[\(event)]\(sent.isEmpty ? "" : "," + sent.dropLast())}").summary
        case .beside, .lines:
            try EventRequest.parse(
                Array(event.utf8), format: shape == .lines ? .newlineDelimited : .json, now: noon, sentAt: sentAt,
                maximumEvents: 1
            ).summary
        }
    }

    /// Where `sentAt` stands.
    enum Shape: CaseIterable { case before, after, beside, lines }

    @Test(arguments: Shape.allCases)
    func aClockThatIsAheadDoesNotMakeEventsFuture(shape: Shape) throws {
        let ahead = noon + 400 * Self.day
        #expect(try summary(ahead - 1000, sentAt: nil, shape) == ["in_the_future timestamp"])
        #expect(try summary(ahead - 1000, sentAt: ahead, shape) == ["u1"])
        #expect(try summary(ahead + Self.day, sentAt: ahead, shape) == ["u1"])
        #expect(try summary(ahead + Self.day + 1, sentAt: ahead, shape) == ["in_the_future timestamp"])
    }

    @Test(arguments: Shape.allCases)
    func whatCannotBeCorrectedIsRefused(shape: Shape) throws {
        #expect(try summary(noon, sentAt: 0, shape) == ["in_the_future timestamp"], "seconds for milliseconds")
        #expect(try summary(0, sentAt: noon, shape) == ["u1"])
        #expect(try summary(0, sentAt: noon + 1, shape) == ["out_of_range timestamp"])
        for time in [Int64.max, Timestamp.maximum + 1] {
            #expect(try summary(time, sentAt: Timestamp.maximum, shape) == ["in_the_future timestamp"])
        }
        for time in [Int64.min, -1] {
            #expect(try summary(time, sentAt: 0, shape) == ["out_of_range timestamp"])
        }
    }

    @Test func everyEventBeforeALateSentAtIsJudgedAgainOnce() throws {
        let ahead = noon + 400 * Self.day
        let events = (0..<3).map { eventText("u\($0)", more: ",\"timestamp\":\(ahead)") } + ["7"]
        let request = try read("{\"events\":[\(events.joined(separator: ","))],\"sentAt\":\(ahead)}")
        #expect(request.summary == ["u0", "u1", "u2", "not_an_object "])
    }
}
