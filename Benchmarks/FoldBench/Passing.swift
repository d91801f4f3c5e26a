import Aggregator
import EmbeddedStores
import Glibc
import PostgresStore
import Stores

/// Rolls events up, then as many new ones of the next day, and prints JSON on each: what the pass took.
func measurePass(at place: String, stored: Int, new: Int) async throws {
    let store: any RollupStore =
        place.hasPrefix("postgres")
        ? try PostgresStore(url: place) : try EmbeddedRollupStore(path: "\(place)/rollups.db")
    try await store.provision(timeZone: "UTC")
    let bench = PassBench(store: store, cursor: try await store.withReader { try await $0.cursors().first })
    let step = 200_000
    let many = Rows(users: Int64(max(stored, new)) / 10, days: 30)
    for start in stride(from: 0, to: stored, by: step) {
        _ = try await bench.merge(events(start..<min(start + step, stored), of: many, after: 0))
    }
    say(#"{"filled":\#(stored)}"#)
    // Whoever measures the server's log looks at it now, and says so.
    _ = readLine()
    // Several, since the first one reads what a running aggregator would have in memory. Always the same events, by users
    // who are among those of before.
    let few = Rows(users: Int64(new), days: 1)
    for round in 0..<6 {
        let events = events(round * new..<(round + 1) * new, of: few, after: 30)
        let (began, spent) = (ContinuousClock.now, clock())
        let fold = try await bench.merge(events)
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        let cpu = Double(clock() - spent) / Double(CLOCKS_PER_SEC)
        say(#"{"seconds":\#(seconds),"cpu":\#(cpu),"rows":\#(fold.changes().count),"events":\#(new)}"#)
        _ = readLine()
    }
    await store.close()
}

/// Prints a line that whoever measures is waiting for: a pipe would keep it back.
private func say(_ line: String) {
    print(line)
    fflush(nil)
}

private func events(_ numbers: Range<Int>, of rows: Rows, after days: Int64) -> [StoredEvent] {
    numbers.lazy.map(Int64.init).map { number in
        Rows.event(
            user: Rows.name(rows.user(number)), time: rows.time(number) + days * 86_400_000,
            path: "/page/\(number % 200)")
    }
}

/// Folds and merges events as a pass does.
private final class PassBench {
    private let merger: Merger
    private var cursor: RollupCursor?

    /// - Parameter cursor: where those before have come; `nil` in a new store.
    init(store: any RollupStore, cursor: RollupCursor?) { (merger, self.cursor) = (Merger(store: store), cursor) }

    func merge(_ events: [StoredEvent]) async throws -> Fold {
        var fold = Fold(calendar: ReportingCalendar("UTC")!)
        fold.add(events)
        let passed = (cursor?.nextOffset ?? 0) + Int64(events.count)
        let to = RollupCursor(
            partition: PartitionEpoch(epoch: 1, partition: 0), nextOffset: passed, foldedStored: passed)
        try await merger.merge([fold], moving: [PartitionPass(from: cursor, to: to, start: 0)])
        cursor = to
        return fold
    }
}
