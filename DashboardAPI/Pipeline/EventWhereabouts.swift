import Events
import Stores

/// The answer of `/api/events/{source}/{eventId}`: what became of an event.
struct EventWhereabouts: Encodable, Sendable {
    /// How far an event has come.
    enum Status: String, Encodable, Sendable {
        /// It is in the numbers.
        case folded
        /// It is stored and will be in the numbers after the next pass.
        case stored
        /// It could not be stored, and somebody has to look at it.
        case dead
        /// No store has it: it is still on its way, was never sent, or is older than what is kept.
        case unknown
    }

    struct Place: Encodable, Sendable {
        var epoch: Int32
        var partition: Int32
        var offset: Int64

        init(_ position: Position) {
            (epoch, partition, offset) = (position.epoch, position.partition, position.offset)
        }
    }

    /// The event as it is stored.
    struct Stored: Encodable, Sendable {
        var position: Place
        var eventType: String
        var timestamp: String
        var receivedAt: String
        var folded: Bool
    }

    /// A record with that id that could not be processed. A conflict is one beside the event that is stored.
    struct Letter: Encodable, Sendable {
        var position: Place
        var stage: String
        var reason: String
        var message: String
        var failedAt: String
        var state: String
    }

    /// Letters that are told of, at most.
    static let maximumLetters = 100

    var source: String
    var eventId: String
    var status: Status
    var event: Stored?
    var deadLetters: [Letter]

    /// Looks for an event in the stores.
    static func find(_ source: String, _ eventID: String, in stores: PipelineStores) async throws -> EventWhereabouts {
        let event = try await stores.raw.event(source: source, eventID: eventID)
        var filter = DeadLetterFilter()
        (filter.source, filter.eventID) = (source, eventID)
        let letters = try await stores.raw.deadLetters(matching: filter, after: nil, limit: maximumLetters)
        var stored: Stored?
        if let event {
            let cursors = try await stores.rollups.withReader { try await $0.cursors() }
            stored = Stored(event, isFolded: cursors.contains { $0.isPast(event.position) })
        }
        let status: Status =
            stored.map { $0.folded ? .folded : .stored } ?? (letters.isEmpty ? .unknown : .dead)
        return EventWhereabouts(
            source: source, eventId: eventID, status: status, event: stored, deadLetters: letters.map(Letter.init))
    }

    private enum CodingKeys: String, CodingKey { case source, eventId, status, event, deadLetters }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(source, forKey: .source)
        try members.encode(eventId, forKey: .eventId)
        try members.encode(status, forKey: .status)
        try members.encode(event, forKey: .event)
        try members.encode(deadLetters, forKey: .deadLetters)
    }
}

extension RollupCursor {
    /// Whether what is stored at a position has been folded.
    fileprivate func isPast(_ position: Position) -> Bool {
        partition == PartitionEpoch(epoch: position.epoch, partition: position.partition)
            && position.offset < nextOffset
    }
}

extension EventWhereabouts.Stored {
    init(_ event: RawEvent, isFolded: Bool) {
        position = .init(event.position)
        (eventType, folded) = (event.eventType, isFolded)
        (timestamp, receivedAt) = (Timestamp.format(event.timestamp), Timestamp.format(event.receivedAt))
    }
}

extension EventWhereabouts.Letter {
    init(_ entry: DeadLetterEntry) {
        position = .init(entry.position)
        (stage, reason, message) = (entry.stage, entry.reason, entry.message)
        (failedAt, state) = (Timestamp.format(entry.failedAt), entry.state.rawValue)
    }
}
