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
    /// Inserts under way at once, at most: a server takes several side by side, a file one after the other.
    var concurrentInserts = 1

    /// Stores the events of several partitions. Those that share an insert share its failure.
    /// - Returns: for each partition the outcomes in order, or the world's trouble. What had been inserted by then is
    ///   found again at its own position.
    func store(_ partitions: [[Decoded]]) async -> [Result<[Outcome], any Error>] {
        guard partitions.count > 1, concurrentInserts > 1 else { return await insert(partitions[...]) }
        let size = (partitions.count - 1) / concurrentInserts + 1
        return await withTaskGroup(of: (Int, [Result<[Outcome], any Error>]).self) { group in
            for start in stride(from: 0, to: partitions.count, by: size) {
                group.addTask { (start, await insert(partitions[start..<min(start + size, partitions.count)])) }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.flatMap(\.1)
        }
    }

    private func insert(_ partitions: ArraySlice<[Decoded]>) async -> [Result<[Outcome], any Error>] {
        var events: [RawEvent] = []
        events.reserveCapacity(partitions.reduce(0) { $0 + $1.count })
        for case .event(let event) in partitions.joined() { events.append(event) }
        do {
            var verdicts = try await verdicts(on: events)[...]
            return partitions.map { .success($0.map { outcome(of: $0, &verdicts) }) }
        } catch {
            return partitions.map { _ in .failure(error) }
        }
    }

    /// The verdicts, in order. A batch that the store refuses as a whole is split until the culprit stands alone.
    private func verdicts(on events: [RawEvent]) async throws -> [InsertVerdict] {
        guard !events.isEmpty else { return [] }
        do {
            return try await store.insert(events)
        } catch let error as DatabaseError where error.code == .refusedValue {
            if events.count == 1 { return [.refused(reason: error.cause.isEmpty ? error.message : error.cause)] }
            let middle = events.count / 2
            return try await verdicts(on: Array(events[..<middle])) + verdicts(on: Array(events[middle...]))
        }
    }

    private func outcome(of decoded: Decoded, _ verdicts: inout ArraySlice<InsertVerdict>) -> Outcome {
        switch decoded {
        case .fault(let fault): .dead(fault)
        case .event: outcome(of: verdicts.removeFirst())
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
