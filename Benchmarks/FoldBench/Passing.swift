import Aggregator
import EmbeddedStores
import Glibc
import PostgresStore
import Stores

/// Rolls events of a tenth as many users up, at least of those that `measurePasses` takes.
func fill(_ place: String, with count: Int) async throws {
    let (store, bench) = try await open(place)
    let step = 200_000
    let many = Rows(users: Int64(max(count, 1_000_000)) / 10, days: 30)
    for start in stride(from: 0, to: count, by: step) {
        _ = try await bench.merge(events(start..<min(start + step, count), of: many, after: 0))
    }
    await store.close()
}

/// Rolls new events of the next day up, and prints JSON on each pass: what it took. A process of its own, as an aggregator
/// that was started then: what filling has taken is not its.
func measurePasses(at place: String, over new: Int) async throws {
    let (store, bench) = try await open(place)
    say(#"{"open":true}"#)
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

private func open(_ place: String) async throws -> (any RollupStore, PassBench) {
    let store: any RollupStore =
        place.hasPrefix("postgres")
        ? try PostgresStore(url: place) : try EmbeddedRollupStore(path: "\(place)/rollups.db")
    try await store.provision(timeZone: "UTC")
    return (store, PassBench(store: store, cursor: try await store.withReader { try await $0.cursors().first }))
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
