import Foundation
import Traffic

/// Everything that a generator makes of a plan.
struct Sample {
    /// 2025-05-05, a Monday.
    static let monday: Int64 = 1_746_403_200_000
    static let day: Int64 = 86_400_000

    /// What was written, and its bytes.
    private(set) var events: [(event: TrafficEvent, bytes: ArraySlice<UInt8>)] = []
    private(set) var bytes: [UInt8] = []

    init(_ plan: TrafficPlan, limit: Int? = nil) {
        var generator = TrafficGenerator(plan, limit: limit)
        var ends: [(TrafficEvent, Int)] = []
        while let event = generator.next(into: &bytes) { ends.append((event, bytes.count)) }
        var start = 0
        for (event, end) in ends {
            events.append((event, bytes[start..<end]))
            start = end
        }
    }

    /// A history of whole days from a Monday on.
    static func history(days: Int, events: Int, seed: UInt64, users: Int = 2_000) -> TrafficPlan {
        var plan = TrafficPlan(.history(from: monday, to: monday + Int64(days) * day, events: events))
        (plan.seed, plan.users) = (seed, users)
        return plan
    }

    /// Each event once.
    var first: [(event: TrafficEvent, bytes: ArraySlice<UInt8>)] {
        events.filter { $0.event.delivery != .duplicate }
    }
}

/// What stands in an event, read by Foundation.
struct ParsedEvent {
    let id: String
    let user: String
    let type: String
    let timestamp: String
    let metadata: [String: Any]

    init(_ bytes: ArraySlice<UInt8>) throws {
        let object = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] ?? [:]
        func text(_ key: String) -> String { object[key] as? String ?? "" }
        (id, user, type, timestamp) = (text("eventId"), text("userId"), text("eventType"), text("timestamp"))
        metadata = object["metadata"] as? [String: Any] ?? [:]
    }

    func text(_ key: String) -> String? { metadata[key] as? String }
}

/// A new seed for each run, printed so that a failure can be repeated.
func announcedSeed(_ test: String = #function) -> UInt64 {
    let seed = UInt64.random(in: 0 ... .max)
    print("\(test): seed \(seed)")
    return seed
}

/// How many of each there are.
func counts<Element: Hashable>(_ elements: some Sequence<Element>) -> [Element: Int] {
    elements.reduce(into: [:]) { $0[$1, default: 0] += 1 }
}
