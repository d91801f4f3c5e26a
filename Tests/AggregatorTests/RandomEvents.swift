import Events
import Stores

@testable import Aggregator
@testable import StoreModels

/// Time zones that are hard on days: summer time north and south, offsets that are no full hours, a skipped day.
let hardTimeZones = [
    "UTC", "America/New_York", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe",
    "America/St_Johns",
]

/// Moments around which days change their length, their year or their week.
let hardTimes: [Int64] = [
    "2025-03-09T07:00:00Z", "2025-11-02T06:00:00Z",  // New York's summer time begins and ends
    "2025-03-30T01:00:00Z", "2025-10-26T01:00:00Z",  // Berlin's
    "2025-04-05T15:00:00Z", "2025-10-04T15:30:00Z",  // Lord Howe's, by half an hour
    "2011-12-30T10:00:00Z",  // Apia leaves out a day
    "1986-01-01T00:00:00Z",  // Kathmandu moves to +05:45
    "2020-12-31T23:00:00Z", "2024-12-30T00:00:00Z", "2016-01-03T23:59:59Z", "2000-02-29T12:00:00Z",  // years and weeks
    "1970-01-03T00:00:00Z",
].compactMap { Timestamp.parse($0.utf8) }

extension SeededRandom {
    /// A time near one of the hard ones, sometimes exactly on a quarter of an hour or a millisecond beside it.
    mutating func time(near moments: [Int64] = hardTimes) -> Int64 {
        let moment =
            (moments.randomElement(using: &self) ?? 0) + Int64.random(in: -129_600_000...129_600_000, using: &self)
        switch Int.random(in: 0..<3, using: &self) {
        case 0: return max(0, moment / 900_000 * 900_000 + Int64.random(in: -1...1, using: &self))
        default: return max(0, moment)
        }
    }

    /// Events of few sources, users and types, so that all of them meet again.
    mutating func events(_ count: Int) -> [StoredEvent] {
        let moments = (0..<3).compactMap { _ in hardTimes.randomElement(using: &self) }
        let users = Int.random(in: 1...40, using: &self)
        return (0..<count).map { offset in
            StoredEvent(
                source: Bool.random(using: &self) ? "web" : "app",
                userID: user(Int.random(in: 0..<users, using: &self)),
                eventType: ["page_view", "click", "all"].randomElement(using: &self) ?? "",
                timestamp: time(near: moments), offset: Int64(offset), dimensions: dimensions())
        }
    }

    /// Events without context or metadata.
    mutating func plainEvents(_ count: Int) -> [StoredEvent] {
        events(count).map { event in
            var plain = event
            plain.dimensions = EventDimensions()
            return plain
        }
    }

    /// Few values of each dimension, or none. Two of them look the same and are not.
    private mutating func dimensions() -> EventDimensions {
        func value() -> String? { ["/", "/a", "\u{E9}", "e\u{301}", otherValue].randomElement(using: &self) }
        func perhaps() -> String? { Bool.random(using: &self) ? value() : nil }
        var dimensions = EventDimensions(metadata: [perhaps(), perhaps()])
        (dimensions.path, dimensions.referrer, dimensions.country) = (perhaps(), perhaps(), perhaps())
        (dimensions.device, dimensions.browser, dimensions.os) = (perhaps(), perhaps(), perhaps())
        (dimensions.bot, dimensions.utmSource) = (perhaps(), perhaps())
        (dimensions.utmMedium, dimensions.utmCampaign) = (perhaps(), perhaps())
        return dimensions
    }

    /// A user's name. The first two look the same and are not: one code point, or two.
    private func user(_ number: Int) -> String { number < 2 ? ["\u{E9}", "e\u{301}"][number] : "u\(number)" }

    /// Cuts events into parts, some of them empty.
    mutating func split(_ events: [StoredEvent], into count: Int) -> [[StoredEvent]] {
        var parts = [[StoredEvent]](repeating: [], count: count)
        for event in events { parts[Int.random(in: 0..<count, using: &self)].append(event) }
        return parts
    }
}

/// The dimensions of these tests: two keys of metadata beside the others.
let testDimensions = Dimensions(metadata: MetadataKeys(["plan", "level"])!)

/// Folds events.
func fold(_ events: some Sequence<StoredEvent>, timeZone: String) -> Fold {
    var fold = Fold(calendar: ReportingCalendar(timeZone)!, dimensions: testDimensions)
    for event in events { fold.add(event) }
    return fold
}
