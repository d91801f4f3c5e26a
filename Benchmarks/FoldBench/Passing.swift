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
    let bench = PassBench(store: store, users: Int64(max(stored, new)) / 10)
    let step = 200_000
    for start in stride(from: 0, to: stored, by: step) {
        let numbers = start..<min(start + step, stored)
        try await bench.merge(bench.fold(numbers, days: 0..<30), of: numbers.count)
    }
    tell(#"{"filled":\#(stored)}"#)
    // Whoever measures the server's log looks at it now, and says so.
    _ = readLine()
    // Several, since the first one reads what a running aggregator would have in memory.
    for round in 0..<6 {
        let began = ContinuousClock.now
        let fold = bench.fold(stored + round * new..<stored + (round + 1) * new, days: 30..<31)
        try await bench.merge(fold, of: new)
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        tell(#"{"seconds":\#(seconds),"rows":\#(fold.changes().count),"events":\#(new)}"#)
        _ = readLine()
    }
    await store.close()
}

/// Prints a line that whoever measures can read at once.
private func tell(_ line: String) {
    print(line)
    fflush(nil)
}

/// Folds and merges as a pass does, of events that are made where it would read them.
private final class PassBench {
    private let merger: Merger
    private let users: Int64
    private var cursor: RollupCursor?

    init(store: any RollupStore, users: Int64) {
        merger = Merger(store: store)
        self.users = users
    }

    func fold(_ numbers: Range<Int>, days: Range<Int64>) -> Fold {
        let rows = Rows(users: users, days: Int64(days.count))
        var fold = Fold(calendar: ReportingCalendar("UTC")!)
        for number in numbers.lazy.map(Int64.init) {
            let time = rows.time(number) + days.lowerBound * 86_400_000
            fold.add(Rows.event(user: Rows.name(rows.user(number)), time: time, path: "/page/\(number % 200)"))
        }
        return fold
    }

    func merge(_ fold: Fold, of count: Int) async throws {
        let next = (cursor?.nextOffset ?? 0) + Int64(count)
        let to = RollupCursor(
            partition: PartitionEpoch(epoch: 1, partition: 0), nextOffset: next, foldedStored: next)
        try await merger.merge([fold], moving: [PartitionPass(from: cursor, to: to, start: 0)])
        cursor = to
    }
}
