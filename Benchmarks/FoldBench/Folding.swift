import Aggregator
import Stores

/// Folds events, in partitions of users as the log has them, on some threads; prints JSON.
func measureFolding(events: Int, users: Int, days: Int, threads: Int) async throws {
    let rows = Rows(users: Int64(users), days: Int64(days))
    let partitions = 24
    var held = [[StoredEvent]](repeating: [], count: partitions)
    for index in held.indices { held[index].reserveCapacity(events / partitions + events / 50) }
    // One String a user, as many as there are events refer to it: what a read gives is a String each, and longer.
    let names = (0..<Int64(users)).map(Rows.name)
    for number in 0..<Int64(events) {
        let user = rows.user(number)
        held[Int(user) % partitions].append(Rows.event(user: names[Int(user)], time: rows.time(number)))
    }
    let parts = held
    let began = ContinuousClock.now
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
    print(#"{"seconds":\#(seconds),"visitorDays":\#(counts.values.reduce(0, +)),"days":\#(counts.count)}"#)
}

/// The visitors of each day. All other rows that a pass makes are made too: by type, by 15 minutes, by week.
private func visitors(of events: [StoredEvent]) -> [PeriodNumber: Int] {
    var fold = Fold(calendar: ReportingCalendar("UTC")!)
    for event in events { fold.add(event) }
    return fold.changes().reduce(into: [:]) { counts, row in
        guard row.key.granularity == .day, row.key.dimension == allDimension else { return }
        counts[row.key.period] = row.value.users.count
    }
}
