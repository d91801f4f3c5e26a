@testable import Events

/// 2025-05-01T12:00:00Z, the clock of these tests.
let noon: Int64 = 1_746_100_800_000

/// Scans a text that is one event and nothing else.
func scan(_ text: [UInt8], now: Int64 = noon) throws(JSONSyntaxError) -> ScannedEvent {
    try text.withUnsafeBufferPointer { bytes throws(JSONSyntaxError) in
        var scanner = EventScanner(bytes, now: now)
        let event = try scanner.next()
        guard scanner.scanner.peek() == nil else { throw scanner.scanner.failure("expected the end of the text") }
        return event
    }
}

func scan(_ text: String, now: Int64 = noon) throws(JSONSyntaxError) -> ScannedEvent {
    try scan(Array(text.utf8), now: now)
}

/// An event's text: good but for the members given, which replace the usual ones.
func event(
    userID: String? = "\"u1\"", eventType: String? = "\"page_view\"", timestamp: String? = nil,
    eventID: String? = nil, metadata: String? = nil, extra: String? = nil
) -> String {
    let members = [
        eventID.map { "\"eventId\":\($0)" }, userID.map { "\"userId\":\($0)" },
        eventType.map { "\"eventType\":\($0)" }, timestamp.map { "\"timestamp\":\($0)" },
        metadata.map { "\"metadata\":\($0)" }, extra,
    ]
    return "{" + members.compactMap(\.self).joined(separator: ",") + "}"
}

/// The violation's code and field as `code field`; `nil` for a good event.
func violation(of text: String, now: Int64 = noon) throws -> String? {
    try scan(text, now: now).violation.map { "\($0.code.rawValue) \($0.field)" }
}

/// Whether a text is one JSON value and nothing else.
func isJSON(_ text: [UInt8]) -> Bool {
    text.withUnsafeBufferPointer { bytes in
        var scanner = JSONScanner(bytes)
        var facts = JSONFacts()
        return (try? scanner.skipValue(&facts)) != nil && scanner.peek() == nil
    }
}

/// The payload hash of an event with this metadata, and whether it must be rewritten for stores.
func hash(_ metadata: String) throws -> (digest: Digest128, needsRewriting: Bool) {
    try hash(ofEvent: event(metadata: metadata))
}

func hash(ofEvent text: String, hasOwnTime: Bool = true) throws -> (digest: Digest128, needsRewriting: Bool) {
    let bytes = Array(text.utf8)
    let event = try scan(bytes)
    if let violation = event.violation { throw violation }
    var hasher = PayloadHasher()
    return try bytes.withUnsafeBufferPointer { try hasher.hash(event, in: $0, hasOwnTime: hasOwnTime) }
}

/// A small generator whose sequence its seed determines: SplitMix64 (Steele, Lea, Flood: "Fast Splittable
/// Pseudorandom Number Generators", 2014).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// A new seed for each run, printed so that a failure can be repeated.
    static func announced(_ test: String = #function) -> SeededRandom {
        let seed = UInt64.random(in: 0 ... .max)
        print("\(test): seed \(seed)")
        return SeededRandom(seed: seed)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
