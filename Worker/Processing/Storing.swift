import Stores

/// What became of a record in the end.
enum Outcome: Sendable, Equatable {
    case stored
    case duplicate
    case dead(Fault)
}

/// Inserts events and turns the store's verdicts into outcomes.
struct Storing: Sendable {
    let store: any RawEventStore

    /// Stores the events among `decoded`; faults pass through, in order.
    /// - Throws: the world's trouble. What had been inserted by then is found again at its own position.
    func store(_ decoded: [Decoded]) async throws -> [Outcome] {
        let events = decoded.compactMap { item -> RawEvent? in
            if case .event(let event) = item { event } else { nil }
        }
        var verdicts = try await verdicts(on: events[...])[...]
        return decoded.map { item in
            switch item {
            case .fault(let fault): .dead(fault)
            case .event: outcome(of: verdicts.removeFirst())
            }
        }
    }

    /// The verdicts, in order. A batch that the store refuses as a whole is split until the culprit stands alone.
    private func verdicts(on events: ArraySlice<RawEvent>) async throws -> [InsertVerdict] {
        guard !events.isEmpty else { return [] }
        do {
            return try await store.insert(Array(events))
        } catch let error as DatabaseError where error.code == .refusedValue {
            if events.count == 1 { return [.refused(reason: error.cause.isEmpty ? error.message : error.cause)] }
            let middle = events.startIndex + events.count / 2
            return try await verdicts(on: events[..<middle]) + verdicts(on: events[middle...])
        }
    }

    private func outcome(of verdict: InsertVerdict) -> Outcome {
        switch verdict {
        case .stored: .stored
        case .duplicate: .duplicate
        case .conflict(let position):
            .dead(
                Fault(
                    stage: .store, reason: .conflict,
                    message: "another event with the same eventId is stored, from \(position)"))
        case .refused(let reason): .dead(Fault(stage: .store, reason: .refusedByStore, message: reason))
        }
    }
}
