import Stores

/// The trace of the client's request, so that an event can be found by it.
struct TraceStep: EnrichmentStep {
    func enrich(_ event: inout RawEvent, from clues: Clues) {
        event.context.traceID = clues.headers.traceparent.flatMap { TraceID.of(traceparent: $0) }
    }
}
