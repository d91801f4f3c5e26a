import Operations

/// How many events of a day have been taken. Days are those of UTC; each process counts for itself.
struct DailyQuota: Sendable, Equatable {
    /// Milliseconds of a day.
    static let day: Int64 = 86_400_000

    private var today: Int64 = .min
    private(set) var used = 0

    /// Takes what is left of the day, at most `count`; answers how many.
    /// - Parameter now: milliseconds since 1970.
    mutating func take(upTo count: Int, of quota: Int, at now: Int64) -> Int {
        // A clock that was set back begins no day anew.
        if now / Self.day > today { (today, used) = (now / Self.day, 0) }
        let taken = min(count, max(0, quota - used))
        used += taken
        return taken
    }

    /// Undoes a taking, unless another day has begun since.
    mutating func giveBack(_ count: Int, takenAt time: Int64) {
        if time / Self.day == today { used = max(0, used - count) }
    }

    /// What is left of the day.
    func left(of quota: Int, at now: Int64) -> Int {
        now / Self.day > today ? quota : max(0, quota - used)
    }

    /// Whole seconds until the next day begins.
    static func secondsLeft(at now: Int64) -> Int64 { (day - now % day + 999) / 1000 }
}

extension RateLimitFields {
    /// Tells of a day's quota.
    /// - Parameter now: milliseconds since 1970.
    mutating func add(_ quota: Int, left: Int, at now: Int64) {
        add(
            .daily, quota: Int64(quota), window: 86_400, left: left, reset: DailyQuota.secondsLeft(at: now),
            unit: "events")
    }
}
