import Aggregator
import Glibc
import Stores

/// Folds events, in partitions of users as the log has them, on some threads; prints JSON.
func measureFolding(events: Int, users: Int, days: Int, threads: Int) async throws {
    let rows = Rows(users: Int64(users), days: Int64(days))
    let partitions = 24
    var held = [[StoredEvent]](repeating: [], count: partitions)
    // Each part in turn, and a String of its own for each event: as a read brings them.
    let all = (0..<Int64(events)).map(rows.user)
    for index in held.indices {
        held[index].reserveCapacity(events / partitions + events / 50)
        for (number, user) in all.enumerated() where user % Int64(partitions) == index {
            held[index].append(Rows.event(user: Rows.name(user), time: rows.time(Int64(number))))
        }
    }
    let parts = held
    let (began, spent) = (ContinuousClock.now, clock())
    let counts = await withTaskGroup(of: [PeriodNumber: Int].self) { group in
        var next = 0
        func start() {
            guard next < partitions else { return }
            let index = next
            next += 1
            group.addTask { visitors(of: parts[index]) }
        }
        for _ in 0..<threads { start() }
        var counts: [PeriodNumber: Int] = [:]
        // Users of different partitions are different ones.
        while let part = await group.next() {
            counts.merge(part, uniquingKeysWith: +)
            start()
        }
        return counts
    }
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    let cpu = Double(clock() - spent) / Double(CLOCKS_PER_SEC)
    let visitorDays = counts.values.reduce(0, +)
    print(#"{"seconds":\#(seconds),"cpu":\#(cpu),"visitorDays":\#(visitorDays),"days":\#(counts.count)}"#)
}

/// The visitors of each day. All other rows that a pass makes are made too: by type, by 15 minutes, by week.
private func visitors(of events: [StoredEvent]) -> [PeriodNumber: Int] {
    var fold = Fold(calendar: ReportingCalendar("UTC")!)
    fold.add(events)
    return fold.changes().reduce(into: [:]) { counts, row in
        guard row.key.granularity == .day, row.key.dimension == allDimension else { return }
        counts[row.key.period] = row.value.users.count
    }
}
