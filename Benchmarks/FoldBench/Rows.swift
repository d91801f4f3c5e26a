import Stores

/// Made-up events by number: the same that `rows/aggregator.py` makes in SQL.
struct Rows {
    static let start: Int64 = 1_735_689_600_000  // 2025-01-01T00:00Z

    let users: Int64
    let days: Int64

    func user(_ number: Int64) -> Int64 { Self.mixed(number) % users }

    func time(_ number: Int64) -> Int64 { Self.start + Self.mixed(number + 1_000_000_007) % (days * 86_400_000) }

    /// 62 bits without a pattern.
    private static func mixed(_ number: Int64) -> Int64 {
        let first = number * 2_654_435_761 % 4_294_967_291
        let second = (first ^ (first >> 15)) * 2_000_000_011 % 4_294_967_279
        return (second ^ (second >> 13)) * 1_073_741_789
    }

    /// An event whose user's name is as long as a UUID: it does not fit into a String itself.
    static func event(user name: String, time: Int64, path: String? = nil) -> StoredEvent {
        var dimensions = EventDimensions()
        dimensions.path = path
        return StoredEvent(
            source: "web", userID: name, eventType: "page_view", timestamp: time, offset: 0, dimensions: dimensions)
    }

    static func name(_ user: Int64) -> String {
        let digits = String(user)
        return "user-0000-0000-0000-" + String(repeating: "0", count: 16 - digits.count) + digits
    }
}
