import Foundation
import Traffic

/// The made-up history of a directory: what it is, and whether all of it has been acknowledged.
///
/// Kept beside the data, written before the first event is sent: after a crash the very same events are sent again,
/// and those that are there count once.
struct History: Codable, Equatable {
    private static let day: Int64 = 86_400_000

    var seed: UInt64
    var users: Int
    var events: Int
    /// Milliseconds since 1970.
    var from: Int64
    var to: Int64
    var isComplete = false

    /// Whole days and the present one up to now.
    init(seed: UInt64, users: Int, events: Int, days: Int, now: Int64) {
        (self.seed, self.users, self.events) = (seed, users, events)
        (from, to) = (now / Self.day * Self.day - Int64(days - 1) * Self.day, now)
    }

    var plan: TrafficPlan {
        var plan = TrafficPlan(.history(from: from, to: to, events: events))
        (plan.seed, plan.users, plan.hasAddresses) = (seed, users, true)
        return plan
    }

    /// The history of a directory; `nil` where it has none.
    /// - Throws: where there is one that cannot be read.
    static func read(from directory: String) throws -> History? {
        let url = url(in: directory)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        return try JSONDecoder().decode(History.self, from: Data(contentsOf: url))
    }

    func write(to directory: String) throws {
        try JSONEncoder().encode(self).write(to: Self.url(in: directory), options: .atomic)
    }

    private static func url(in directory: String) -> URL {
        URL(fileURLWithPath: directory).appendingPathComponent("history.json")
    }
}
