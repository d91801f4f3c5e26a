import Events
import Stores
import Testing

@testable import Worker

/// The trace of the client's request.
struct TraceTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    @Test(
        "a traceparent as W3C has it gives its trace; also one of a later version, whatever follows",
        arguments: ["00-\(trace)-00f067aa0ba902b7-01", "cc-\(trace)-00f067aa0ba902b7-00-what-comes-one-day"])
    func valid(text: String) {
        #expect(TraceID.of(traceparent: text.utf8) == Self.trace)
    }

    @Test(
        "anything else gives none",
        arguments: [
            "", "00", "00-\(trace)-00f067aa0ba902b7", "00-\(trace.uppercased())-00f067aa0ba902b7-01",
            "ff-\(trace)-00f067aa0ba902b7-01", "00-\(trace)-0000000000000000-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-\(trace)-00f067aa0ba902b7-01-more",
            "00-\(trace)-00f067aa0ba902b7-01x", "00_\(trace)_00f067aa0ba902b7_01", "0g-\(trace)-00f067aa0ba902b7-01",
            "00-\(trace)-00f067aa0ba902b7-0\u{1}",
        ])
    func invalid(text: String) {
        #expect(TraceID.of(traceparent: text.utf8) == nil)
    }

    @Test("an event's context has the trace of its header, and without one none")
    func step() throws {
        #expect(try enriched("{}").context.traceID == nil)
        let sent: [(HeaderName, String)] = [(.traceparent, "00-\(Self.trace)-00f067aa0ba902b7-01")]
        #expect(try enriched("{}", headers: sent).context.traceID == Self.trace)
        let broken = try enriched("{}", headers: [(.traceparent, "00-\(Self.trace)")])
        #expect(broken.context.traceID == nil && broken.context.failures.isEmpty)
    }
}
